package themes

import (
	"html/template"
	"slices"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/bank/format"
	"lyceum/learning/bank/transfer"
	"lyceum/learning/question"
)

// BanksPage is GET /studio/questions?q=&archived=&after=: the banks that the reader may see. It posts name and about to it.
type BanksPage struct {
	Query    string
	Archived bool
	Banks    page.Of[bank.Listed]
	Name     string // typed
	Problem  *fault.Fault
}

func (p BanksPage) in(c *Chrome) (string, any) { return "banks", framed[BanksPage]{c, p} }

// Fresh tells whether there is no bank yet.
func (p BanksPage) Fresh() bool {
	return len(p.Banks.Items) == 0 && p.Query == "" && !p.Archived
}

// BankPage is GET /studio/questions/:bank?q=&folder=&tag=&kind=&status=&after=: questions of a bank. It posts name, about,
// everyone and shares (role:code or group:id, with edit:… for those who may change) to it; file and format to …/import;
// format to …/export; revision to …/archive; and to …/delete.
type BankPage struct {
	Bank      bank.Listed
	Filter    bank.Filter
	Places    bank.Places
	Questions page.Of[bank.Question]
	Shares    []ShareChoice
	Problem   *fault.Fault // of the settings
	Importing *fault.Fault
}

// ShareChoice is a role or a group with what it may do.
type ShareChoice struct{ Value, Name, May string }

func (p BankPage) in(c *Chrome) (string, any) { return "bank", framed[BankPage]{c, p} }

// Kinds are all kinds of questions.
func (p BankPage) Kinds() []question.Kind { return question.Kinds }

// MayEdit tells whether the reader may change questions.
func (p BankPage) MayEdit() bool { return p.Bank.Access >= bank.AccessEdit }

// Owns tells whether the reader may share the bank.
func (p BankPage) Owns() bool { return p.Bank.Access >= bank.AccessOwn }

// Filtered tells whether the list is narrowed.
func (p BankPage) Filtered() bool {
	f := p.Filter
	return f.Query != "" || f.Folder != "" || f.Tag != "" || f.Kind != "" || f.Status != ""
}

// Statuses are those that a list can be narrowed to.
func (p BankPage) Statuses() []bank.Status {
	return []bank.Status{bank.StatusDraft, bank.StatusPublished, bank.StatusChanged, bank.StatusArchived}
}

// QuestionStatus is where a question stands.
func QuestionStatus(q bank.Question) bank.Status {
	switch {
	case q.ArchivedAt != nil:
		return bank.StatusArchived
	case q.Version == 0:
		return bank.StatusDraft
	case q.Changed:
		return bank.StatusChanged
	}
	return bank.StatusPublished
}

// StatusOf is where a question of the list stands.
func (p BankPage) StatusOf(q bank.Question) bank.Status { return QuestionStatus(q) }

// BankImportPage is what POST /studio/questions/:bank/import shows: what comes, what is changed and what cannot come. It
// posts format, text (the file once more) and publish to …/import/apply.
type BankImportPage struct {
	Bank    bank.Listed
	Sheet   format.Sheet
	File    string
	Text    string
	Problem *fault.Fault
}

func (p BankImportPage) in(c *Chrome) (string, any) {
	return "bank_import", framed[BankImportPage]{c, p}
}

// Coming is how many questions can come.
func (p BankImportPage) Coming() int {
	plain, changed, _ := p.Sheet.Counts()
	return plain + changed
}

// Refused is how many cannot.
func (p BankImportPage) Refused() int { _, _, n := p.Sheet.Counts(); return n }

// Formats are those of files, the usual one first, with their names.
func (p BankPage) Formats() [][2]string {
	return [][2]string{{transfer.QTI, "QTI 2.1"}, {transfer.MoodleXML, "Moodle XML"}, {transfer.GIFT, "GIFT"}}
}

// BankExportPage is what POST /studio/questions/:bank/export shows when the format cannot hold everything. It posts format
// and anyway to the same address, which gives the file.
type BankExportPage struct {
	Bank   bank.Listed
	Format string
	Left   []format.Left
}

func (p BankExportPage) in(c *Chrome) (string, any) {
	return "bank_export", framed[BankExportPage]{c, p}
}

// Name is what the format is called.
func (p BankExportPage) Name() string {
	for _, f := range (BankPage{}).Formats() {
		if f[0] == p.Format {
			return f[1]
		}
	}
	return ""
}

// Missing is how many questions are not in the file at all.
func (p BankExportPage) Missing() (n int) {
	for _, l := range p.Left {
		if !l.Kept {
			n++
		}
	}
	return n
}

// QuestionPage is the editor of a question: GET /studio/questions/:bank/new?kind= and GET /studio/questions/:bank/:question.
// It posts the fields of QuestionRowForm and do (save, publish, preview, add, remove.N, up.N, down.N) to the same address;
// the answer to try to …/try; revision to …/archive, …/delete; bank and folder to …/copy and …/move.
type QuestionPage struct {
	Bank    bank.Listed
	Shown   *bank.Shown   // nil: a new one
	Version *bank.Version // whose text the form holds, in place of the question's own; nil: none
	Form    QuestionEditForm
	Banks   []bank.Listed // that it can be copied or moved to
	Asked   *question.Asked
	Prompt  template.HTML // of the preview, through the sanitiser
	Parts   []PromptPart  // of Blanks: text and gaps in turn
	Given   question.Answer
	Result  *question.Result
	Problem *fault.Fault
}

// PromptPart is a piece of text, and the gap behind it.
type PromptPart struct {
	Text string
	Gap  *question.AskedGap
}

func (p QuestionPage) in(c *Chrome) (string, any) { return "question", framed[QuestionPage]{c, p} }

// At is the address of the page.
func (p QuestionPage) At() string {
	if p.Shown == nil {
		return "/studio/questions/" + p.Bank.ID.String() + "/new"
	}
	return "/studio/questions/" + p.Bank.ID.String() + "/" + p.Shown.Question.ID.String()
}

// MayEdit tells whether the reader may change it.
func (p QuestionPage) MayEdit() bool { return p.Bank.Access >= bank.AccessEdit }

// Status is where the question stands.
func (p QuestionPage) Status() bank.Status {
	if p.Shown == nil {
		return bank.StatusDraft
	}
	return QuestionStatus(p.Shown.Question)
}

// Chosen tells whether a choice was tried.
func (p QuestionPage) Chosen(id string) bool { return slices.Contains(p.Given.Choices, id) }

// Place is where an item was put in order, from 1; 0 for nowhere.
func (p QuestionPage) Place(id string) int { return slices.Index(p.Given.Choices, id) + 1 }

// Percent is the result as a whole percentage.
func (p QuestionPage) Percent() int {
	return int(p.Result.Share * 100 / question.Whole)
}

// PictureID is the picture of what is being written, nil for none.
func (p QuestionPage) PictureID() *uid.ID {
	if id, ok := uid.Parse(p.Form.Picture); ok {
		return &id
	}
	return nil
}

// Say is Markdown as plain words, where a page needs a line.
func (p QuestionPage) Say(s string) string { return markdown.PlainText(s) }
