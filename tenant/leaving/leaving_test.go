package leaving_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/leaving"
	"lyceum/tenant/life"
)

// house is a leaving service whose outer steps are played: each notes its call, and fails or kills where the test says.
type house struct {
	*storetest.World
	s       *leaving.Service
	tenants *tenant.Service
	did     []string
	failAt  string // the step that fails once
	// unreached is whose mails fail.
	unreached string
	mails     []string
}

var errKilled = errors.New("killed")

func (h *house) step(name string) error {
	h.did = append(h.did, name)
	if h.failAt == name {
		h.failAt = ""
		return errKilled
	}
	return nil
}

func (h *house) RemoveTenantFiles(context.Context, tenant.Tenant) error { return h.step("files") }
func (h *house) End(context.Context, uid.ID) error                      { return h.step("payments") }
func (h *house) RemoveJobs(context.Context, uid.ID) (int64, error)      { return 3, h.step("jobs") }
func (h *house) Make(context.Context, tenant.Tenant) error              { return nil }
func (h *house) Version() int                                           { return 1 }
func (h *house) Drop(ctx context.Context, t tenant.Tenant) error {
	if err := h.step("schema"); err != nil {
		return err
	}
	_, err := h.Admin.Exec(ctx, "drop schema if exists "+t.SchemaName+" cascade")
	return err
}

func (h *house) Leaving(_ context.Context, kind string, _ leaving.Leaving, to leaving.Recipient) error {
	if to.Email == h.unreached {
		return errKilled
	}
	h.mails = append(h.mails, kind+" "+to.Email)
	return nil
}

func setup(t *testing.T) *house {
	t.Helper()
	h := &house{World: storetest.New(t)}
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	h.tenants = tenant.New(tenant.Options{Keep: h.Store, Schemas: h, Files: h, Now: h.Now.Clock()})
	h.s = leaving.New(leaving.Options{
		Keep: h.Store, Tenants: h.tenants, Schemas: h, Files: h, Jobs: h, Payments: h, Mails: h, Seal: key, Now: h.Now.Clock(), Log: slog.New(slog.DiscardHandler),
		Hosts: tenant.Hosts{Scheme: "https", Platform: "lyceum.example", Base: "example"},
		People: func(ctx context.Context, id uid.ID) (p auth.Person, err error) {
			err = h.Store.InTenant(ctx, func(ctx context.Context) error { p, err = h.Store.PersonByID(ctx, id); return err })
			return p, err
		},
	})
	h.tenants.Eraser = h.s
	return h
}

// owned is a tenant with its owner's context.
func (h *house) owned(t *testing.T) (tenant.Tenant, context.Context) {
	t.Helper()
	tn := h.TenantRow(t)
	ctx := tenant.With(t.Context(), tn)
	return tn, storetest.As(t, ctx, h.World, storetest.Person(t, ctx, h.World, policy.Owner))
}

func (h *house) row(t *testing.T, id uid.ID) tenant.Tenant {
	t.Helper()
	tn, err := h.Store.TenantByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return tn
}

// The round that erases takes a while: an owner may take their wish back after it was read and before their portal's turn.
func TestAPortalThatIsKeptDuringTheRoundIsNotErased(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	if _, err := h.s.Ask(owner, tn.Slug); err != nil {
		t.Fatal(err)
	}
	h.Now.Advance(leaving.CoolingOff*24*time.Hour + time.Minute)
	h.s.Holds = func(_ context.Context, at tenant.Tenant) bool {
		if at.ID == tn.ID {
			if err := h.s.Stay(owner); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	if err := h.s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.row(t, tn.ID); got.Status != tenant.StatusActive || got.LeavesAt != nil || len(h.did) != 0 {
		t.Errorf("the portal is %s, leaves at %v, and lost %v", got.Status, got.LeavesAt, h.did)
	}
}

func TestAPortalRestsByItsOwnersWish(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	other, _ := h.owned(t)
	stands := func(want life.State) {
		t.Helper()
		if got := h.row(t, tn.ID); got.Life != want {
			t.Errorf("it stands at %s, want %s", got.Life, want)
		}
	}
	for range 2 {
		if err := h.s.Pause(owner); err != nil {
			t.Fatal(err)
		}
	}
	stands(life.ReadOnly)
	if h.row(t, other.ID).PausedAt != nil {
		t.Error("another portal rests")
	}
	if _, err := h.s.Ask(owner, tn.Slug); err != nil {
		t.Fatal(err)
	}
	stands(life.ExportReady)
	if err := h.s.Stay(owner); err != nil {
		t.Fatal(err)
	}
	stands(life.ReadOnly) // it rests as before
	for range 2 {
		if err := h.s.Resume(owner); err != nil {
			t.Fatal(err)
		}
	}
	stands(life.Active)
	if got := strings.Join(storetest.EventTypes(t, owner, h.World, tn.ID), " "); strings.Count(got, "portal.paused") != 1 || strings.Count(got, "portal.went_on") != 1 {
		t.Errorf("its own log says %s", got)
	}
	admin := storetest.As(t, tenant.With(t.Context(), tn), h.World, storetest.Person(t, owner, h.World, policy.Admin))
	if err := h.s.Pause(admin); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("an admin pauses: %v", err)
	}
}

// All owners are told, once each, and the receipt reaches them too, though by then nothing of the portal is left to know them by.
func TestEveryOwnerIsTold(t *testing.T) {
	h := setup(t)
	h.s.Owners = func(ctx context.Context) (list []auth.Person, err error) {
		err = h.Store.InTenant(ctx, func(ctx context.Context) error {
			people, err := h.Store.PeopleInRoles(ctx, []policy.Role{policy.Owner}, 10)
			for _, p := range people {
				list = append(list, p.Person)
			}
			return err
		})
		return list, err
	}
	tn, owner := h.owned(t)
	h.owned(t) // the owners of another portal are told of nothing
	storetest.Person(t, owner, h.World, policy.Admin)
	second := storetest.Person(t, owner, h.World, policy.Owner).Email
	l, err := h.s.Ask(owner, tn.Slug)
	if err != nil {
		t.Fatal(err)
	}
	told := func(kind string, to ...string) {
		t.Helper()
		var want []string
		for _, email := range to {
			want = append(want, kind+" "+email)
		}
		slices.Sort(want)
		slices.Sort(h.mails)
		if !slices.Equal(h.mails, want) {
			t.Errorf("told were %q, want %q", h.mails, want)
		}
		h.mails = nil
	}
	run := func() {
		t.Helper()
		if err := h.s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	told("asked", l.ByEmail, second)
	h.unreached = second
	h.Now.Advance((leaving.CoolingOff-2)*24*time.Hour + time.Minute)
	run()
	run()
	told("warned", l.ByEmail) // and not again because of who could not be reached
	h.Now.Advance(2 * 24 * time.Hour)
	run()
	run()
	told("erased", l.ByEmail)
	h.unreached = ""
	run()
	run()
	told("erased", second)
	if done, err := h.s.ByToken(t.Context(), l.Token); err != nil || len(done.Recipients) != 0 || done.MailedAt == nil {
		t.Errorf("addresses are kept when nobody is left to tell: %+v (%v)", done, err)
	}
}

// What an owner's key asks for is an owner's wish; and a portal that could not be updated, whose people cannot be read, is erased all the same.
func TestAKeyAsksForItsOwnerAndAnOldShapeStopsNoErasure(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	h.s.Owners = func(context.Context) ([]auth.Person, error) { return nil, tenant.ErrSchemaVersion }
	who, _ := auth.PrincipalFrom(owner)
	l, err := h.s.Ask(event.WithActor(owner, event.Actor{Kind: "api_key", ID: who.PersonID}), tn.Slug)
	if err != nil || !l.ByPerson() || l.ByEmail == "" {
		t.Fatalf("%+v (%v)", l, err)
	}
	h.Now.Advance((leaving.CoolingOff + 1) * 24 * time.Hour)
	if err := h.s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(h.mails, ", "), "asked "+l.ByEmail+", erased "+l.ByEmail; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestAPortalThatIsBeingDeletedIsNotKept(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	if _, err := h.s.Ask(owner, tn.Slug); err != nil {
		t.Fatal(err)
	}
	err := h.Store.InControl(t.Context(), func(ctx context.Context) error {
		return h.Store.ChangeStatus(ctx, tn.ID, []tenant.Status{tenant.StatusActive}, tenant.StatusDeleting, "", h.Now.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.s.Restore(t.Context(), tn.Slug); !errors.Is(err, leaving.ErrGoing) {
		t.Errorf("a portal on its way out was kept: %v", err)
	}
	h.Now.Advance((leaving.CoolingOff + 1) * 24 * time.Hour)
	if err := h.s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAnOwnerLeavesAfterDaysToThinkAndGetsAReceiptThatHolds(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	other, _ := h.owned(t)
	if _, err := h.s.Ask(owner, "something else"); fault.Of(err).Fields["confirm"] != "Type “"+tn.Slug+"” to have this portal erased." {
		t.Errorf("another name: %v", err)
	}
	l, err := h.s.Ask(owner, tn.Slug)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.s.Ask(owner, " "+tn.Slug+" ")
	if err != nil || again.ID != l.ID || !again.EraseAt.Equal(l.EraseAt) {
		t.Errorf("asked again: %+v (%v)", again, err)
	}
	if got := h.row(t, tn.ID); got.Life != life.ExportReady || got.LeavesAt == nil || !got.LeavesAt.Equal(h.Now.Now().AddDate(0, 0, leaving.CoolingOff)) {
		t.Errorf("it stands at %s until %v", got.Life, got.LeavesAt)
	}
	run := func() {
		t.Helper()
		if err := h.s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	run()
	h.Now.Advance((leaving.CoolingOff-2)*24*time.Hour + time.Minute)
	run()
	run() // the warning comes once
	if len(h.did) != 0 {
		t.Errorf("before its day it lost %v", h.did)
	}
	h.Now.Advance(2 * 24 * time.Hour)
	run()
	run()
	if got := strings.Join(h.did, " "); got != "payments jobs files schema files" {
		t.Errorf("the steps were %s", got)
	}
	if _, err := h.Store.TenantByID(t.Context(), tn.ID); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("the tenant is still there: %v", err)
	}
	if h.row(t, other.ID).Status != tenant.StatusActive {
		t.Error("another tenant was touched")
	}
	mail := l.ByEmail
	if got, want := strings.Join(h.mails, ", "), "asked "+mail+", asked "+mail+", warned "+mail+", erased "+mail; got != want {
		t.Errorf("the owner was told %s, want %s", got, want)
	}

	done, err := h.s.ByToken(t.Context(), l.Token)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := h.s.Keys()
	if err != nil {
		t.Fatal(err)
	}
	r, err := leaving.Verify(done.Receipt, keys)
	if err != nil || r.Address != tn.Slug || r.AskedBy != "system" && r.AskedBy != "person" || len(r.Steps) != len(leaving.Steps()) || r.Steps[0].Counts["people"] != 1 {
		t.Errorf("the receipt says %+v (%v)", r, err)
	}
	parts := strings.Split(done.Receipt, ".")
	for _, forged := range []string{parts[0] + "." + parts[1][:len(parts[1])-2] + "AA." + parts[2], parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), "x", ""} {
		if _, err := leaving.Verify(forged, keys); err == nil {
			t.Errorf("%.40s… is taken for a receipt", forged)
		}
	}
	if _, err := h.s.ByToken(t.Context(), uid.Opaque(40)); !errors.Is(err, leaving.ErrNotFound) {
		t.Errorf("another address: %v", err)
	}
}

func TestWhoThinksAgainKeepsEverything(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	if err := h.s.Stay(owner); !errors.Is(err, leaving.ErrNotLeaving) {
		t.Errorf("nobody leaves: %v", err)
	}
	first, err := h.s.Ask(owner, tn.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.s.Stay(owner); err != nil {
		t.Fatal(err)
	}
	if got := h.row(t, tn.ID); got.Life != life.Active || got.LeavesAt != nil {
		t.Errorf("it stands at %s until %v", got.Life, got.LeavesAt)
	}
	h.Now.Advance(30 * 24 * time.Hour)
	if err := h.s.Run(t.Context()); err != nil || len(h.did) != 0 {
		t.Errorf("a wish taken back still erased %v (%v)", h.did, err)
	}
	second, err := h.s.Ask(owner, tn.Slug)
	if err != nil || second.ID == first.ID {
		t.Errorf("a second wish: %+v (%v)", second, err)
	}
	steps, err := h.tenants.Steps(t.Context(), tn.ID)
	var to []life.State
	for _, s := range steps {
		to = append(to, s.ToState)
	}
	if err != nil || len(to) != 3 || to[0] != life.ExportReady || to[1] != life.Active || to[2] != life.ExportReady {
		t.Errorf("the steps are %v (%v)", to, err)
	}
	for range 2 { // told once
		if err := h.tenants.TellSteps(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := storetest.EventTypes(t, owner, h.World, tn.ID); strings.Count(strings.Join(got, " "), "portal.state_changed") != 3 || strings.Count(strings.Join(got, " "), "portal.leaving_asked") != 2 {
		t.Errorf("its own log says %v", got)
	}
}

func TestOnlyOwnersGo(t *testing.T) {
	h := setup(t)
	tn := h.TenantRow(t)
	ctx := tenant.With(t.Context(), tn)
	for _, role := range []policy.Role{policy.Admin, policy.Instructor, policy.Manager, policy.Learner} {
		who := storetest.As(t, ctx, h.World, storetest.Person(t, ctx, h.World, role))
		if _, err := h.s.Ask(who, tn.Slug); !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("%s asks: %v", role, err)
		}
		if err := h.s.Stay(who); !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("%s stays: %v", role, err)
		}
		if _, err := h.s.Current(who); !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("%s looks: %v", role, err)
		}
	}
}

// An erasure that is cut short at any step goes on where it was, does no step that is done again, and gives one receipt.
func TestAnErasureThatIsCutShortGoesOn(t *testing.T) {
	for _, at := range []string{"payments", "jobs", "files", "schema"} {
		h := setup(t)
		tn, _ := h.owned(t)
		h.failAt = at
		if err := h.tenants.Delete(t.Context(), tn.Slug, tn.Slug, "asked for by phone"); !errors.Is(err, errKilled) {
			t.Fatalf("%s: %v", at, err)
		}
		if got := h.row(t, tn.ID); got.Status != tenant.StatusDeleting || got.Life != life.Erased {
			t.Errorf("%s: it is %s, %s", at, got.Status, got.Life)
		}
		if err := h.s.Restore(t.Context(), tn.Slug); !errors.Is(err, leaving.ErrGoing) {
			t.Errorf("%s: kept in the middle: %v", at, err)
		}
		h.Now.Advance(2 * time.Minute)
		if _, err := h.tenants.FinishAll(t.Context()); err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		times := map[string]int{}
		for _, d := range h.did {
			times[d]++
		}
		times["files"]-- // they are removed twice in any case
		times[at]--      // and this one was tried twice
		if times["payments"] != 1 || times["jobs"] != 1 || times["schema"] != 1 || times["files"] != 1 {
			t.Errorf("%s: the steps were %v", at, h.did)
		}
		list, err := h.s.Of(t.Context(), tn.Slug)
		if err != nil || len(list) != 1 || list[0].Receipt == "" || list[0].MailedAt == nil {
			t.Errorf("%s: %+v (%v)", at, list, err)
		}
	}
}

// The process dies after the tenant's row is gone and before that is noted: the next run still writes the receipt.
func TestAReceiptIsWrittenThoughTheProcessDiedAfterTheLastStep(t *testing.T) {
	h := setup(t)
	tn, owner := h.owned(t)
	l, err := h.s.Ask(owner, tn.Slug)
	if err != nil {
		t.Fatal(err)
	}
	h.Now.Advance((leaving.CoolingOff + 1) * 24 * time.Hour)
	if err := h.Store.RemoveTenant(t.Context(), tn.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := h.s.ByToken(t.Context(), l.Token); err != nil || done.ErasedAt == nil {
		t.Errorf("%+v (%v)", done, err)
	}
}
