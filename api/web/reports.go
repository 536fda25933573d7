package web

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// embed tells whether the lesson's page may show the site of an embed; then this page, and no other, may frame it.
func (l Learn) embed(c *fiber.Ctx, lesson catalog.Lesson) (bool, error) {
	host := catalog.EmbedHost(lesson.URL)
	if lesson.Kind != catalog.LessonEmbed || host == "" {
		return false, nil
	}
	allowed, err := l.Catalog.EmbedHosts(c.UserContext())
	if err != nil || !slices.Contains(allowed, host) {
		return false, err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, policyWith("frame-src 'self' https://"+host))
	return true, nil
}

// report is what the player tells of a few seconds; seen is in seconds ago.
type report struct {
	ID       uid.ID              `json:"id"`
	Position *float64            `json:"position"`
	Played   enrolment.Intervals `json:"played"`
	Seen     enrolment.Intervals `json:"seen"`
}

// readReports reads reports as JSON, or from the form that a leaving page sends.
func readReports(c *fiber.Ctx) (in enrolment.ReportInput, err error) {
	var sent struct {
		Enrolment uid.ID   `json:"enrolment"`
		Reports   []report `json:"reports"`
	}
	if strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationJSON) {
		err = json.Unmarshal(c.Request().Body(), &sent)
	} else {
		f, unread := readForm(c)
		if unread != nil {
			return in, unread
		}
		err = json.Unmarshal([]byte(f.get("reports")), &sent.Reports)
		sent.Enrolment, _ = uid.Parse(f.get("enrolment"))
	}
	if err != nil {
		return in, problem.ErrBadRequest.Because(err)
	}
	in.Enrolment = sent.Enrolment
	for _, r := range sent.Reports {
		in.Reports = append(in.Reports, enrolment.Report{ID: r.ID, Position: r.Position, Played: r.Played, Seen: r.Seen})
	}
	return in, nil
}

// Report takes what the player tells of a lesson. It opens nothing: the page that reports was opened.
func (l Learn) Report(c *fiber.Ctx) error {
	in, err := readReports(c)
	if err != nil {
		return err
	}
	if in.Lesson, err = id(c, "lesson"); err != nil {
		return err
	}
	p, rules, err := l.Enrolment.Report(c.UserContext(), in)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Percent   int     `json:"percent"`
		Left      int     `json:"left"`
		Completed bool    `json:"completed"`
		Position  float64 `json:"position"`
	}{p.WatchedPercent(rules), p.Left(rules), p.Status == enrolment.ProgressCompleted, p.Position})
}
