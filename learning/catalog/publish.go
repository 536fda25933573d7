package catalog

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
)

// Publish makes the draft the version that people enrol in, and an archived course open again. Who has started stays
// on their version; who has not moves to the new one. It needs course:publish, tells of it as course.published, fails with
// ErrReviewNeeded where the portal requires a review and this revision was not approved, and with ErrNothingToTeach when something is missing: its fields are named lessons.<lesson id>.<field>,
// modules.<module id>.lessons or lessons.
func (s *Service) Publish(ctx context.Context, course uid.ID, revision int) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CoursePublish); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.take(ctx, course, revision)
		if err != nil {
			return err
		}
		d, err := s.ready(ctx, c)
		if err != nil {
			return err
		}
		if err = s.reviewed(ctx, c, revision); err != nil {
			return err
		}
		out, err = s.publish(ctx, d)
		return err
	})
	return out, err
}

// Check tells what Publish would say of the course as it is now, and changes nothing: nil, ErrNothingToTeach with the
// same fields, ErrNothingNew, or ErrReviewNeeded. It needs course:publish.
func (s *Service) Check(ctx context.Context, course uid.ID) error {
	if err := auth.Require(ctx, policy.CoursePublish); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		if _, err = s.ready(ctx, c); err != nil {
			return err
		}
		return s.reviewed(ctx, c, c.Revision)
	})
}

// ready gives the draft of a course if it may be published.
func (s *Service) ready(ctx context.Context, c Course) (Outline, error) {
	if c.DraftID == nil {
		return Outline{}, ErrNothingNew
	}
	d, err := s.outline(ctx, c, *c.DraftID, s.keep.LessonsOf)
	if err != nil {
		return Outline{}, err
	}
	f := fault.Fields{}
	if err = s.checkTeachable(ctx, f, d, byID(d)); err != nil {
		return Outline{}, err
	}
	if err = s.checkTranslations(ctx, f, d); err != nil {
		return Outline{}, err
	}
	if len(f) > 0 {
		return Outline{}, incomplete(f)
	}
	return d, nil
}

// incomplete is ErrNothingToTeach with what is missing.
func incomplete(f fault.Fields) error {
	missing := *ErrNothingToTeach
	missing.Fields = f
	return &missing
}

// publish switches a held course to its draft, moves those who have not started, and tells of it.
func (s *Service) publish(ctx context.Context, d Outline) (Outline, error) {
	now := s.now()
	d.Version.PublishedAt, d.Version.PublishedBy = &now, asker(ctx)
	if d.Version.EstimatedMinutes == 0 {
		minutes, err := s.estimate(ctx, d.Lessons())
		if err != nil {
			return Outline{}, err
		}
		d.Version.EstimatedMinutes = minutes
	}
	if err := s.keep.UpdateVersion(ctx, d.Version); err != nil {
		return Outline{}, err
	}
	version := d.Version.ID
	d.Course.DraftID, d.Course.PublishedID, d.Course.Status = nil, &version, StatusPublished
	d.Course.unreviewed()
	if err := s.keep.UpdateCourseRow(ctx, d.Course); err != nil {
		return Outline{}, err
	}
	moved, err := s.keep.MoveUnstarted(ctx, d.Course.ID, version)
	if err != nil {
		return Outline{}, err
	}
	return d, s.tell(ctx, "course.published", d.Course, map[string]any{
		"version": d.Version.Number, "version_id": version, "slug": d.Course.Slug, "title": d.Version.Title, "moved": moved,
	})
}

// readingPace is how many words of a text a person reads in a minute.
const readingPace = 200

// estimate is how long lessons take, in minutes: what their authors say, else a video's duration, a text's words at
// readingPace, a minute for each question of a quiz.
func (s *Service) estimate(ctx context.Context, lessons []Lesson) (minutes int, err error) {
	var videos []uid.ID
	for _, l := range lessons {
		if l.Minutes == 0 && l.Kind == LessonVideo && l.FileID != nil {
			videos = append(videos, *l.FileID)
		}
	}
	known, err := s.filesByID(ctx, videos)
	if err != nil {
		return 0, err
	}
	for _, l := range lessons {
		switch {
		case l.Minutes > 0:
			minutes += l.Minutes
		case l.Kind == LessonVideo && l.FileID != nil:
			minutes += int(math.Ceil(known[*l.FileID].Seconds / 60))
		case l.Kind == LessonQuiz:
			minutes += len(l.Questions)
		case l.Kind == LessonText:
			minutes += (markdown.Words(l.Body) + readingPace - 1) / readingPace
		}
	}
	return min(minutes, MaxMinutes), nil
}

// Archive closes a course for those who are not in it; those in it go on. It needs course:publish, tells of it as
// course.archived, and changes nothing when the course is archived already.
func (s *Service) Archive(ctx context.Context, course uid.ID) error {
	return s.shelve(ctx, course, true)
}

// Restore opens an archived course again: published, or a draft when it never was. It needs course:publish, tells of
// it as course.restored, and changes nothing when the course is not archived.
func (s *Service) Restore(ctx context.Context, course uid.ID) error {
	return s.shelve(ctx, course, false)
}

func (s *Service) shelve(ctx context.Context, course uid.ID, away bool) error {
	if err := auth.Require(ctx, policy.CoursePublish); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.LockCourse(ctx, course)
		if err != nil {
			return err
		}
		if (c.Status == StatusArchived) == away {
			return nil
		}
		happened := "course.archived"
		switch {
		case away:
			c.Status = StatusArchived
		case c.PublishedID != nil:
			c.Status, happened = StatusPublished, "course.restored"
		default:
			c.Status, happened = StatusDraft, "course.restored"
		}
		c.UpdatedAt = s.now()
		if err = s.keep.UpdateCourseRow(ctx, c); err != nil {
			return err
		}
		return s.tell(ctx, happened, c, map[string]any{"slug": c.Slug})
	})
}

// naming gives the fields of an outline's parts their names.
type naming struct {
	lesson func(module, lesson int) string // ends in a dot
	module func(module int) string         // ends in a dot
}

func byID(o Outline) naming {
	return naming{
		lesson: func(m, l int) string { return "lessons." + o.Modules[m].Lessons[l].ID.String() + "." },
		module: func(m int) string { return "modules." + o.Modules[m].ID.String() + "." },
	}
}

func byPlace() naming {
	return naming{
		lesson: func(m, l int) string { return fmt.Sprintf("modules.%d.lessons.%d.", m, l) },
		module: func(m int) string { return fmt.Sprintf("modules.%d.", m) },
	}
}

// checkTeachable notes everything that keeps a version from being learned from.
func (s *Service) checkTeachable(ctx context.Context, f fault.Fields, o Outline, name naming) error {
	var pictures []uid.ID
	for _, l := range o.Lessons() {
		for _, p := range markdown.Images(l.Body) {
			if id, ok := PictureFile(p.Dest); ok {
				pictures = append(pictures, id)
			}
		}
	}
	known, err := s.filesByID(ctx, pictures)
	if err != nil {
		return err
	}
	f.Check(len(o.Lessons()) > 0, "lessons", "Add at least one lesson.")
	all := map[string]LessonInput{}
	for i, m := range o.Modules {
		if len(m.Lessons) == 0 && len(o.Lessons()) > 0 {
			f.Add(name.module(i)+"lessons", fmt.Sprintf("Module “%s” has no lessons. Add one, or delete the module.", m.Title))
		}
		for j, l := range m.Lessons {
			l.checkTeachable(f, name.lesson(i, j))
			l.checkPictures(f, name.lesson(i, j), known)
			all[name.lesson(i, j)] = l.asInput()
			if l.Kind != LessonTest {
				continue
			}
			written, err := s.keep.HasTest(ctx, l.ID)
			if err != nil {
				return err
			}
			f.Check(written, name.lesson(i, j)+"test", fmt.Sprintf("Lesson “%s” has no questions yet. Write its test.", l.Title))
		}
	}
	return s.checkMeetable(ctx, f, all)
}

func (l Lesson) checkTeachable(f fault.Fields, prefix string) {
	at := fmt.Sprintf("Lesson “%s”", l.Title)
	switch l.Kind {
	case LessonText:
		f.Check(l.Body != "", prefix+"body", at+" has no text yet.")
	case LessonVideo:
		f.Check(l.FileID != nil, prefix+"file_id", at+" has no video yet.")
	case LessonAudio:
		f.Check(l.FileID != nil, prefix+"file_id", at+" has no recording yet.")
	case LessonPDF, LessonFile:
		f.Check(l.FileID != nil, prefix+"file_id", at+" has no document yet.")
	case LessonEmbed, LessonLink:
		f.Check(l.URL != "", prefix+"url", at+" has no address yet.")
	case LessonSubmission:
		f.Check(l.Body != "", prefix+"body", at+" does not say yet what to hand in.")
	case LessonQuiz:
		f.Check(len(l.Questions) > 0, prefix+"questions", at+" has no questions yet.")
		for i, q := range l.Questions {
			right, wrong := 0, 0
			for _, o := range q.Options {
				if o.Correct {
					right++
				} else {
					wrong++
				}
			}
			field := fmt.Sprintf("%squestions.%d.options", prefix, i)
			f.Check(right > 0, field, fmt.Sprintf("%s, question %d: mark at least one answer as right.", at, i+1))
			f.Check(wrong > 0, field, fmt.Sprintf("%s, question %d: offer at least one wrong answer.", at, i+1))
		}
	}
}

// checkPictures wants each picture of a body to be an uploaded one with an alternative text (WCAG 2.2 SC 1.1.1).
func (l Lesson) checkPictures(f fault.Fields, prefix string, known map[uid.ID]FileInfo) {
	for i, p := range markdown.Images(l.Body) {
		at := fmt.Sprintf("Lesson “%s”, picture %d", l.Title, i+1)
		id, ok := PictureFile(p.Dest)
		switch {
		case !ok:
			f.Add(prefix+"body", at+" is not from this portal. Upload it and insert it from there.")
		case known[id].Kind != "picture":
			f.Add(prefix+"body", at+" is not here any more. Upload it again.")
		case strings.TrimSpace(p.Alt) == "" && !p.Decorative:
			f.Add(prefix+"body", at+" needs an alternative text: what it shows, between the square brackets of its "+strconv.Quote("![]")+".")
		}
	}
}

// CheckAlternatives notes the first picture of a text that says neither what it shows nor that it is decoration, by its
// line.
func CheckAlternatives(f fault.Fields, body string) {
	for _, p := range markdown.Images(body) {
		if strings.TrimSpace(p.Alt) == "" && !p.Decorative {
			f.Add("body", fmt.Sprintf("Line %d: this picture needs an alternative text, between its square brackets: what it shows. If it only decorates, write \"decorative\" in quotation marks behind its address.", p.Line))
			return
		}
	}
}

// PictureFile reads the file that a picture in a lesson's body names: ![alt](file:ID).
func PictureFile(destination string) (uid.ID, bool) {
	name, ok := strings.CutPrefix(destination, "file:")
	if !ok {
		return uid.Nil, false
	}
	return uid.Parse(name)
}
