package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Words are folded the same way where they are kept and where they are asked for: small letters without accents, ligatures
// taken apart. Scripts that are written without spaces become pairs of characters, so that any two neighbours are found.

// wordMax bounds one word, in bytes: longer ones are cut (PostgreSQL takes 2,046).
const wordMax = 120

// token is a word of a text, folded, and where it stands in it.
type token struct {
	word     string
	other    string // the way Germans and Danes write it without the letter: ae for ä; "" where that is the same
	dense    bool   // of a script without spaces: one or two characters
	from, to int    // bytes of the text
}

// dense tells a character of a script that is written without spaces.
func dense(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// tokens takes a text apart.
func tokens(text string) (out []token) {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !inWord(r) {
			i += n
			continue
		}
		from, packed := i, dense(r)
		for i < len(text) {
			r, n = utf8.DecodeRuneInString(text[i:])
			if !inWord(r) || dense(r) != packed && !unicode.IsMark(r) {
				break
			}
			i += n
		}
		if packed {
			out = append(out, pairs(text[from:i], from)...)
			continue
		}
		t := token{from: from, to: i}
		t.word, t.other = fold(text[from:i])
		if t.word != "" {
			out = append(out, t)
		}
	}
	return out
}

// pairs gives every two neighbours of a run, and the last character alone, so that each is found by itself too.
func pairs(run string, at int) (out []token) {
	var starts []int
	for i, r := range run {
		if !unicode.IsMark(r) {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(run))
	for i := 0; i+1 < len(starts); i++ {
		end := starts[min(i+2, len(starts)-1)]
		word := strings.ToLower(norm.NFKC.String(run[starts[i]:end]))
		out = append(out, token{word: word, dense: true, from: at + starts[i], to: at + end})
	}
	return out
}

var taken = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ı", "i")

var spelled = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")

// fold gives a word without accents, and as it is spelled where the letters are missing.
func fold(word string) (plain, other string) {
	word = strings.ToLower(norm.NFKC.String(word))
	plain = bare(word)
	if other = bare(spelled.Replace(word)); other == plain {
		other = ""
	}
	return plain, other
}

func bare(word string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(taken.Replace(word)) {
		if unicode.Is(unicode.Mn, r) && r < 0x0900 { // accents of Latin, Greek, Cyrillic, Hebrew, Arabic; vowels elsewhere stay
			continue
		}
		if b.Len()+utf8.RuneLen(r) > wordMax {
			break
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// Language gives PostgreSQL's text search configuration of a language, "simple" where it has none.
func Language(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if c, ok := configurations[base]; ok {
		return c
	}
	return "simple"
}

// configurations are those of PostgreSQL 15 and later.
var configurations = map[string]string{
	"ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french",
	"de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali",
	"nb": "norwegian", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish",
	"sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}

// Dictionaries gives the languages that PostgreSQL stems, and of each the dictionary.
func Dictionaries() (languages, dictionaries []string) {
	for language, configuration := range configurations {
		languages, dictionaries = append(languages, language), append(dictionaries, configuration+"_stem")
	}
	return languages, dictionaries
}
