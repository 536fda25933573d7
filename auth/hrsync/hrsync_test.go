package hrsync_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/hrsync"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

const three = `Employee ID;E-Mail;First name;Last name;Department;Position;Manager;Mentor;Hire date
1;ada@example.com;Ada;Byron;Works / Engines;Director;;;2020-01-02
2;ben@example.com;Ben;Cole;Works / Engines / North;Clerk;1;cy@example.com;31.03.2024
3;cy@example.com;Cy;Dorn;Works;Clerk;2;;2024-03-31T00:00:00Z
`

func TestANightlyListWritesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	src := h.source(hrsync.SourceInput{MakesUnits: true, Whole: true})
	r := h.take(src, three)
	if r.Status != hrsync.StatusPlanned || r.Total != 3 || r.Counts[hrsync.OutcomeCreate] != 3+3+2 || r.Work() != 8 {
		t.Errorf("%+v", r)
	}
	if got := h.people(); len(got) != 0 {
		t.Errorf("planned only: %v", got)
	}
	r = h.apply(r)
	if r.Done != 8 || r.Failed != 0 || r.Status != hrsync.StatusDone || r.Percent() != 100 {
		t.Errorf("%+v\n%s", r, strings.Join(h.rows(r), "\n"))
	}
	h.is("everybody", h.people(),
		"ada@example.com Ada Byron active department=Engines position=Director given_name:Ada family_name:Byron title:Director department:Engines hire_date:2020-01-02",
		"ben@example.com Ben Cole active under Ada Byron department=North mentor=Cy Dorn position=Clerk given_name:Ben family_name:Cole title:Clerk department:North hire_date:2024-03-31",
		"cy@example.com Cy Dorn active under Ben Cole department=Works position=Clerk given_name:Cy family_name:Dorn title:Clerk department:Works hire_date:2024-03-31")
	before := h.written()
	if r = h.take(src, three); r.Status != hrsync.StatusDone || r.Counts[hrsync.OutcomeSame] != 3 || r.Work() != 0 {
		t.Errorf("the same list again: %+v", r)
	}
	h.is("what the same list writes", h.written(), before...)
	// One line of three is another: a married name and another department, and Cy is in the list no more.
	next := strings.ReplaceAll(strings.ReplaceAll(three, "Ben;Cole;Works / Engines / North", "Ben;Kohl;Works / Engines"), "3;cy@example.com;Cy;Dorn;Works;Clerk;2;;2024-03-31T00:00:00Z\n", "")
	r = h.take(src, strings.Replace(next, "1;cy@example.com", "1;", 1))
	h.is("what differs", h.rows(r),
		"3 update waiting Ben Kohl name[Ben Cole>Ben Kohl] family_name[Cole>Kohl] department[Works / Engines / North>Works / Engines] mentor[Cy Dorn>]",
		"0 leave waiting Cy Dorn")
	r = h.apply(r)
	h.is("afterwards", h.people(),
		"ada@example.com Ada Byron active department=Engines position=Director given_name:Ada family_name:Byron title:Director department:Engines hire_date:2020-01-02",
		"ben@example.com Ben Kohl active under Ada Byron department=Engines position=Clerk given_name:Ben family_name:Kohl title:Clerk department:Engines hire_date:2024-03-31",
		"cy@example.com Cy Dorn deactivated under Ben Kohl department=Works position=Clerk given_name:Cy family_name:Dorn title:Clerk department:Works hire_date:2024-03-31")
	if got := storetest.EventTypes(t, h.ctx, h.World, r.ID); !slices.Contains(got, "hr_run.planned") || !slices.Contains(got, "hr_run.requested") || !slices.Contains(got, "hr_run.applied") {
		t.Errorf("events: %v", got)
	}
	// Who comes back is let in again.
	if r = h.bring(src, three); r.Counts[hrsync.OutcomeReturn] != 1 || r.Failed != 0 {
		t.Errorf("%+v %v", r, h.rows(r))
	}
	if got := strings.Join(h.people(), "\n"); strings.Contains(got, "deactivated") {
		t.Error(got)
	}
}

func TestEachRefusedRowSaysWhy(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, err := h.org.AddUnit(h.admin, org.UnitInput{Kind: org.Department, Name: "Sales", Code: "S"})
	h.ok(err)
	for _, name := range []string{"East", "West"} {
		u, err := h.org.AddUnit(h.admin, org.UnitInput{Kind: org.Department, Name: name})
		h.ok(err)
		_, err = h.org.AddUnit(h.admin, org.UnitInput{Kind: org.Department, Name: "Desk", Parent: &u.ID})
		h.ok(err)
	}
	_, err = h.org.AddField(h.admin, org.FieldInput{Name: "Shift", Kind: org.FieldChoice, Choices: []string{"Early"}, SeenBy: org.CircleRead, EditedBy: org.CircleManage})
	h.ok(err)
	owner := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Olga", Email: "olga@example.com"}, policy.Owner)
	off := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Otto", Email: "otto@example.com"}, policy.Learner)
	h.ok(h.auth.Deactivate(h.admin, off.ID))
	src := h.source(hrsync.SourceInput{Columns: map[string]string{"external_id": "Key", "left": "Gone?"}})
	r := h.take(src, `Key,Email,Name,Department,Department code,Manager,Mentor,Language,Time zone,Hire date,Gone?,Effective,custom.shift
,a@example.com,A,,,,,,,,,,
1,b@example.com,B,sales,,,,,,,,,
1,c@example.com,C,,,,,,,,,,
2,nonsense,D,,,,,,,,,,
3,,E,,,,,,,,,,
4,b@example.com,F,,,,,,,,,,
5,f@example.com,G,Desk,,,,,,,,,
6,g@example.com,H,,X,,,,,,,,
7,h@example.com,I,,,99,,,,,,,
8,i@example.com,J,,,8,,,,,,,
9,j@example.com,K,,,,2,,,,,,
10,k@example.com,L,,,,,Klingon!,,,,,
11,l@example.com,M,,,,,,Mars,,,,
12,m@example.com,N,,,,,,,soon,,,
13,n@example.com,O,,,,,,,,,2027-01-01,
14,o@example.com,P,,,,,,,,,,night
15,olga@example.com,Olga,,,,,,,,yes,,
16,otto@example.com,Otto,,,,,,,,,,
17,p@example.com,Q,,,18,,,,,,,
18,q@example.com,R,,,17,,,,,,,
19,r@example.com,"=cmd|calc",,,,,,,,,,
`)
	h.is("reasons", h.rows(r),
		"2 refused passed A (external_id: This line has no external id. Fill in what the HR system calls the person.)",
		"3 create waiting B external_id[>1] email[>b@example.com] name[>B] department[>Sales]",
		"4 refused passed C (external_id: This external id stands in line 3 already. Leave one of both out.)",
		"5 refused passed D (email: This is no e-mail address. Correct it, for example “anna@example.com”.)",
		"6 refused passed E (email: A new person needs an e-mail address. Fill it in.)",
		"7 refused passed F (email: This e-mail stands in line 3 too. Correct one of both.)",
		"8 refused passed G (department: Several units are called “Desk”. Name its code, or its path, for example “Sales / North”.)",
		"9 refused passed H (department: No open unit has the code, path or name “X”. Correct it, add it first, or have this source make what is missing.)",
		"10 refused passed I (manager: Nobody is known as “99”. Correct it, or add them to the list.)",
		"11 refused passed J (manager: Nobody is their own manager. Choose another person.)",
		"12 refused passed K (mentor: “D” is refused in line 5. Mend that line first.)",
		"13 refused passed L (locale: This language is not known. Write it as “de” or “en-GB”.)",
		"14 refused passed M (time_zone: Choose a time zone from the list, for example “Europe/Berlin”.)",
		"15 refused passed N (hire_date: Write a day as year-month-day, for example 2026-03-31.)",
		"16 refused passed O (effective: This counts from 2027-01-01 on. Send it again then.)",
		"17 refused passed P (custom.shift: Choose one of: Early.)",
		"18 refused passed Olga (: An owner is not deactivated by a list. Take the role from them first, or deactivate them in the portal.)",
		"19 refused passed Otto (: This person was deactivated in the portal and not by this source. Reactivate them there first.)",
		"20 refused passed Q (manager: This makes a loop: Q → R → Q. Correct the managers of these people.)",
		"21 refused passed R (manager: This makes a loop: Q → R → Q. Correct the managers of these people.)",
		"22 create waiting =cmd|calc external_id[>19] email[>r@example.com] name[>=cmd|calc]")
	r = h.apply(r)
	if r.Done != 2 || r.Failed != 0 || len(h.people()) != 4 {
		t.Errorf("%+v %v", r, h.people())
	}
	if p, err := h.auth.Person(h.admin, owner.ID); err != nil || p.Status != auth.PersonActive {
		t.Errorf("%+v %v", p, err)
	}
	found, err := h.s.Rows(h.admin, r.ID, hrsync.Filter{Outcome: hrsync.OutcomeRefused, Query: "OTT", Page: page.Request{}})
	if err != nil || len(found.Items) != 1 || found.Items[0].Name != "Otto" {
		t.Errorf("%+v %v", found, err)
	}
	for list, want := range map[string]string{
		"":                        "This list is empty.",
		"name,email\nA,a@b.de\n":  "No column is called “Key”. Name it so, or say in the settings of the source what it is called.",
		"Key;E-Mail\n":            "This list is empty.",
		"Key;mail;email\n1;a;b\n": "",
		"PK\x03\x04":              "This is a workbook. Save it as CSV, then choose that file.",
		"{\"Key\":1}\n{":          "Entry 2 cannot be read. Write one JSON object a line.",
		`{"Key":{"a":1}}`:         "Entry 1 cannot be read: Key is no text, number or boolean.",
	} {
		_, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte(list)})
		if got := fault.Of(err).Fields["list"]; got == "" || want != "" && got != want {
			t.Errorf("%q: %v", list, err)
		}
	}
}

func TestManagersSwapTheirPlaces(t *testing.T) {
	t.Parallel()
	h := setup(t)
	src := h.source(hrsync.SourceInput{})
	line := func(id int, manager string) string {
		return fmt.Sprintf(`{"external_id":%d,"email":"p%d@example.com","name":"P%d","manager":%q}`, id, id, id, manager) + "\n"
	}
	h.bring(src, line(3, "2")+line(1, "")+line(2, "p1@example.com"))
	r := h.bring(src, line(1, "2")+line(2, "")+`{"external_id":"3"}`)
	h.is("swapped", h.rows(r), "1 update done P1 manager[>P2]", "2 update done P2 manager[P1>]")
	h.is("people", h.people(), "p1@example.com P1 active under P2", "p2@example.com P2 active", "p3@example.com P3 active under P2")
	spans, err := h.org.SpansOf(h.admin, h.id("p1@example.com"))
	if err != nil || len(spans) != 1 {
		t.Errorf("%+v %v", spans, err)
	}
}

func (h *house) id(email string) uid.ID {
	h.t.Helper()
	p, err := h.org.Named(h.admin, email)
	h.ok(err)
	return p
}

func TestARunIsUndone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	dept, err := h.org.AddUnit(h.admin, org.UnitInput{Kind: org.Department, Name: "Works", Code: "W"})
	h.ok(err)
	_, err = h.org.AddField(h.admin, org.FieldInput{Name: "Shift", Kind: org.FieldText, SeenBy: org.CircleRead, EditedBy: org.CircleManage})
	h.ok(err)
	known := storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: "Ada", Email: "ada@example.com"}, policy.Learner)
	src := h.source(hrsync.SourceInput{MakesUnits: true, Whole: true})
	h.bring(src, "id,email,name,department,manager,custom.shift\n1,ada@example.com,Ada,Works,,Late\n2,ben@example.com,Ben,Works,1,\n3,cy@example.com,Cy,Works,1,\n")
	before := h.people()
	second := h.bring(src, "id,email,name,department,manager,custom.shift\n1,ada@example.com,Ada Byron,Mill,2,Early\n2,ben@example.com,Ben,Works,,Late\n4,dan@example.com,Dan,Mill,1,\n")
	if second.Failed != 0 {
		t.Fatal(h.rows(second))
	}
	// Since then somebody gave Ada another name: that stays.
	h.ok(h.auth.UpdateProfile(storetest.As(t, h.ctx, h.World, known), auth.ProfileInput{Name: "Countess"}))
	undo, err := h.s.Undo(h.admin, second.ID)
	h.ok(err)
	if undo.Held != hrsync.HeldUndo || undo.Status != hrsync.StatusPlanned {
		t.Errorf("%+v", undo)
	}
	if _, err := h.s.Undo(h.admin, second.ID); err != nil {
		t.Errorf("planned anew: %v", err)
	}
	undo, err = h.s.Undo(h.admin, second.ID)
	h.ok(err)
	h.is("the plan", h.rows(undo),
		"0 return waiting Cy",
		"0 update waiting Ben custom.shift[Late>] manager[>Ada]",
		"0 update waiting Countess (name: Somebody changed this since; it stays as it is.) custom.shift[Early>Late] manager[Ben>] department[Mill>Works]",
		"0 leave waiting Dan",
		"0 leave waiting Mill")
	undo = h.apply(undo)
	if undo.Status != hrsync.StatusDone || undo.Failed != 0 {
		t.Errorf("%+v %v", undo, h.rows(undo))
	}
	var want []string
	for _, p := range before {
		want = append(want, strings.Replace(p, "Ada active", "Countess active", 1))
	}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "under Ada", "under Countess")
	}
	got := slices.DeleteFunc(h.people(), func(p string) bool { return strings.HasPrefix(p, "dan@") })
	h.is("as before", got, want...)
	if _, err := h.s.Undo(h.admin, second.ID); !errors.Is(err, hrsync.ErrUndone) {
		t.Errorf("twice: %v", err)
	}
	units, err := h.org.Units(h.admin, org.Department, org.When{}, false)
	if err != nil || len(units) != 1 || units[0].ID != dept.ID {
		t.Errorf("%+v %v", units, err)
	}
	// And the undoing is undone.
	again, err := h.s.Undo(h.admin, undo.ID)
	h.ok(err)
	if again = h.apply(again); again.Failed != 0 {
		t.Errorf("%+v %v", again, h.rows(again))
	}
	if got := strings.Join(h.people(), "\n"); !strings.Contains(got, "dan@example.com Dan active") || !strings.Contains(got, "cy@example.com Cy deactivated") {
		t.Error(got)
	}
}

func TestARunThatIsCutShortGoesOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	src := h.source(hrsync.SourceInput{MakesUnits: true})
	list := "id,email,name,department,manager\n"
	for i := range 620 {
		list += fmt.Sprintf("%d,p%d@example.com,P%d,Works,%s\n", i, i, i, map[bool]string{true: "0"}[i > 0])
	}
	r := h.take(src, list)
	_, err := h.s.Apply(h.admin, r.ID)
	h.ok(err)
	for _, after := range []int{1, 3} { // before the unit, and before the second batch of people
		if err := h.over(&dying{h.Store, after}).Work(h.ctx, r.ID); !errors.Is(err, errKilled) {
			t.Fatalf("killed after %d: %v", after, err)
		}
	}
	if r, err = h.s.Run(h.admin, r.ID); err != nil || r.Done != 2 || r.Status != hrsync.StatusRunning {
		t.Errorf("in the midst: %+v, %v", r, err)
	}
	if _, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte(list)}); !errors.Is(err, hrsync.ErrOpen) {
		t.Errorf("another meanwhile: %v", err)
	}
	h.ok(h.s.Work(h.ctx, r.ID))
	h.ok(h.s.Work(h.ctx, r.ID))
	if r, err = h.s.Run(h.admin, r.ID); err != nil || r.Done != 621 || r.Failed != 0 || r.Status != hrsync.StatusDone {
		t.Errorf("%+v, %v", r, err)
	}
	if r = h.take(src, list); r.Counts[hrsync.OutcomeSame] != 620 || r.Work() != 0 {
		t.Errorf("%+v", r)
	}
}

func TestLimitsHoldARunBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	src := h.source(hrsync.SourceInput{Whole: true, LeaversMax: 10, ChangesMax: 30, Auto: true})
	list := func(n int, name string) string {
		out := "id,email,name\n"
		for i := range n {
			out += fmt.Sprintf("%d,p%d@example.com,%s\n", i, i, name)
		}
		return out
	}
	send := func(list, key string) hrsync.Run {
		t.Helper()
		h.Now.Advance(time.Minute)
		r, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte(list), Key: key, Program: true})
		h.ok(err)
		return r
	}
	r := send(list(20, "A"), "one")
	if r.Held != hrsync.HeldChanges || r.Status != hrsync.StatusPlanned {
		t.Errorf("the first: %+v", r)
	}
	h.apply(r)
	if again := send(list(20, "A"), "one"); again.ID != r.ID || again.Status != hrsync.StatusDone {
		t.Errorf("the same key: %+v", again)
	}
	if _, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte(list(3, "A")), Key: "one", Program: true}); !errors.Is(err, hrsync.ErrKeyReused) {
		t.Errorf("the same key with another list: %v", err)
	}
	if r = send(list(17, "A"), ""); r.Held != hrsync.HeldLeavers {
		t.Errorf("three of twenty leave: %+v", r)
	}
	held := r
	if r = send(list(20, "B"), ""); r.Held != hrsync.HeldChanges {
		t.Errorf("all change: %+v", r)
	}
	if held, _ = h.s.Run(h.admin, held.ID); held.Status != hrsync.StatusDiscarded {
		t.Errorf("a newer list came: %+v", held)
	}
	if r = send(strings.Replace(list(19, "A"), ",A", ",Z", 1), ""); r.Held != "" || r.Status != hrsync.StatusRunning {
		t.Errorf("one of twenty leaves, one changes: %+v", r)
	}
	if r = h.apply(r); r.Done != 2 {
		t.Errorf("%+v", r)
	}
	// By hand it waits, and a list that cannot be read leaves a failed run behind where a program sent it.
	if r = h.take(src, strings.Replace(list(19, "A"), ",A", ",Y", 1)); r.Held != hrsync.HeldAsked {
		t.Errorf("%+v", r)
	}
	_, err := h.s.ChangeSource(h.admin, src.ID, -1, hrsync.SourceInput{Name: "Other", LeaversMax: 5, ChangesMax: 20})
	h.ok(err)
	if _, err := h.s.Apply(h.admin, r.ID); !errors.Is(err, hrsync.ErrStale) {
		t.Errorf("other settings: %v", err)
	}
	if _, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte("nonsense\n1\n"), Program: true}); fault.Of(err).Fields["list"] == "" {
		t.Error(err)
	}
	runs, err := h.s.Runs(h.admin, src.ID, page.Request{})
	if err != nil || runs.Items[0].Status != hrsync.StatusFailed || runs.Items[0].Problem == "" {
		t.Errorf("%+v %v", runs.Items[0], err)
	}
	h.ok(h.s.ArchiveSource(h.admin, src.ID, true))
	if _, err := h.s.Take(h.admin, src.ID, hrsync.Sent{Raw: []byte(list(1, "A"))}); !errors.Is(err, hrsync.ErrArchived) {
		t.Error(err)
	}
}

func TestUnitsComeAsAList(t *testing.T) {
	t.Parallel()
	h := setup(t)
	src := h.source(hrsync.SourceInput{Kind: hrsync.KindUnits, Whole: true})
	r := h.bring(src, "code,name,parent,kind\nN,North,S,\nS,Sales,C,department\nC,Company,,\nUlm,Ulm,,location\nX,Loop,Y,\nY,Pool,X,\nZ,,,\n")
	h.is("made from the top down", h.rows(r),
		"4 create done Company kind[>department] code[>C] name[>Company]",
		"5 create done Ulm kind[>location] code[>Ulm] name[>Ulm]",
		"6 refused passed Loop (parent: It cannot stand below itself. Choose another place.)",
		"7 refused passed Pool (parent: It cannot stand below itself. Choose another place.)",
		"8 refused passed  (name: A new unit needs a name. Fill it in.)",
		"3 create done Sales kind[>department] code[>S] name[>Sales] parent[>Company]",
		"2 create done North kind[>department] code[>N] name[>North] parent[>Sales]")
	tree := func() (out []string) {
		list, err := h.org.Units(h.admin, org.Department, org.When{}, true)
		h.ok(err)
		for _, u := range list {
			out = append(out, fmt.Sprintf("%s %s %v", u.Code, u.Path, u.ClosedAt != nil))
		}
		return out
	}
	h.is("the tree", tree(), "C Company false", "S Company / Sales false", "N Company / Sales / North false")
	before := h.written()
	if r = h.take(src, "code;name;parent;kind\nN;North;S;\nS;Sales;C;department\nC;Company;;\nUlm;Ulm;;location\n"); r.Work() != 0 || r.Counts[hrsync.OutcomeSame] != 4 {
		t.Errorf("%+v", r)
	}
	h.is("written by the same", h.written(), before...)
	r = h.bring(src, "code,name,parent,closed\nS,Vertrieb,,\nC,Company,S,\nN,,,yes\n")
	if r.Failed != 0 {
		t.Error(h.rows(r))
	}
	h.is("turned over, and the north closed; locations were not listed", tree(), "S Vertrieb false", "C Vertrieb / Company false", "N Vertrieb / North true")
	undo, err := h.s.Undo(h.admin, r.ID)
	h.ok(err)
	if undo = h.apply(undo); undo.Failed != 0 {
		t.Error(h.rows(undo))
	}
	h.is("undone", tree(), "C Company false", "S Company / Sales false", "N Company / Sales / North false")
}

func TestAnotherPortalsSourcesAreNotThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	src := h.source(hrsync.SourceInput{})
	r := h.take(src, "id,email,name\n1,a@example.com,A\n")
	other := h.Tenant(t)
	ctx := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	_, show := h.s.Source(ctx, src.ID)
	_, take := h.s.Take(ctx, src.ID, hrsync.Sent{Raw: []byte("id\n1\n")})
	_, change := h.s.ChangeSource(ctx, src.ID, -1, hrsync.SourceInput{Name: "Mine"})
	_, runs := h.s.Runs(ctx, src.ID, page.Request{})
	for i, err := range []error{show, take, change, runs, h.s.ArchiveSource(ctx, src.ID, true)} {
		if !errors.Is(err, hrsync.ErrNoSource) {
			t.Errorf("source, %d: %v", i, err)
		}
	}
	_, see := h.s.Run(ctx, r.ID)
	_, rows := h.s.Rows(ctx, r.ID, hrsync.Filter{})
	_, apply := h.s.Apply(ctx, r.ID)
	_, undo := h.s.Undo(ctx, r.ID)
	for i, err := range []error{see, rows, apply, undo, h.s.Discard(ctx, r.ID)} {
		if !errors.Is(err, hrsync.ErrNoRun) {
			t.Errorf("run, %d: %v", i, err)
		}
	}
	h.ok(h.s.Work(other, r.ID))
	if list, err := h.s.Sources(ctx); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	learner := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Learner))
	_, take = h.s.Take(learner, src.ID, hrsync.Sent{Raw: []byte("id\n1\n")})
	_, add := h.s.AddSource(learner, hrsync.SourceInput{Name: "X", Kind: hrsync.KindPeople})
	_, apply = h.s.Apply(learner, r.ID)
	_, undo = h.s.Undo(learner, r.ID)
	for i, err := range []error{take, add, apply, undo, h.s.Discard(learner, r.ID)} {
		if !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("a learner, %d: %v", i, err)
		}
	}
}

// TestAnyListComesInOnceAndIsUndone brings lists of chance in: the same list once more changes nothing, and an undone one leaves everybody as
// they were, but for who was made by it.
func TestAnyListComesInOnceAndIsUndone(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test's
			src := h.source(hrsync.SourceInput{MakesUnits: true, Whole: seed%2 == 0})
			pick := func(of ...string) string { return of[r.IntN(len(of))] }
			list := func() string {
				out := "id,email,name,department,position,manager,mentor,cost center,left\n"
				for _, i := range r.Perm(9)[:4+r.IntN(5)] {
					manager := pick("", fmt.Sprint(r.IntN(9)), fmt.Sprintf("p%d@example.com", r.IntN(9)))
					out += fmt.Sprintf("%d,p%d@example.com,%s,%s,%s,%s,%s,%s,%s\n", i, i, pick("A", "B", "C"), pick("", "X", "X / Y", "Z"), pick("", "Clerk", "Chief"), manager, pick("", fmt.Sprint(r.IntN(9))), pick("", "1"), pick("", "", "", "yes"))
				}
				return out
			}
			h.bring(src, list())
			for round := range 6 {
				before := h.people()
				now := list()
				run := h.bring(src, now)
				if again := h.take(src, now); again.Work() != 0 {
					t.Fatalf("round %d, the same once more:\n%s\n%s\n%s", round, now, strings.Join(h.rows(run), "\n"), strings.Join(h.rows(again), "\n"))
				}
				if run.Work() == 0 || round%2 == 0 {
					continue
				}
				undo, err := h.s.Undo(h.admin, run.ID)
				h.ok(err)
				if undo.Work() > 0 {
					undo = h.apply(undo)
				}
				if undo.Failed > 0 { // an undoing closed the department in which only people were who had left
					if got := strings.Join(h.rows(undo), "\n"); !strings.Contains(got, "It is closed. Open it again first.") {
						t.Fatal(got)
					}
					continue
				}
				after := slices.DeleteFunc(h.people(), func(p string) bool {
					email, _, _ := strings.Cut(p, " ")
					return !slices.ContainsFunc(before, func(b string) bool { return strings.HasPrefix(b, email+" ") })
				})
				if !slices.Equal(after, before) {
					t.Fatalf("round %d, undone:\n%s\nwas:\n%s\nby:\n%s\n%s", round, strings.Join(after, "\n"), strings.Join(before, "\n"), strings.Join(h.rows(run), "\n"), strings.Join(h.rows(undo), "\n"))
				}
			}
		})
	}
}
