package signon_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// unique is a domain that no other test has: a proven domain belongs to one tenant of the whole database.
func unique(suffix string) string { return "d" + uid.Opaque(14) + suffix }

func TestADomainIsBroughtIntoTheFormOfTheDNSOrRefusedWithAReason(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	name := unique(".example")
	for typed, want := range map[string]string{
		" @" + strings.ToUpper(name) + ". ":  name,
		"sub." + name:                        "sub." + name,
		"XN--BCHER-KVA." + name:              "xn--bcher-kva." + name,
		"mail.example.co.uk":                 "mail.example.co.uk",
		strings.Repeat("a", 63) + "." + name: strings.Repeat("a", 63) + "." + name,
		"straße." + name:                     "xn--strae-oqa." + name,
		"ＡＣＭＥ." + name:                       "acme." + name,
	} {
		d, err := o.signon.AddDomain(admin, typed)
		if err != nil {
			t.Errorf("%q: %v", typed, err)
			continue
		}
		if d.Domain != want {
			t.Errorf("%q is kept as %q, want %q", typed, d.Domain, want)
		}
	}
	for typed, why := range map[string]string{
		"": "Enter a domain", "acme": "Enter a domain", "a b.com": "Enter a domain", "192.0.2.1": "Enter a domain", "-a.example": "Enter a domain", "a..example": "Enter a domain",
		"[192.0.2.1]": "Enter a domain", strings.Repeat("a", 64) + ".example": "Enter a domain", strings.Repeat("abcdefgh.", 30) + "example": "Enter a domain", "*.acme.com": "Enter a domain",
		"co.uk": "nobody's alone", "github.io": "nobody's alone", "gov.uk": "nobody's alone",
		"gmail.com": "mail provider", "GMAIL.com": "mail provider", "mail.gmail.com": "mail provider", "yahoo.co.uk": "mail provider", "hotmail.de": "mail provider",
		"web.de": "mail provider", "outlook.com": "mail provider", "qq.com": "mail provider", "proton.me": "mail provider",
	} {
		_, err := o.signon.AddDomain(admin, typed)
		if f := fault.Of(err); f.Kind != fault.KindInvalid || !strings.Contains(f.Fields["domain"], why) {
			t.Errorf("%q: %v, want %q", typed, err, why)
		}
	}
	if _, err := o.signon.AddDomain(admin, name); !errors.Is(err, signon.ErrDomainHere) {
		t.Errorf("the same again: %v", err)
	}
}

func TestADomainIsProvenByItsRecordHoweverItWasPasted(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	for name, place := range map[string]func(d signon.Domain) (string, []string){
		"at the label": func(d signon.Domain) (string, []string) { return d.RecordName(), []string{d.RecordValue()} },
		"at the domain itself": func(d signon.Domain) (string, []string) {
			return d.Domain, []string{"v=spf1 -all", d.RecordValue(), "other"}
		},
		"in quotes, in capitals": func(d signon.Domain) (string, []string) {
			return d.RecordName(), []string{` "` + strings.ToUpper(d.RecordValue()) + `" `}
		},
	} {
		d, err := o.signon.AddDomain(admin, unique(".example"))
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range [][]string{nil, {"lyceum-verification="}, {"lyceum-verification=" + uid.Opaque(32)}, {d.Token}, {d.RecordValue() + "x"}} {
			o.dns.set(d.RecordName()+".", wrong...)
			if _, err := o.signon.VerifyDomain(admin, d.Domain); !errors.Is(err, signon.ErrDomainUnproven) {
				t.Errorf("with %q: %v", wrong, err)
			}
		}
		o.dns.set(d.RecordName() + ".")
		at, values := place(d)
		o.dns.set(at+".", values...)
		got, err := o.signon.VerifyDomain(admin, strings.ToUpper(d.Domain))
		if err != nil || !got.Verified() || o.claimed(d.Domain) != o.id(o.ctx) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if n := o.happened("domain.verified"); n != 3 {
		t.Errorf("%d times told, want 3", n)
	}
	d, err := o.signon.AddDomain(admin, unique(".example"))
	if err != nil {
		t.Fatal(err)
	}
	o.dns.fail(true)
	if _, err := o.signon.VerifyDomain(admin, d.Domain); !errors.Is(err, signon.ErrDNS) {
		t.Errorf("a DNS that does not answer: %v", err)
	}
	for _, name := range o.dns.asked {
		if !strings.HasSuffix(name, ".") {
			t.Errorf("asked for %q, behind which this machine may put its own domain", name)
		}
	}
}

func TestADomainBelongsToOneTenantAndTheOtherIsNotTold(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	name := unique(".example")
	mine, theirs := o.admin(o.ctx), o.admin(o.other)
	add := func(ctx context.Context) signon.Domain {
		d, err := o.signon.AddDomain(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	a, b := add(mine), add(theirs)
	if a.Token == b.Token {
		t.Fatal("two tenants have the same token: who copies the record proves the domain for both")
	}
	o.dns.set(a.RecordName()+".", a.RecordValue(), b.RecordValue())
	var wg sync.WaitGroup
	results := make([]error, 2)
	for i, ctx := range []context.Context{mine, theirs} {
		wg.Go(func() { _, results[i] = o.signon.VerifyDomain(ctx, name) })
	}
	wg.Wait()
	won, lost := mine, theirs
	if results[0] != nil {
		won, lost = theirs, mine
		results[0], results[1] = results[1], results[0]
	}
	if results[0] != nil || !errors.Is(results[1], signon.ErrDomainElsewhere) || o.claimed(name) != o.id(won) {
		t.Fatalf("verified at once: %v", results)
	}
	if tn := fault.Of(results[1]).Text; strings.Contains(tn, "Test ") {
		t.Errorf("the refusal names the other: %s", tn)
	}
	list, err := o.signon.Domains(lost)
	if err != nil || len(list) != 1 || list[0].Verified() {
		t.Errorf("the loser has %+v, %v", list, err)
	}
	if err := o.signon.RemoveDomain(won, name); err != nil || o.claimed(name) != uid.Nil {
		t.Fatalf("removed: %v, still claimed", err)
	}
	if _, err := o.signon.VerifyDomain(lost, name); err != nil || o.claimed(name) != o.id(lost) {
		t.Errorf("given free, and still not to be had: %v", err)
	}
	if _, err := o.signon.Domain(won, name); !errors.Is(err, signon.ErrDomainNotFound) {
		t.Errorf("another tenant's domain: %v", err)
	}
}

func TestACrashBetweenTheClaimAndItsNoteIsMended(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	d, err := o.signon.AddDomain(admin, unique(".example"))
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string) {
		err := o.w.Store.InControl(o.ctx, func(ctx context.Context) error {
			_, err := o.w.Store.ClaimEmailDomain(ctx, name, o.id(o.ctx), o.w.Now.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	claim(d.Domain) // and then the process died
	o.dns.set(d.RecordName()+".", d.RecordValue())
	if err := o.signon.CheckDomains(o.ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := o.signon.Domain(admin, d.Domain); err != nil || !got.Verified() {
		t.Errorf("the chore has not ended what was begun: %+v, %v", got, err)
	}
	stray := unique(".example")
	claim(stray) // left by a removal that died in the middle
	if err := o.signon.CheckDomains(o.ctx); err != nil || o.claimed(stray) != uid.Nil {
		t.Errorf("a stray claim stays: %v", err)
	}
	if o.claimed(d.Domain) != o.id(o.ctx) {
		t.Error("a claim that is needed was given free")
	}
}

func TestADomainWhoseRecordIsGoneIsWarnedOfOnceAndLostAfterTwoWeeks(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	d, err := o.signon.AddDomain(admin, unique(".example"))
	if err != nil {
		t.Fatal(err)
	}
	record := d.RecordName() + "."
	check := func(wait time.Duration, verified, missing bool) {
		t.Helper()
		o.w.Now.Advance(wait)
		if err := o.signon.CheckDomains(o.ctx); err != nil {
			t.Fatal(err)
		}
		got, err := o.signon.Domain(admin, d.Domain)
		if err != nil || got.Verified() != verified || (got.MissingSince != nil) != missing {
			t.Fatalf("after %s: %+v, %v; want verified %v, missing %v", wait, got, err, verified, missing)
		}
	}
	o.dns.set(record, d.RecordValue())
	check(0, true, false)
	o.dns.fail(true)
	check(day, true, false) // silence is no answer
	o.dns.fail(false)
	o.dns.set(record)
	check(0, true, true)
	check(day, true, true)
	o.dns.set(record, d.RecordValue())
	check(day, true, false)
	o.dns.set(record)
	check(day, true, true)
	check(13*day, true, true)
	if warned, lost := o.happened("domain.warned"), o.happened("domain.lost"); warned != 2 || lost != 0 {
		t.Fatalf("warned %d times, lost %d times", warned, lost)
	}
	check(day, false, false)
	if o.happened("domain.lost") != 1 || o.claimed(d.Domain) != uid.Nil {
		t.Error("lost, and nobody was told, or nobody else can have it")
	}
	asked := len(o.dns.asked)
	check(time.Hour, false, false)
	if len(o.dns.asked) != asked {
		t.Error("the DNS is asked more than once a day")
	}
	o.dns.set(record, d.RecordValue())
	check(day, true, false)
}

func TestOnlyWhoLooksAfterSignOnSeesDomains(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	learner, _ := storetest.Learner(t, o.ctx, o.w)
	for name, ctx := range map[string]context.Context{"a learner": learner, "a stranger": o.ctx} {
		_, list := o.signon.Domains(ctx)
		_, add := o.signon.AddDomain(ctx, unique(".example"))
		_, verify := o.signon.VerifyDomain(ctx, "acme.example")
		_, change := o.signon.ChangeDomain(ctx, "acme.example", signon.DomainInput{})
		for what, err := range map[string]error{"list": list, "add": add, "verify": verify, "change": change, "remove": o.signon.RemoveDomain(ctx, "acme.example")} {
			if !errors.Is(err, policy.ErrForbidden) && !errors.Is(err, auth.ErrSignInFirst) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

func TestAnAddressLeadsToItsDomainsConnectionWhetherOrNotThereIsSuchAPerson(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	on, off := o.connection("Entra", signon.StatusOn), o.connection("Okta", signon.StatusOff)
	o.domain("led.example", func(d *signon.Domain) { d.ConnectionID = &on.ID })
	o.domain("dark.example", func(d *signon.Domain) { d.ConnectionID = &off.ID })
	o.domain("xn--bcher-kva.example", func(d *signon.Domain) { d.ConnectionID = &on.ID })
	o.domain("lost.example", func(d *signon.Domain) { d.ConnectionID, d.VerifiedAt = &on.ID, nil })
	o.person("anna@led.example", policy.Learner)
	for email, led := range map[string]bool{
		"anna@led.example": true, "nobody@led.example": true, "ANNA@LED.EXAMPLE": true, "x@bücher.example": true,
		"x@sub.led.example": false, "x@dark.example": false, "x@lost.example": false, "x@elsewhere.example": false, "": false, "no mail": false, "x@": false,
	} {
		next, err := o.signon.Discover(o.ctx, email)
		if err != nil || (next.Offer != nil) != led || led && next.Offer.ID != on.ID {
			t.Errorf("%q: %+v, %v", email, next, err)
		}
		if next, err = o.signon.Discover(o.other, email); err != nil || next.Offer != nil {
			t.Errorf("%q at another portal: %+v, %v", email, next, err)
		}
	}
	o.rules(signon.Rules{Portal: signon.Rule{Require: signon.RequirementRequired}})
	if next, err := o.signon.Discover(o.ctx, "x@elsewhere.example"); err != nil || next.Offer == nil || next.Offer.ID != on.ID || !next.Required {
		t.Errorf("where the only connection is required: %+v, %v", next, err)
	}
}
