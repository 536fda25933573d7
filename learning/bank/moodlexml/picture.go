package moodlexml

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"lyceum/learning/bank/format"
)

// maxPicture is the largest picture that is taken, in bytes.
const maxPicture = 8 << 20

// Files that a text names stand beside it, in base64, as <file name="a.png" path="/" encoding="base64">; the text has
// @@PLUGINFILE@@ in the place of their address.
var (
	inHTML     = regexp.MustCompile(`(?is)<img\b[^>]*?\bsrc\s*=\s*["']@@PLUGINFILE@@/([^"'?#]+)[^"']*["'][^>]*>`)
	inMarkdown = regexp.MustCompile(`!\[((?:\\.|[^\]\\])*)\]\(@@PLUGINFILE@@/([^)\s]+)\)`)
	altOf      = regexp.MustCompile(`(?is)\balt\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	pictures   = []string{".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}
)

// picture takes the first picture of a text that the file holds out of the text, and gives it to the question.
func picture(it *format.Item, n *format.Node) {
	words := n.Kid("text").Words()
	if !strings.Contains(words, "@@PLUGINFILE@@") {
		return
	}
	place, name, about := inHTML.FindStringSubmatchIndex(words), "", ""
	switch markdown := inMarkdown.FindStringSubmatchIndex(words); {
	case n.Attr["format"] == "markdown" && markdown != nil:
		place, name, about = markdown, words[markdown[4]:markdown[5]], unescaped.Replace(words[markdown[2]:markdown[3]])
	case place != nil:
		name = html.UnescapeString(words[place[2]:place[3]])
		if alt := altOf.FindStringSubmatch(words[place[0]:place[1]]); alt != nil {
			about = html.UnescapeString(alt[1] + alt[2])
		}
	default:
		return
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	at := slices.IndexFunc(n.Kids, func(k *format.Node) bool { return k.Name == "file" && k.Attr["name"] == name })
	if at < 0 || !slices.Contains(pictures, strings.ToLower(path.Ext(name))) {
		return
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Kids[at].Words()), ""))
	switch {
	case err != nil || len(data) == 0:
		it.Note("Its picture cannot be read and is left out.")
	case len(data) > maxPicture:
		it.Note("Its picture has more than 8 MB and is left out.")
	default:
		it.Image, it.Body.PictureOf = &format.Image{Name: path.Base(name), Data: data}, strings.Join(strings.Fields(about), " ")
		if it.Body.PictureOf == "" {
			it.Body.PictureOf = "Picture"
			it.Note("The picture has no alternative text. Say what it shows, for people who do not see it.")
		}
	}
	n.Kids = slices.Delete(n.Kids, at, at+1)
	n.Kid("text").Kids = []*format.Node{{Text: words[:place[0]] + words[place[1]:]}}
}

var (
	escaped   = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)
	unescaped = strings.NewReplacer(`\\`, `\`, `\[`, "[", `\]`, "]")
)

// embed gives a prompt with its picture, and the picture as a file.
func embed(it format.Item, prompt string) (text, file string) {
	if it.Image == nil {
		return prompt, ""
	}
	name := path.Base(it.Image.Name)
	return prompt + "\n\n![" + escaped.Replace(it.Body.PictureOf) + "](@@PLUGINFILE@@/" + url.PathEscape(name) + ")",
		fmt.Sprintf("<file name=\"%s\" path=\"/\" encoding=\"base64\">%s</file>", format.Escape(name), base64.StdEncoding.EncodeToString(it.Image.Data))
}
