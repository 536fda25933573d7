package calendar

import (
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Look is how a feed is written.
type Look struct {
	Name   string            // of the calendar, as programs show it
	Domain string            // behind the @ of every UID: the portal's host
	URL    string            // of the portal, without a slash at its end
	Titles func(Item) string // what an item is called; nil is its title
	Link   string            // before an item's address in the description, such as "Open the course:"
}

// refresh is how often programs are asked to read a feed again (RFC 7986 §5.7).
const refresh = "PT1H"

// ICal writes items as iCalendar (RFC 5545): lines of at most 75 octets ended by CRLF (§3.1), moments in UTC, days as
// DATE values, which need no time zone (§3.3.4, §3.6.1). The same items give the same bytes. place is where days are.
func ICal(list []Item, look Look, place *time.Location) []byte {
	c := ics.NewCalendarFor("Lyceum")
	c.SetProductId("-//Lyceum//Learning calendar//EN")
	c.SetCalscale("GREGORIAN")
	c.SetName(plain(look.Name))
	c.SetXWRCalName(plain(look.Name))
	c.SetRefreshInterval(refresh, ics.WithValue("DURATION"))
	c.SetXPublishedTTL(refresh)
	for _, item := range list {
		write(c.AddEvent(item.UID+"@"+look.Domain), item, look, place)
	}
	var b strings.Builder
	_ = c.SerializeTo(&b, ics.WithNewLine("\r\n")) // a Builder takes everything
	return []byte(b.String())
}

func write(e *ics.VEvent, item Item, look Look, place *time.Location) {
	title := item.Title
	if look.Titles != nil {
		title = look.Titles(item)
	}
	e.SetDtStampTime(item.Changed.UTC())
	e.SetSummary(plain(title))
	if item.AllDay {
		day := item.Begins.In(place)
		e.SetProperty(ics.ComponentPropertyDtStart, day.Format("20060102"), ics.WithValue("DATE"))
		e.SetProperty(ics.ComponentPropertyDtEnd, day.AddDate(0, 0, 1).Format("20060102"), ics.WithValue("DATE")) // the end is not part of it
		e.SetTimeTransparency(ics.TransparencyTransparent)                                                        // a due date makes nobody busy
	} else {
		e.SetStartAt(item.Begins.UTC())
		e.SetEndAt(item.Ends.UTC())
	}
	if item.Path != "" {
		e.SetURL(look.URL + item.Path)
		e.SetDescription(plain(strings.TrimSpace(look.Link + " " + look.URL + item.Path)))
	}
}

// plain drops what no line of a calendar may hold (§3.3.11: controls); a title is one line.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
