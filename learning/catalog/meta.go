package catalog

import (
	"context"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Category is a shelf of the catalogue. Shelves stand in shelves, in an order that people choose.
type Category struct {
	ID       uid.ID
	ParentID *uid.ID // nil: at the top
	Name     string
	Position int // among those of the same parent, from 0
	Depth    int `gorm:"->"` // 0 at the top; worked out where the tree is listed
	Courses  int `gorm:"->"` // that stand in it itself, whatever their state; filled where the tree is listed
}

// TableName is categories.
func (Category) TableName() string { return "categories" }

// Skill is what a person can do once they have completed a course that teaches it.
type Skill struct {
	ID          uid.ID
	Name        string
	Description string
	CreatedAt   time.Time
	Courses     int `gorm:"->"` // that teach it; filled where skills are listed
}

// TableName is skills.
func (Skill) TableName() string { return "skills" }

// Tag is a word that authors put on courses, and on how many.
type Tag struct {
	Tag     string
	Courses int
}

// Settings are what holds of a course whatever its version says: where it stands in the catalogue and who may come in.
// They hold at once.
type Settings struct {
	CategoryID  *uid.ID
	Tags        []string
	Skills      []uid.ID
	Visibility  Visibility
	Groups      []uid.ID // that see it, when Visibility says so
	SelfEnrol   bool
	Capacity    int // how many may be in it at once; 0 is any number
	WaitingList bool
	Template    bool
}

// Meta is what a course's page shows of its settings.
type Meta struct {
	Category string // its name
	Tags     []string
	Skills   []Skill
}

// GroupChoice is a group that may be shown a course.
type GroupChoice struct {
	ID      uid.ID
	Name    string
	Members int
}

// Rules are how a portal keeps its catalogue. They are one value of the tenant's settings.
type Rules struct {
	// ReviewRequired has a draft be approved by another person before it is published.
	ReviewRequired bool `json:"review_required"`
}

// Limits of the catalogue's order.
const (
	MaxCategories    = 500
	MaxCategoryDepth = 4
	MaxName          = 80
	MaxDescription   = 500
	MaxTag           = 40
	MaxTags          = 20
	MaxSkills        = 20 // that one course teaches
	MaxGroups        = 50 // that see one course
	MaxCapacity      = 100_000
	// MaxSuggested is how many tags are suggested at once.
	MaxSuggested = 100
	// MaxChoices is how many groups and skills are offered to choose from.
	MaxChoices = 500
)

// MetaKeeper is what the catalogue's order needs kept.
type MetaKeeper interface {
	// Categories lists all of them as a tree is read: each before what stands in it, in order.
	Categories(ctx context.Context) ([]Category, error)
	// LockCategories keeps others from changing the tree until the transaction ends, and lists it.
	LockCategories(ctx context.Context) ([]Category, error)
	// AddCategory fails with ErrCategoryTaken.
	AddCategory(ctx context.Context, c Category) error
	// UpdateCategories writes name, parent and position.
	UpdateCategories(ctx context.Context, list []Category) error
	DeleteCategory(ctx context.Context, id uid.ID) error

	Skills(ctx context.Context, query string, p page.Request) (page.Of[Skill], error)
	SkillByID(ctx context.Context, id uid.ID) (Skill, error)
	AddSkill(ctx context.Context, s Skill) error
	UpdateSkill(ctx context.Context, s Skill) error
	DeleteSkill(ctx context.Context, id uid.ID) error

	// Tags lists those that begin with a text, the most used first.
	Tags(ctx context.Context, prefix string, n int) ([]Tag, error)

	// GroupChoices lists groups by name, at most MaxChoices.
	GroupChoices(ctx context.Context) ([]GroupChoice, error)

	// CourseSettings reads tags, skills and groups into the settings that the course itself says.
	CourseSettings(ctx context.Context, c Course) (Settings, error)
	SetTags(ctx context.Context, course uid.ID, tags []string) error
	// SetSkills fails with ErrSkillNotFound.
	SetSkills(ctx context.Context, course uid.ID, skills []uid.ID) error
	// SetGroups fails with ErrNoSuchGroup.
	SetGroups(ctx context.Context, course uid.ID, groups []uid.ID) error

	// CatalogueRules gives the portal's, the zero value when it has set none. It needs no transaction around it.
	CatalogueRules(ctx context.Context) (Rules, error)
	SaveCatalogueRules(ctx context.Context, r Rules, at time.Time) error
}

// Failures of the catalogue's order.
var (
	ErrCategoryNotFound = fault.New(fault.KindNotFound, "category_not_found", "There is no such category here.")
	ErrCategoryTaken    = fault.New(fault.KindConflict, "category_taken", "A category of this name stands here already. Choose another name.")
	ErrCategoryNotEmpty = fault.New(fault.KindConflict, "category_not_empty", "Other categories stand in this one. Move or delete them first.")
	ErrCategoryDeep     = fault.New(fault.KindConflict, "category_too_deep", "Categories stand at most four deep, and never in themselves. Choose another place.")
	ErrCategoriesFull   = fault.New(fault.KindConflict, "categories_full", "There are as many categories as there may be. Delete one first.")
	ErrSkillNotFound    = fault.New(fault.KindNotFound, "skill_not_found", "There is no such skill here.")
	ErrSkillTaken       = fault.New(fault.KindConflict, "skill_taken", "There is a skill of this name already. Choose another name.")
	ErrNoSuchGroup      = fault.New(fault.KindInvalid, "group_unknown", "One of these groups is not here any more. Reload the page and choose again.")
)
