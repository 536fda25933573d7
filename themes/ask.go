package themes

import (
	"fmt"
	"html/template"
)

// Ask is a button with a question behind it, before something that hurts. Drawn by parts/ask.html.
type Ask struct {
	ID, Action, Name          string
	Trigger, Text, Do, Cancel string
	Class                     string
	Icon                      template.HTML
	Bare                      bool // only the icon is seen
	CSRF                      template.HTML
	Revision                  int // below 0 none is sent
}

var askLooks = map[string]struct {
	class, icon string
	bare        bool
}{
	"delete_module":    {"button only", "trash", true},
	"delete_lesson":    {"button only", "trash", true},
	"archive":          {"button", "archive", false},
	"delete_category":  {"button only", "trash", true},
	"delete_skill":     {"button only", "trash", true},
	"delete_design":    {"button only", "trash", true},
	"discard_draft":    {"button", "trash", false},
	"begin_from":       {"button small", "", false},
	"remove_language":  {"button small quiet bad", "", false},
	"archive_path":     {"button", "archive", false},
	"delete_section":   {"button only", "trash", true},
	"off_path":         {"button small quiet bad", "", false},
	"withdraw":         {"button small quiet bad", "", false},
	"again":            {"button small quiet", "", false},
	"deactivate":       {"button", "", false},
	"revoke_key":       {"button small quiet bad", "", false},
	"remove_factor":    {"button small quiet bad", "", false},
	"reset_factors":    {"button", "", false},
	"unlink":           {"button small quiet bad", "", false},
	"delete_group":     {"button", "trash", false},
	"remove_member":    {"button small quiet bad", "", false},
	"stop_intake":      {"button small quiet bad", "", false},
	"delete_role":      {"button", "trash", false},
	"remove_domain":    {"button", "trash", false},
	"remove_address":   {"button", "trash", false},
	"revoke_link":      {"button small quiet bad", "", false},
	"switch_key":       {"button", "", false},
	"end_emergency":    {"button danger", "", false},
	"revoke_token":     {"button small quiet bad", "", false},
	"delete_directory": {"button", "trash", false},
	"replay_request":   {"button", "", false},
	"remove_file":      {"button small quiet bad", "", false},
	"confirm_held":     {"button danger", "", false},
	"publish_plan":     {"button primary", "", false},
	"discard_plan":     {"button", "trash", false},
	"retire_plan":      {"button", "", false},
	"archive_plan":     {"button", "archive", false},
	"stop_migration":   {"button", "", false},
	"end_banner":       {"button danger", "", false},
	"end_window":       {"button danger", "", false},

	"revoke_operator_key": {"button small quiet bad", "", false},
}

// Ask makes a question of a kind; its words are the messages ask.<kind>, ask.<kind>_text and ask.<kind>_do, which may
// use .Name.
func (c *Chrome) Ask(kind, action, name string, revision int) (Ask, error) {
	look, ok := askLooks[kind]
	if !ok {
		return Ask{}, fmt.Errorf("no question %q", kind)
	}
	a := Ask{
		ID: "ask" + fieldID(action), Action: action, Name: name, Class: look.class, Bare: look.bare,
		CSRF: c.CSRF(), Revision: revision,
	}
	var err error
	for key, into := range map[string]*string{"ask." + kind: &a.Trigger, "ask." + kind + "_text": &a.Text, "ask." + kind + "_do": &a.Do} {
		if *into, err = c.T(key, "Name", name); err != nil {
			return a, err
		}
	}
	if look.icon != "" {
		if a.Icon, err = c.Icon(look.icon); err != nil {
			return a, err
		}
	}
	a.Cancel, err = c.T("do.cancel")
	return a, err
}
