package catalog

import (
	"context"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
)

// frozen keeps the lessons' heads and texts of published versions: they never change, and every look at a course's page
// reads them. Of a course of 500 lessons they are about 200 kB.
type frozen struct {
	heads *recall.Cache[uid.ID, []Lesson]
	texts *recall.Cache[frozenText, []Text]
}

type frozenText struct {
	version  uid.ID
	language string
}

const (
	frozenKept = 128
	frozenFor  = time.Hour
)

func freeze(now clock.Clock) frozen {
	return frozen{recall.New[uid.ID, []Lesson](frozenKept, frozenFor, now), recall.New[frozenText, []Text](frozenKept, frozenFor, now)}
}

// whole completes the head of a published version: its lessons, in the language that who asks reads best.
func (f frozen) whole(ctx context.Context, keep Keeper, o Outline) (_ Outline, err error) {
	heads, ok := f.heads.Peek(o.Version.ID)
	if !ok {
		if heads, err = keep.LessonHeads(ctx, o.Version.ID); err != nil {
			return o, err
		}
		f.heads.Put(o.Version.ID, heads)
	}
	o = o.With(heads)
	language := Choose(o.Languages, LanguagesFrom(ctx))
	if language == "" || language == o.Version.Language {
		return o, nil
	}
	at := frozenText{o.Version.ID, language}
	texts, ok := f.texts.Peek(at)
	if !ok {
		if texts, err = keep.TextHeads(ctx, o.Version.ID, language); err != nil {
			return o, err
		}
		f.texts.Put(at, texts)
	}
	return Localise(o, texts, language), nil
}
