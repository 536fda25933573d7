package rest

import (
	"math"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
)

// rubricLevel is how well a criterion can be met.
type rubricLevel struct {
	Title  string  `json:"title" maxLength:"200"`
	About  string  `json:"about,omitempty" maxLength:"1000"`
	Points float64 `json:"points" minimum:"0" maximum:"1000" doc:"At most two decimals."`
}

// rubricCriterion is one thing that is looked at.
type rubricCriterion struct {
	Title  string        `json:"title" maxLength:"200"`
	About  string        `json:"about,omitempty" maxLength:"1000"`
	Levels []rubricLevel `json:"levels" minItems:"2" maxItems:"12"`
}

// markScheme is how work is marked.
type markScheme struct {
	Kind     rubric.Kind       `json:"kind" enum:"pass,points,rubric"`
	Max      float64           `json:"max,omitempty" minimum:"0" maximum:"1000" doc:"Of points: the most."`
	Pass     int               `json:"pass,omitempty" minimum:"0" maximum:"100" doc:"Percent of the most points that passes."`
	Criteria []rubricCriterion `json:"criteria,omitempty" maxItems:"30" doc:"Of rubric."`
}

// assignmentRules are the rules of an assignment.
type assignmentRules struct {
	Number     int              `json:"number" doc:"The version: give the one that was read. 0: nobody has set any."`
	NoText     bool             `json:"no_text,omitempty" doc:"No text is asked for."`
	NoFiles    bool             `json:"no_files,omitempty" doc:"No files are taken."`
	Files      int              `json:"files,omitempty" minimum:"0" maximum:"10" doc:"How many files at most; 0: 10."`
	Types      []string         `json:"types,omitempty" doc:"Name endings that are taken, such as .pdf; none: every kind of file that the portal takes."`
	FileMB     int              `json:"file_mb,omitempty" minimum:"0" maximum:"1024" doc:"Megabytes of one file."`
	MinWords   int              `json:"min_words,omitempty" minimum:"0"`
	MaxWords   int              `json:"max_words,omitempty" minimum:"0"`
	Template   string           `json:"template,omitempty" doc:"What learners begin with. It is not compared."`
	Due        assignment.DueBy `json:"due,omitempty" enum:",date,days,course" doc:"What the due date is reckoned from: a moment, days after enrolling, the course's own due date; empty: none."`
	DueAt      *time.Time       `json:"due_at,omitempty"`
	DueDays    int              `json:"due_days,omitempty" minimum:"0"`
	LateDays   int              `json:"late_days,omitempty" minimum:"0" doc:"Taken for so many days more."`
	LateOff    int              `json:"late_off,omitempty" minimum:"0" maximum:"100" doc:"Percent taken off for each begun day."`
	Floor      int              `json:"floor,omitempty" minimum:"0" maximum:"100" doc:"Percent below which being late takes no mark."`
	Attempts   int              `json:"attempts,omitempty" minimum:"0" maximum:"100" doc:"0: as often as it is returned."`
	AgainUntil *time.Time       `json:"again_until,omitempty" doc:"No attempt after the first is taken later."`
	Groups     []uid.ID         `json:"groups,omitempty" doc:"Who is in one of these hands in with it."`
	Scheme     markScheme       `json:"scheme"`
	Anonymous  bool             `json:"anonymous,omitempty" doc:"Names are hidden from markers until release."`
	TwoMarkers bool             `json:"two_markers,omitempty"`
	Apart      int              `json:"apart,omitempty" minimum:"0" maximum:"100" doc:"Percent between two marks above which a third one or an agreement is needed."`
	Together   bool             `json:"together,omitempty" doc:"Marks are kept until they are released."`
	AppealDays int              `json:"appeal_days,omitempty" minimum:"0" maximum:"365"`
	Alike      bool             `json:"alike,omitempty" doc:"Works are compared within the cohort."`
}

func showScheme(s rubric.Scheme) markScheme {
	out := markScheme{Kind: s.Kind, Max: float64(s.Max) / 100, Pass: s.Pass}
	if out.Kind == "" {
		out.Kind = rubric.ByPass
	}
	for _, c := range s.Rubric.Criteria {
		one := rubricCriterion{Title: c.Title, About: c.About}
		for _, l := range c.Levels {
			one.Levels = append(one.Levels, rubricLevel{l.Title, l.About, float64(l.Points) / 100})
		}
		out.Criteria = append(out.Criteria, one)
	}
	return out
}

// pointsOf reads points of at most two decimals.
func pointsOf(n float64, field string) (rubric.Points, error) {
	p := rubric.Points(math.Round(n * 100))
	if n < 0 || n > 1000 || math.Abs(n*100-float64(p)) > 1e-6 {
		return 0, fault.Invalid(map[string]string{field: "Enter points from 0 to 1000 with at most two decimals."})
	}
	return p, nil
}

func (s markScheme) read() (out rubric.Scheme, err error) {
	out = rubric.Scheme{Kind: s.Kind, Pass: s.Pass}
	if out.Max, err = pointsOf(s.Max, "scheme.max"); err != nil {
		return out, err
	}
	for _, c := range s.Criteria {
		one := rubric.Criterion{Title: c.Title, About: c.About}
		for _, l := range c.Levels {
			p, err := pointsOf(l.Points, "scheme.criteria")
			if err != nil {
				return out, err
			}
			one.Levels = append(one.Levels, rubric.Level{Title: l.Title, About: l.About, Points: p})
		}
		out.Rubric.Criteria = append(out.Rubric.Criteria, one)
	}
	return out, nil
}

func showAssignment(s assignment.Settings, number int) assignmentRules {
	return assignmentRules{
		Number: number, NoText: s.NoText, NoFiles: s.NoFiles, Files: s.Files, Types: s.Types, FileMB: s.FileMB, MinWords: s.MinWords, MaxWords: s.MaxWords, Template: s.Template,
		Due: s.Due, DueAt: utcOrNone(s.DueAt), DueDays: s.DueDays, LateDays: s.LateDays, LateOff: s.LateOff, Floor: s.Floor, Attempts: s.Attempts, AgainUntil: utcOrNone(s.AgainUntil),
		Groups: s.Groups, Scheme: showScheme(s.Scheme), Anonymous: s.Anonymous, TwoMarkers: s.TwoMarkers, Apart: s.Apart, Together: s.Together, AppealDays: s.AppealDays, Alike: s.Alike,
	}
}

func (r assignmentRules) read() (assignment.Settings, error) {
	scheme, err := r.Scheme.read()
	return assignment.Settings{
		NoText: r.NoText, NoFiles: r.NoFiles, Files: r.Files, Types: r.Types, FileMB: r.FileMB, MinWords: r.MinWords, MaxWords: r.MaxWords, Template: r.Template,
		Due: r.Due, DueAt: r.DueAt, DueDays: r.DueDays, LateDays: r.LateDays, LateOff: r.LateOff, Floor: r.Floor, Attempts: r.Attempts, AgainUntil: r.AgainUntil,
		Groups: r.Groups, Scheme: scheme, Anonymous: r.Anonymous, TwoMarkers: r.TwoMarkers, Apart: r.Apart, Together: r.Together, AppealDays: r.AppealDays, Alike: r.Alike,
	}, err
}

// workFile is a file of a submission.
type workFile struct {
	ID   uid.ID `json:"id"`
	Name string `json:"name"`
	Size int64  `json:"size"`
	Kind string `json:"kind" enum:"handed,feedback"`
}

// workMark is one judgement of a submission.
type workMark struct {
	Number   int                 `json:"number"`
	Kind     assignment.MarkKind `json:"kind" enum:"mark,agreed,returned,appeal"`
	MarkerID *uid.ID             `json:"marker_id,omitempty" doc:"Not for the learner."`
	Percent  int                 `json:"percent"`
	Points   float64             `json:"points"`
	Max      float64             `json:"max"`
	Passed   bool                `json:"passed"`
	Criteria []workPick          `json:"criteria,omitempty"`
	Comment  string              `json:"comment,omitempty"`
	At       time.Time           `json:"at"`
}

// workPick is the level chosen for a criterion, both by their places from 0.
type workPick struct {
	Criterion int    `json:"criterion" minimum:"0"`
	Level     int    `json:"level" minimum:"0"`
	Comment   string `json:"comment,omitempty" maxLength:"2000"`
}

// workAppeal is an objection to a mark.
type workAppeal struct {
	Reason     string     `json:"reason"`
	AskedAt    time.Time  `json:"asked_at"`
	Answer     string     `json:"answer,omitempty"`
	Changed    *bool      `json:"changed,omitempty"`
	Before     int        `json:"before" doc:"Percent."`
	After      *int       `json:"after,omitempty" doc:"Percent."`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

// workMatch is how much of a submission stands in another one.
type workMatch struct {
	ID         uid.ID `json:"id" doc:"The other submission's."`
	Percent    int    `json:"percent"`
	PersonName string `json:"person_name,omitempty"`
}

// handed is something handed in.
type handed struct {
	ID          uid.ID                     `json:"id"`
	EnrolmentID *uid.ID                    `json:"enrolment_id,omitempty" doc:"Left out while the name is hidden."`
	LessonID    uid.ID                     `json:"lesson_id"`
	LessonTitle string                     `json:"lesson_title,omitempty"`
	CourseID    *uid.ID                    `json:"course_id,omitempty"`
	CourseTitle string                     `json:"course_title,omitempty"`
	PersonID    *uid.ID                    `json:"person_id,omitempty" doc:"Left out while the name is hidden."`
	PersonName  string                     `json:"person_name,omitempty"`
	Alias       string                     `json:"alias,omitempty" doc:"Stands for the name while that is hidden."`
	GroupID     *uid.ID                    `json:"group_id,omitempty" doc:"Whose work it is, when a group handed it in."`
	Number      int                        `json:"number" doc:"Counts what one handed in for the lesson."`
	Text        string                     `json:"text"`
	FileID      *uid.ID                    `json:"file_id,omitempty" doc:"The first file; files has all."`
	Files       []workFile                 `json:"files,omitempty"`
	Status      enrolment.SubmissionStatus `json:"status" enum:"submitted,accepted,returned,failed"`
	Stage       assignment.Stage           `json:"stage,omitempty" enum:",second,apart,ready" doc:"What marking has come to before release."`
	Comment     string                     `json:"comment,omitempty" doc:"Of who marked it."`
	Percent     *int                       `json:"percent,omitempty" doc:"How good it was found, where a number was given; after what being late takes off."`
	MarkedBy    *uid.ID                    `json:"marked_by,omitempty"`
	ClaimedBy   *uid.ID                    `json:"claimed_by,omitempty"`
	SubmittedAt time.Time                  `json:"submitted_at"`
	MarkedAt    *time.Time                 `json:"marked_at,omitempty"`
	DueAt       *time.Time                 `json:"due_at,omitempty"`
	LateDays    int                        `json:"late_days,omitempty"`
	Receipt     string                     `json:"receipt,omitempty" doc:"SHA-256 over id, moment, text and files: who has it can show that this is what was handed in."`
	Marks       []workMark                 `json:"marks,omitempty"`
	Appeal      *workAppeal                `json:"appeal,omitempty"`
	Alike       []workMatch                `json:"alike,omitempty" doc:"For who marks. It decides nothing."`
	Scheme      *markScheme                `json:"scheme,omitempty"`
}

func showWork(w assignment.Work) handed {
	return handed{
		ID: w.ID, EnrolmentID: unlessNil(w.EnrolmentID), LessonID: w.LessonID, LessonTitle: w.LessonTitle, CourseID: unlessNil(w.CourseID), CourseTitle: w.CourseTitle,
		PersonID: unlessNil(w.PersonID), PersonName: w.PersonName, Alias: w.Alias, GroupID: w.GroupID, Number: w.Number, Text: w.Text, FileID: w.FileID, Status: w.Status, Stage: w.Stage,
		Comment: w.Comment, Percent: w.Percent, MarkedBy: w.MarkedBy, ClaimedBy: w.ClaimedBy, SubmittedAt: utc(w.SubmittedAt), MarkedAt: utcOrNone(w.MarkedAt), DueAt: utcOrNone(w.DueAt),
		LateDays: w.LateDays, Receipt: w.Receipt,
	}
}

func showSheet(s assignment.Sheet) handed {
	out := showWork(s.Work)
	out.addFiles(s.Files)
	out.addFiles(s.Feedback)
	out.addMarks(s.Marks)
	out.addAppeal(s.Appeal)
	for _, m := range s.Similar {
		out.Alike = append(out.Alike, workMatch{m.OtherID, m.Percent, m.PersonName})
	}
	scheme := showScheme(s.Settings.Scheme)
	out.Scheme = &scheme
	return out
}

func showOwn(s assignment.Shown) handed {
	out := showWork(assignment.Work{Submission: s.Submission})
	out.addFiles(s.Files)
	out.addFiles(s.Feedback)
	out.addMarks(s.Marks)
	out.addAppeal(s.Appeal)
	return out
}

func (h *handed) addFiles(files []assignment.File) {
	for _, f := range files {
		h.Files = append(h.Files, workFile{f.FileID, f.Name, f.Size, string(f.Kind)})
	}
}

func (h *handed) addMarks(marks []assignment.Mark) {
	for _, m := range marks {
		one := workMark{
			Number: m.Number, Kind: m.Kind, MarkerID: unlessNil(m.MarkerID), Percent: m.Verdict.Percent, Points: float64(m.Verdict.Points) / 100, Max: float64(m.Verdict.Max) / 100,
			Passed: m.Verdict.Passed, Comment: m.Comment, At: utc(m.At),
		}
		for _, p := range m.Given.Picks {
			one.Criteria = append(one.Criteria, workPick(p))
		}
		h.Marks = append(h.Marks, one)
	}
}

func (h *handed) addAppeal(a *assignment.Appeal) {
	if a == nil {
		return
	}
	h.Appeal = &workAppeal{Reason: a.Reason, AskedAt: utc(a.AskedAt), Answer: a.Answer, Changed: a.Changed, Before: a.Before.Percent, AnsweredAt: utcOrNone(a.AnsweredAt)}
	if a.After != nil {
		h.Appeal.After = &a.After.Percent
	}
}
