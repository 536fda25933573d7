package scim_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth/scim"
)

var update = flag.Bool("update", false, "write the transcripts' answers anew")

// TestTranscripts plays what Entra ID and Okta are documented to send, and what each mode takes beyond the standard,
// request after request, and compares every answer. A transcript is testdata/transcripts/<mode>.txt: each exchange begins
// with "=== ", then the request, then "--- " with the status and the answer. {id1} stands for the first id that was
// made, and so on. To renew the answers, look at the difference and run: go test ./auth/scim -run Transcripts -update.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	for _, mode := range scim.Modes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", "transcripts", string(mode)+".txt")
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, mode, string(want))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

var anID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// ids names the ids of a play.
type ids struct{ names map[string]string }

// hide puts names for ids; one that is new gets the next name.
func (n *ids) hide(text string) string {
	return anID.ReplaceAllStringFunc(text, func(id string) string {
		if n.names[id] == "" {
			n.names[id] = fmt.Sprintf("{id%d}", len(n.names)+1)
		}
		return n.names[id]
	})
}

// show puts ids for names.
func (n *ids) show(text string) string {
	for id, name := range n.names {
		text = strings.ReplaceAll(text, name, id)
	}
	return text
}

func play(t *testing.T, mode scim.Mode, script string) string {
	s := setup(t, mode)
	known := &ids{names: map[string]string{}}
	var out strings.Builder
	for i, exchange := range strings.Split(script, "=== ") {
		if i == 0 {
			out.WriteString(exchange)
			continue
		}
		asked, _, _ := strings.Cut(exchange, "\n--- ")
		asked = strings.TrimRight(asked, "\n")
		title, request, _ := strings.Cut(asked, "\n")
		line, body, _ := strings.Cut(request, "\n")
		method, path, ok := strings.Cut(line, " ")
		if !ok {
			t.Fatalf("%s: no request in %q", title, line)
		}
		a := s.ask(method, known.show(path), known.show(body))
		fmt.Fprintf(&out, "=== %s\n--- %d\n", asked, a.Status)
		if len(a.Body) > 0 {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, a.Body, "", "  "); err != nil {
				t.Fatal(err)
			}
			out.WriteString(known.hide(pretty.String()) + "\n")
		}
		for _, note := range a.Outcome.Notes {
			out.WriteString("note: " + known.hide(note) + "\n")
		}
		out.WriteString("\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
