// Package bank keeps questions: banks with folders and tags, who may see and change them, versions that never change once
// they are published, and drawing at random. It does not ask anybody anything nor mark answers (question does the latter,
// learning/assessment both).
package bank

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/question"
)

// Access is what somebody may do with a bank.
type Access int

const (
	// AccessNone is a bank that is not known to somebody.
	AccessNone Access = iota
	// AccessSee looks at questions, copies them and uses them in tests.
	AccessSee
	// AccessEdit changes questions too.
	AccessEdit
	// AccessOwn shares, renames and deletes the bank too.
	AccessOwn
)

// Everyone is what all who write courses may do with a bank.
type Everyone string

const (
	// EveryoneNothing leaves it to the owner and those it is shared with.
	EveryoneNothing Everyone = ""
	// EveryoneSees lets all who write courses see and use its questions.
	EveryoneSees Everyone = "see"
	// EveryoneEdits lets them change its questions as well.
	EveryoneEdits Everyone = "edit"
)

// Bank is a row of banks.
type Bank struct {
	ID         uid.ID
	Name       string
	About      string
	OwnerID    *uid.ID // nil when the owner is gone: who keeps the catalogue owns it then
	Everyone   Everyone
	Revision   int
	ArchivedAt *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Listed is a bank with what who asks may do and how much is in it.
type Listed struct {
	Bank
	Access    Access
	OwnerName string
	Questions int // that are not archived
}

// Share is with whom a bank is shared: a role or a group.
type Share struct {
	ID      uid.ID
	BankID  uid.ID
	Role    *string
	GroupID *uid.ID
	MayEdit bool
	Name    string `gorm:"->"` // of the role or the group, when read
}

// Question is a row of questions: what is being written, and where it stands.
type Question struct {
	ID         uid.ID
	BankID     uid.ID
	Folder     string // names parted by slashes; "" is the bank itself
	Kind       question.Kind
	Title      string
	Tags       Tags
	Difficulty int // 1 to 5; 0 is not said
	Body       Body
	Words      string // what a search looks through
	Revision   int    // counts changes; an edit names the one it was made on
	Version    int    // the last one published, 0 for none
	Changed    bool   // Body is not what Version is
	ArchivedAt *time.Time
	CreatedBy  *uid.ID
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Version is what a question was when it was published. It never changes.
type Version struct {
	QuestionID uid.ID
	Number     int
	Body       Body
	CreatedBy  *uid.ID
	CreatedAt  time.Time
}

// Ref names a version of a question.
type Ref struct {
	Question uid.ID `json:"question"`
	Version  int    `json:"version"`
}

// Body is a question as it is kept.
type Body struct{ question.Question }

// Value writes the JSON as a string: []byte fails in pgx's exec mode.
func (b Body) Value() (driver.Value, error) { return asText(b.Question) }

// Scan reads the JSON.
func (b *Body) Scan(src any) error { return scan(src, &b.Question) }

// Tags are words in lower case, sorted.
type Tags []string

// Value writes the JSON as a string.
func (t Tags) Value() (driver.Value, error) {
	if t == nil {
		return "[]", nil
	}
	return asText([]string(t))
}

// Scan reads the JSON.
func (t *Tags) Scan(src any) error { return scan(src, (*[]string)(t)) }

func asText(v any) (driver.Value, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func scan(src, into any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), into)
	case []byte:
		return json.Unmarshal(v, into)
	}
	return fmt.Errorf("questions: cannot read %T", src)
}

// Failures of this package.
var (
	ErrNotFound         = fault.New(fault.KindNotFound, "bank_not_found", "There is no such question bank here, or it is not shared with you.")
	ErrQuestionNotFound = fault.New(fault.KindNotFound, "question_not_found", "There is no such question here, or its bank is not shared with you.")
	ErrVersionNotFound  = fault.New(fault.KindNotFound, "question_version_not_found", "This question has no such version.")
	ErrMaySeeOnly       = fault.New(fault.KindForbidden, "bank_see_only", "You may see this question bank but not change it. Copy the question into a bank of yours.")
	ErrNotOwner         = fault.New(fault.KindForbidden, "bank_not_owner", "Only the owner of this question bank may do this.")
	ErrRevision         = fault.New(fault.KindConflict, "question_revision", "Somebody else changed this meanwhile. Load it again and repeat your change.")
	ErrInUse            = fault.New(fault.KindConflict, "question_in_use", "This was published or is used in a test. Archive it instead: what was asked stays as it was.")
	ErrNothingNew       = fault.New(fault.KindConflict, "question_nothing_new", "This question is published as it stands.")
	ErrShareGone        = fault.New(fault.KindConflict, "bank_share_gone", "A role or group that you chose is not there any more. Load the page again and choose anew.")
	ErrFull             = fault.New(fault.KindConflict, "bank_full", "A question bank holds at most 10,000 questions. Begin another one.")
	ErrTooFew           = fault.New(fault.KindConflict, "pool_too_small", "There are not enough published questions to draw from.")
)

// Limits.
const (
	MaxName      = 120
	MaxAbout     = 2_000
	MaxFolder    = 200
	MaxTags      = 20
	MaxTag       = 40
	MaxQuestions = 10_000 // of a bank
	MaxShares    = 50
	MaxAtOnce    = 1_000 // questions read, drawn or brought in at once
)
