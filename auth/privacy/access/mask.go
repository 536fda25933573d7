package access

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lyceum/auth/privacy"
	"lyceum/internal/uid"
)

// What stands where something of somebody else stood (GDPR Art. 15(4): a copy must not harm others). The same in every language: programs
// read it.
const (
	AnotherPerson  = "[another person]"
	AnotherAddress = "[another person's address]"
)

var (
	uuids     = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	addresses = regexp.MustCompile(`(?i)[\p{L}\p{N}._%+'\-]+@[\p{L}\p{N}.\-]+\.[\p{L}]{2,}`)
)

// nameMost is the longest text that may be a name, in bytes.
const nameMost = 200

// seenMost bounds what is remembered of texts that were asked about.
const seenMost = 20_000

// mask takes others out of a person's rows: their ids and, where a text is nothing else, their names; every e-mail address that is not the
// person's own; and all that an entry of a log says of somebody else. What people wrote into a sentence of their own stays.
type mask struct {
	s      *Service
	person string
	own    map[string]bool // texts that are the person's, in lower case: addresses, name, id
	others map[string]bool // what was asked about: whether it is another's
}

func newMask(s *Service, person uid.ID, own []string) *mask {
	m := &mask{s: s, person: person.String(), own: map[string]bool{person.String(): true}, others: map[string]bool{}}
	for _, text := range own {
		m.own[strings.ToLower(text)] = true
	}
	return m
}

// rows masks rows of a table in place.
func (m *mask) rows(ctx context.Context, t Table, rows []Row) error {
	for _, row := range rows {
		for column, value := range row {
			row[column] = opened(value)
		}
		if t.Topic == privacy.TopicLog && !m.about(row) {
			row["data"] = nil
		}
	}
	if err := m.learn(ctx, rows); err != nil {
		return err
	}
	for _, row := range rows {
		for column, value := range row {
			if text, ok := value.(string); ok && slices.Contains(t.Actors, column) {
				if !m.own[strings.ToLower(text)] && text != "" {
					row[column] = AnotherPerson
				}
				continue
			}
			row[column] = m.value(value)
		}
	}
	return nil
}

// opened is a text that holds JSON as what it holds.
func opened(value any) any {
	text, ok := value.(string)
	if !ok || text == "" || text[0] != '{' && text[0] != '[' {
		return value
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var inner any
	if decoder.Decode(&inner) != nil || decoder.More() {
		return value
	}
	return inner
}

// about tells whether an entry of a log is about the person, and not only of something that they did to others.
func (m *mask) about(row Row) bool {
	if row["subject_id"] == m.person {
		return true
	}
	data, _ := row["data"].(map[string]any)
	return data["person_id"] == m.person
}

// learn asks which ids and names in rows are others'.
func (m *mask) learn(ctx context.Context, rows []Row) error {
	ids, names := map[string]bool{}, map[string]bool{}
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			for _, id := range uuids.FindAllString(v, -1) {
				ids[strings.ToLower(id)] = true
			}
			if len(v) <= nameMost && strings.TrimSpace(v) != "" {
				names[strings.ToLower(v)] = true
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	for _, row := range rows {
		for _, value := range row {
			walk(value)
		}
	}
	if len(m.others) > seenMost {
		clear(m.others)
	}
	unknown := func(texts map[string]bool) []string {
		maps.DeleteFunc(texts, func(text string, _ bool) bool {
			_, known := m.others[text]
			return known || m.own[text]
		})
		return slices.Sorted(maps.Keys(texts))
	}
	person, _ := uid.Parse(m.person)
	askIDs, askNames := unknown(ids), unknown(names)
	if len(askIDs)+len(askNames) == 0 {
		return nil
	}
	found, err := m.s.Keep.OthersAmong(ctx, person, askIDs, askNames)
	if err != nil {
		return err
	}
	for _, text := range slices.Concat(askIDs, askNames) {
		m.others[text] = false
	}
	for _, text := range found {
		m.others[text] = true
	}
	return nil
}

func (m *mask) value(value any) any {
	switch v := value.(type) {
	case string:
		return m.text(v)
	case []any:
		for i, one := range v {
			v[i] = m.value(one)
		}
	case map[string]any:
		for key, one := range v {
			v[key] = m.value(one)
		}
	}
	return value
}

func (m *mask) text(text string) string {
	low := strings.ToLower(text)
	if m.own[low] {
		return text
	}
	if m.others[low] {
		return AnotherPerson
	}
	text = uuids.ReplaceAllStringFunc(text, func(id string) string {
		if m.others[strings.ToLower(id)] {
			return AnotherPerson
		}
		return id
	})
	return addresses.ReplaceAllStringFunc(text, func(address string) string {
		if m.own[strings.ToLower(address)] {
			return address
		}
		return AnotherAddress
	})
}
