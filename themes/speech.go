package themes

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Locales are the languages that the product speaks, the fallback first.
func Locales() []string { return []string{"en", "de"} }

// PickLocale chooses one of Locales: the person's own wish (BCP 47, "" for none), else the best for an
// Accept-Language header, else English.
func PickLocale(person, acceptLanguage string) string {
	for _, wish := range []string{person, acceptLanguage} {
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, sure := matcher.Match(tags...); sure > language.No {
			return Locales()[i]
		}
	}
	return Locales()[0]
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.German})

// speech is all messages in all languages.
type speech struct {
	tongues map[string]*tongue
}

// tongue is one language. Most messages have neither plural nor value and are found in plain, without a template.
type tongue struct {
	locale    string
	localizer *i18n.Localizer
	plain     map[string]string
	keys      map[string]bool
	domain    *sentences // nil in English, which the domain speaks itself
}

func newSpeech(root fs.FS) (*speech, error) {
	bundle := i18n.NewBundle(language.English)
	s := &speech{tongues: map[string]*tongue{}}
	for _, locale := range Locales() {
		names, err := messageFiles(root, locale)
		if err != nil {
			return nil, err
		}
		t := &tongue{locale: locale, plain: map[string]string{}, keys: map[string]bool{}}
		for _, name := range names {
			if err := t.read(root, bundle, name); err != nil {
				return nil, err
			}
		}
		if locale != Locales()[0] {
			if t.domain, err = newSentences(root, locale); err != nil {
				return nil, err
			}
		}
		s.tongues[locale] = t
	}
	for locale, t := range s.tongues {
		t.localizer = i18n.NewLocalizer(bundle, locale)
	}
	return s, nil
}

// messageFiles lists the files of a name: "messages/de.json" and, for an area of the product, "messages/de.<area>.json".
func messageFiles(root fs.FS, stem string) ([]string, error) {
	names, err := fs.Glob(root, "messages/"+stem+".json")
	if err != nil {
		return nil, err
	}
	areas, err := fs.Glob(root, "messages/"+stem+".*.json")
	return append(names, areas...), err
}

// read takes up the messages of one file; none may stand in two.
func (t *tongue) read(root fs.FS, bundle *i18n.Bundle, name string) error {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	file, err := bundle.ParseMessageFileBytes(data, t.locale+".json")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, m := range file.Messages {
		if t.keys[m.ID] {
			return fmt.Errorf("%s: the message %s stands in two files", name, m.ID)
		}
		t.keys[m.ID] = true
		if m.One == "" && !strings.Contains(m.Other, "{{") {
			t.plain[m.ID] = m.Other
		}
	}
	return nil
}

// talk is a language, a zone and a moment together: what a page or a mail needs to speak to someone.
type talk struct {
	*tongue
	zone   *time.Location
	now    time.Time
	strict bool
}

func (s *Set) talk(locale, zone string, now time.Time) talk {
	t := s.speech.tongues[locale]
	if t == nil {
		t = s.speech.tongues[Locales()[0]]
	}
	return talk{tongue: t, zone: s.zone(zone), now: now, strict: s.dev}
}

// Lang is the page's language as BCP 47.
func (t talk) Lang() string { return t.locale }

func (t talk) has(key string) bool { return t.keys[key] }

// T gives the message of a key. The arguments after it are names and values that the message uses.
func (t talk) T(key string, pairs ...any) (string, error) {
	if text, ok := t.plain[key]; ok {
		return text, nil
	}
	return t.say(key, nil, pairs)
}

// N gives the message of a key in the plural form of a count (CLDR); the message may use .Count beside the pairs.
func (t talk) N(key string, count int, pairs ...any) (string, error) {
	return t.say(key, count, append([]any{"Count", t.Number(count)}, pairs...))
}

func (t talk) say(key string, count any, pairs []any) (string, error) {
	data := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return "", fmt.Errorf("message %q: argument %d is not a name", key, i)
		}
		data[name] = pairs[i+1]
	}
	text, err := t.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count}) //nolint:misspell // the library names it so
	switch {
	case err != nil && t.strict:
		return "", err
	case text == "":
		return key, nil
	}
	return text, nil
}

// Named gives the message "<group>.<code>" where there is one, else the code: for roles, event types and other codes
// that may grow without this package.
func (t talk) Named(group string, code any) (string, error) {
	c := fmt.Sprint(code)
	if key := group + "." + c; t.has(key) {
		return t.T(key)
	}
	return c, nil
}
