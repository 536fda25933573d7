package themes

import (
	"html/template"
	"slices"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Messages shown once.
const (
	FlashCategoryAdded   FlashKey = "category_added"   // Name: the category
	FlashCategoryDeleted FlashKey = "category_deleted" // Name: the category
	FlashSkillAdded      FlashKey = "skill_added"      // Name: the skill
	FlashSkillDeleted    FlashKey = "skill_deleted"
	FlashCourseCopied    FlashKey = "course_copied" // Name: the copy
	FlashReviewAsked     FlashKey = "review_asked"
	FlashCourseApproved  FlashKey = "course_approved"
	FlashCourseReturned  FlashKey = "course_returned"
	FlashDraftBegun      FlashKey = "draft_begun"
	FlashDraftDiscarded  FlashKey = "draft_discarded"
	FlashLanguageAdded   FlashKey = "language_added"
	FlashLanguageRemoved FlashKey = "language_removed"
)

// CatalogueSettingsPage is GET /settings/catalogue?after=. It posts review_required to its own address; name, parent to
// …/categories; name to …/categories/:category; parent, position to …/categories/:category/move; …/categories/:category/delete;
// name, description to …/skills and …/skills/:skill; …/skills/:skill/delete.
type CatalogueSettingsPage struct {
	Rules      catalog.Rules
	Categories []catalog.Category
	Skills     page.Of[catalog.Skill]
	Category   string             // a category's name that was typed
	Skill      catalog.SkillInput // that was typed
	Problem    *fault.Fault       // of categories
	Wrong      *fault.Fault       // of skills
}

func (p CatalogueSettingsPage) in(c *Chrome) (string, any) {
	return "catalogue_settings", framed[CatalogueSettingsPage]{c, p}
}

// Shelf is a category with what stands in it and where it may go.
type Shelf struct {
	catalog.Category
	Below []Shelf
	First bool
	Last  bool
	Up    int // positions before and behind it
	Down  int
}

// Shelves is the tree.
func (p CatalogueSettingsPage) Shelves() []Shelf { return shelvesOf(p.Categories, nil) }

func shelvesOf(list []catalog.Category, parent *uid.ID) (out []Shelf) {
	for _, c := range list {
		if same(c.ParentID, parent) {
			out = append(out, Shelf{Category: c, Below: shelvesOf(list, &c.ID), Up: c.Position - 1, Down: c.Position + 1})
		}
	}
	if n := len(out); n > 0 {
		out[0].First, out[n-1].Last = true, true
	}
	return out
}

func same(a, b *uid.ID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// Drawer is shelves together with what draws them, for parts/catalogue.html.
type Drawer struct {
	*Chrome
	Shelves []Shelf
	Parent  string // the category that they stand in, "" at the top
	All     []catalog.Category
}

// Drawer makes shelves drawable.
func (c *Chrome) Drawer(shelves []Shelf, parent string, all []catalog.Category) Drawer {
	return Drawer{c, shelves, parent, all}
}

// Elsewhere are the categories that a shelf can be put into: not itself, nor what stands in it.
func (d Drawer) Elsewhere(s Shelf) []catalog.Category {
	inside := map[uid.ID]bool{s.ID: true}
	var out []catalog.Category
	for _, c := range d.All {
		switch {
		case inside[c.ID] || c.ParentID != nil && inside[*c.ParentID]:
			inside[c.ID] = true
		case c.Depth < catalog.MaxCategoryDepth-1:
			out = append(out, c)
		}
	}
	return out
}

// Indented is a category's name behind a line for each level above it, for a list to choose from.
func (c *Chrome) Indented(name string, depth int) string { return strings.Repeat("– ", depth) + name }

// SettingsForm is what was typed about where a course stands and who may come in.
type SettingsForm struct {
	Category, Tags, Visibility, Capacity string
	Skills, Groups                       []string
	SelfEnrol, WaitingList, Template     bool
}

// GroupChoice is a group that may see a course.
type GroupChoice = catalog.GroupChoice

// CourseSettingsPage is GET /studio/:course/settings. It posts revision, category_id, tags (separated by commas), skills,
// visibility, groups, self_enrol, capacity, waiting_list, template to its own address; title to …/copy; and as
// CourseEditPage to …/archive and …/restore.
type CourseSettingsPage struct {
	Outline    catalog.Outline
	Form       SettingsForm
	Categories []catalog.Category
	Skills     []catalog.Skill
	Tags       []catalog.Tag // to suggest
	Groups     []catalog.GroupChoice
	CopyTitle  string
	Problem    *fault.Fault
	CopyWrong  *fault.Fault
}

func (p CourseSettingsPage) in(c *Chrome) (string, any) {
	return "course_settings", framed[CourseSettingsPage]{c, p}
}

// Teaches tells whether a skill is ticked.
func (p CourseSettingsPage) Teaches(id uid.ID) bool {
	return slices.Contains(p.Form.Skills, id.String())
}

// SeenBy tells whether a group is ticked.
func (p CourseSettingsPage) SeenBy(id uid.ID) bool {
	return slices.Contains(p.Form.Groups, id.String())
}

// Visibilities lists who may find a course.
func (c *Chrome) Visibilities() []catalog.Visibility {
	return []catalog.Visibility{catalog.VisibleToAll, catalog.VisibleToGroups, catalog.VisibleOnRequest}
}

// ReviewPage is GET /studio/:course/review. It posts revision, note to …/review/request, …/review/approve and
// …/review/return.
type ReviewPage struct {
	Review  catalog.Reviewing
	Note    string
	Problem *fault.Fault
}

func (p ReviewPage) in(c *Chrome) (string, any) { return "review", framed[ReviewPage]{c, p} }

// Draft tells whether there is something to read over.
func (p ReviewPage) Draft() bool { return p.Review.Outline.Course.DraftID != nil }

// Missing is what has to be done before, nil for nothing.
func (p ReviewPage) Missing() *fault.Fault {
	if p.Review.Missing == nil {
		return nil
	}
	return fault.Of(p.Review.Missing)
}

// Stale tells whether the draft was approved and changed since.
func (p ReviewPage) Stale() bool {
	c := p.Review.Outline.Course
	return c.Review == catalog.ReviewApproved && !c.Approved()
}

// VersionsPage is GET /studio/:course/versions?after=. It posts revision to …/versions/:version/draft and …/draft/discard.
type VersionsPage struct {
	Outline  catalog.Outline
	Versions page.Of[catalog.Edition]
	Problem  *fault.Fault
}

func (p VersionsPage) in(c *Chrome) (string, any) { return "versions", framed[VersionsPage]{c, p} }

// Difference is what changed between two versions together with what draws it, for parts/catalogue.html.
type Difference struct {
	*Chrome
	catalog.Changes
	First bool // there is nothing before
}

// Difference makes changes drawable.
func (c *Chrome) Difference(ch catalog.Changes, first bool) Difference {
	return Difference{c, ch, first}
}

// Excerpt is parts of a version by name, as many as a page wants to show.
type Excerpt struct {
	*Chrome
	Few  []catalog.Part
	More int // that are left out
}

// Parts makes parts drawable.
func (d Difference) Parts(parts []catalog.Part) Excerpt {
	return Excerpt{d.Chrome, parts[:min(len(parts), fewParts)], max(0, len(parts)-fewParts)}
}

const fewParts = 12

// VersionPage is GET /studio/:course/versions/:version?lesson=: a version to read.
type VersionPage struct {
	Outline catalog.Outline
	Lesson  *catalog.Lesson // nil: only the outline
	Body    template.HTML
}

func (p VersionPage) in(c *Chrome) (string, any) { return "version", framed[VersionPage]{c, p} }

// Here tells whether a lesson is the one shown.
func (p VersionPage) Here(id uid.ID) bool { return p.Lesson != nil && p.Lesson.ID == id }

// LanguagesPage is GET /studio/:course/languages. It posts revision, language to its own address and revision to
// …/languages/:language/remove.
type LanguagesPage struct {
	Outline   catalog.Outline
	Languages []catalog.LanguageState
	Language  string // that was chosen
	Problem   *fault.Fault
}

func (p LanguagesPage) in(c *Chrome) (string, any) { return "languages", framed[LanguagesPage]{c, p} }

// TranslationPage is GET /studio/:course/languages/:language: what there is to translate.
type TranslationPage struct {
	Outline  catalog.Outline
	Language string
	Pieces   []catalog.PieceState
}

func (p TranslationPage) in(c *Chrome) (string, any) {
	return "translation", framed[TranslationPage]{c, p}
}

// PieceForm is what was typed of a piece. Texts are of questions' parts, by id.
type PieceForm struct {
	Title, Body            string
	FileID, CaptionsFileID string
	Texts                  map[string]string
}

// PiecePage is GET /studio/:course/languages/:language/:part: a piece beside its original. It posts revision, title, body,
// file, file_id, remove_file, captions, captions_file_id, remove_captions, q.<id> (a prompt or an answer) and e.<id> (an
// explanation) to its own address.
type PiecePage struct {
	Outline  catalog.Outline
	Language string
	Piece    catalog.PieceState
	Form     PieceForm
	Original template.HTML // the original's body
	Previous *uid.ID
	Next     *uid.ID
	Problem  *fault.Fault
}

func (p PiecePage) in(c *Chrome) (string, any) { return "piece", framed[PiecePage]{c, p} }

// Text is what was typed for a part of a question.
func (p PiecePage) Text(id uid.ID) string { return p.Form.Texts["q."+id.String()] }

// Explanation is what was typed to explain a question.
func (p PiecePage) Explanation(id uid.ID) string { return p.Form.Texts["e."+id.String()] }

// HasDocument tells whether another file may stand for the piece's document.
func (p PiecePage) HasDocument() bool {
	return p.Piece.Lesson == catalog.LessonPDF || p.Piece.Lesson == catalog.LessonFile
}

// HasRecording tells whether the piece has captions.
func (p PiecePage) HasRecording() bool {
	return p.Piece.Lesson == catalog.LessonVideo || p.Piece.Lesson == catalog.LessonAudio
}

// Spoken is the languages that a course can be read in, drawn by parts/catalogue.html.
type Spoken struct {
	*Chrome
	Languages []string
	Shown     string
}

// Spoken makes the choice of a course's languages.
func (c *Chrome) Spoken(o catalog.Outline) Spoken { return Spoken{c, o.Languages, o.Shown()} }

// SearchAll is the catalogue's filter as the parts of an address, with one part changed.
func (p CataloguePage) SearchAll(c *Chrome, key, value string) string {
	f := p.Filter
	parts := map[string]string{"q": f.Query, "tag": f.Tag, "language": f.Language}
	if f.Category != nil {
		parts["category"] = f.Category.String()
	}
	if f.Skill != nil {
		parts["skill"] = f.Skill.String()
	}
	parts[key] = value
	return c.Link("/courses", "q", parts["q"], "category", parts["category"], "tag", parts["tag"], "skill", parts["skill"], "language", parts["language"])
}

// Narrowed tells whether anything narrows the catalogue.
func (p CataloguePage) Narrowed() bool {
	f := p.Filter
	return f.Query != "" || f.Category != nil || f.Tag != "" || f.Skill != nil || f.Language != ""
}

// Filters counts what narrows the catalogue beside the text.
func (p CataloguePage) Filters() int {
	n := 0
	for _, on := range []bool{p.Filter.Category != nil, p.Filter.Tag != "", p.Filter.Skill != nil, p.Filter.Language != ""} {
		if on {
			n++
		}
	}
	return n
}

// Is tells whether an id is the one chosen.
func (p CataloguePage) Is(chosen *uid.ID, value string) bool {
	return chosen != nil && chosen.String() == value
}

// ID is an id as text, "" for none.
func (p CataloguePage) ID(id *uid.ID) string {
	if id == nil {
		return ""
	}
	return id.String()
}
