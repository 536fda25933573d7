// Package starter is the courses that the product comes with, for a portal to begin with: whole, published at once, and the
// portal's own from then on.
package starter

import (
	"context"
	"fmt"
	"strings"

	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/sample"
)

// Course is one on offer.
type Course struct {
	Slug, Title, Summary, Language string
	Minutes, Lessons               int
}

// Service brings them into a portal.
type Service struct {
	Catalog *catalog.Service
	Content *content.Service
}

// List lists those on offer, in a fixed order.
func List() ([]Course, error) {
	all, err := sample.Courses()
	if err != nil {
		return nil, err
	}
	out := make([]Course, len(all))
	for i, c := range all {
		out[i] = Course{Slug: c.Slug, Title: c.Title, Summary: c.Summary, Language: c.Language, Minutes: c.EstimatedMinutes}
		for _, m := range c.Modules {
			out[i].Lessons += len(m.Lessons)
		}
	}
	return out, nil
}

// Add brings a course into the portal, published, or as a draft to be changed first. One that is published already comes back
// unchanged; a draft is another one each time. sample.ErrCourseUnknown for a course that is not on offer. It needs file:upload,
// course:edit and, but for a draft, course:publish.
func (s *Service) Add(ctx context.Context, slug string, draft bool) (catalog.Outline, error) {
	all, err := sample.Courses()
	if err != nil {
		return catalog.Outline{}, err
	}
	for _, c := range all {
		if c.Slug != slug {
			continue
		}
		in, err := s.written(ctx, c)
		if err != nil {
			return catalog.Outline{}, fmt.Errorf("starter course %s: %w", slug, err)
		}
		if draft {
			return s.Catalog.ImportDraft(ctx, in)
		}
		return s.Catalog.Import(ctx, in)
	}
	return catalog.Outline{}, sample.ErrCourseUnknown
}

// uploads are a course's files that are in the portal by now.
type uploads struct {
	content *content.Service
	files   map[string]uid.ID
}

func (u uploads) put(ctx context.Context, asset sample.Asset) (*uid.ID, error) {
	if id, ok := u.files[asset.Name]; ok {
		return &id, nil
	}
	f, err := u.content.Put(ctx, asset.Name, asset.Data)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", asset.Name, err)
	}
	u.files[asset.Name] = f.ID
	return &f.ID, nil
}

// written uploads a course's files and names them in its lessons.
func (s *Service) written(ctx context.Context, c sample.Course) (in catalog.ImportCourse, err error) {
	u := uploads{s.Content, map[string]uid.ID{}}
	in.CourseInput = catalog.CourseInput{
		Title: c.Title, Slug: c.Slug, Summary: c.Summary, Language: c.Language, EstimatedMinutes: c.EstimatedMinutes, SelfEnrol: true,
	}
	if in.CoverFileID, err = u.put(ctx, c.Cover); err != nil {
		return in, err
	}
	for _, m := range c.Modules {
		module := catalog.ImportModule{Title: m.Title}
		for _, l := range m.Lessons {
			lesson, err := u.lesson(ctx, c, l)
			if err != nil {
				return in, err
			}
			module.Lessons = append(module.Lessons, lesson)
		}
		in.Modules = append(in.Modules, module)
	}
	return in, nil
}

func (u uploads) lesson(ctx context.Context, c sample.Course, l sample.Lesson) (in catalog.LessonInput, err error) {
	in = catalog.LessonInput{Kind: catalog.LessonKind(l.Kind), Title: l.Title, Minutes: l.Minutes, Body: l.Body, PassPercent: l.PassPercent}
	for _, picture := range markdown.Images(l.Body) {
		name := strings.TrimPrefix(picture.Dest, "asset:")
		asset, ok := c.Asset(name)
		if !ok {
			return in, fmt.Errorf("lesson %s: no picture %s", l.Slug, name)
		}
		id, err := u.put(ctx, asset)
		if err != nil {
			return in, err
		}
		in.Body = strings.ReplaceAll(in.Body, "(asset:"+name+")", "(file:"+id.String()+")")
	}
	if l.File != nil {
		if in.FileID, err = u.put(ctx, *l.File); err != nil {
			return in, err
		}
	}
	if l.Captions != nil {
		if in.CaptionsFileID, err = u.put(ctx, *l.Captions); err != nil {
			return in, err
		}
	}
	for _, q := range l.Questions {
		question := catalog.Question{ID: uid.New(), Prompt: q.Prompt, Explanation: q.Explanation}
		for _, o := range q.Options {
			question.Options = append(question.Options, catalog.Option{ID: uid.New(), Text: o.Text, Correct: o.Correct})
		}
		in.Questions = append(in.Questions, question)
	}
	return in, nil
}
