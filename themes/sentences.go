package themes

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"lyceum/internal/fault"
)

// sentences are the domain's own sentences in another language. The domain speaks English; its faults have a code,
// the messages of fields have none and are found by their English words. In those, {1} and {2} stand for what varies.
type sentences struct {
	Faults    map[string]string `json:"faults"`
	Sentences map[string]string `json:"sentences"`
	patterns  []pattern
}

type pattern struct {
	english *regexp.Regexp
	own     string
}

func newSentences(root fs.FS, locale string) (*sentences, error) {
	names, err := messageFiles(root, "sentences."+locale)
	if err != nil {
		return nil, err
	}
	s := &sentences{Faults: map[string]string{}, Sentences: map[string]string{}}
	for _, name := range names {
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		var part sentences
		if err := json.Unmarshal(data, &part); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		maps.Copy(s.Faults, part.Faults)
		maps.Copy(s.Sentences, part.Sentences)
	}
	for _, english := range slices.Sorted(maps.Keys(s.Sentences)) {
		if !strings.Contains(english, "{1}") {
			continue
		}
		expr := regexp.QuoteMeta(english)
		for _, hole := range []string{"{1}", "{2}", "{3}"} {
			expr = strings.Replace(expr, regexp.QuoteMeta(hole), "(.+)", 1)
		}
		re, err := regexp.Compile("^" + expr + "$")
		if err != nil {
			return nil, fmt.Errorf("sentences.%s: %q: %w", locale, english, err)
		}
		s.patterns = append(s.patterns, pattern{re, s.Sentences[english]})
	}
	return s, nil
}

// translate gives the sentence in the other language; ok is false for one that is not known.
func (s *sentences) translate(english string) (own string, ok bool) {
	if own, ok = s.Sentences[english]; ok {
		return own, true
	}
	for _, p := range s.patterns {
		m := p.english.FindStringSubmatch(english)
		if m == nil {
			continue
		}
		own = p.own
		for i, part := range m[1:] {
			own = strings.ReplaceAll(own, fmt.Sprintf("{%d}", i+1), part)
		}
		return own, true
	}
	return "", false
}

// FaultText is a failure's sentence in the reader's language: English is the domain's own. In another language the
// very sentence is looked for first, since it may tell more than the code; then the code.
func (t talk) FaultText(f *fault.Fault) string {
	if f == nil {
		return ""
	}
	if t.domain != nil {
		if own, ok := t.domain.translate(f.Text); ok {
			return own
		}
		if own, ok := t.domain.Faults[f.Code]; ok {
			return own
		}
	}
	return f.Text
}

// FieldText is what is wrong with a field, "" when nothing is.
func (t talk) FieldText(f *fault.Fault, field string) string {
	if f == nil {
		return ""
	}
	return t.Sentence(f.Fields[field])
}

// Sentence translates a sentence of the domain; one that is not known stays English.
func (t talk) Sentence(english string) string {
	if t.domain != nil {
		if own, ok := t.domain.translate(english); ok {
			return own
		}
	}
	return english
}
