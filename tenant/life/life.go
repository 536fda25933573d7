// Package life is where an organization stands, from its first minute to its last: the states, what leads from one to another, and
// what may still be done in each. It is pure. Nothing puts a state down by hand: it is worked out (Of) in the transaction of
// whatever changes it, and a step that the table does not have is refused there.
package life

import "slices"

// State is where an organization stands.
type State string

// The states, in the order in which an organization that pays no longer, or goes, comes through them.
const (
	Provisioning State = "provisioning" // the portal is being made
	Trial        State = "trial"        // everything works, nothing is charged
	Active       State = "active"       // everything works
	PastDue      State = "past_due"     // everything works, money is waited for
	ReadOnly     State = "read_only"    // nothing is written but what Allows says; people go on learning
	Suspended    State = "suspended"    // the portal is closed
	ExportReady  State = "export_ready" // it is to be erased; until then everything can be taken out and nothing is written
	Erased       State = "erased"       // everything is gone, or going
)

// States lists them in order.
func States() []State {
	return []State{Provisioning, Trial, Active, PastDue, ReadOnly, Suspended, ExportReady, Erased}
}

// Facts is what a state is worked out from.
type Facts struct {
	Status  string // of the portal: provisioning, active, suspended, deleting (tenant.Status)
	Billing string // of the subscription (subscription.State); "": there is none
	Leaving bool   // its owner wishes to go and the day is set
	Paused  bool   // its owner lets it rest
}

// Of works out the state. A portal that somebody closed is closed whatever its bill says; one that rests is read-only as long as nothing
// closes it.
func Of(f Facts) State {
	over := f.Leaving || slices.Contains([]string{"cancelled", "retained", "erased"}, f.Billing)
	switch {
	case f.Status == "provisioning":
		return Provisioning
	case f.Status == "deleting":
		return Erased
	case over:
		return ExportReady
	case f.Status == "suspended":
		return Suspended
	}
	switch {
	case f.Billing == "suspended":
		return Suspended
	case f.Billing == "read_only", f.Paused:
		return ReadOnly
	case f.Billing == "trial":
		return Trial
	case f.Billing == "past_due", f.Billing == "grace":
		return PastDue
	}
	return Active
}

// Transition is a line of the table.
type Transition struct {
	From, To State
	By       string // who or what leads there
}

// Table is everything that leads from one state to another.
var Table = slices.Concat(
	from(Provisioning, "the portal is ready", Trial, Active),
	from(Provisioning, "the portal is ready late, its bill went on without it", PastDue, ReadOnly, ExportReady),
	from(Provisioning, "an operator closes or deletes it", Suspended, Erased),
	from(Trial, "paying, or an operator's plan", Active),
	from(Trial, "the trial ends unpaid", PastDue),
	from(Active, "an operator grants a trial", Trial),
	from(Active, "a bill is not paid", PastDue),
	from(PastDue, "paying", Active),
	from(PastDue, "an operator grants a trial", Trial),
	from(PastDue, "the grace time ends unpaid", ReadOnly),
	from(ReadOnly, "paying", Active),
	from(ReadOnly, "an operator grants a trial", Trial),
	from(ReadOnly, "an operator gives time", PastDue),
	from(ReadOnly, "it goes on unpaid", Suspended),
	from(Trial, "its owner lets it rest", ReadOnly),
	from(Active, "its owner lets it rest", ReadOnly),
	from(PastDue, "its owner lets it rest", ReadOnly),
	from(ReadOnly, "its owner goes on", Trial, Active, PastDue),
	open("an operator closes it", Suspended),
	from(Suspended, "paying, or an operator opens it again", Trial, Active, PastDue, ReadOnly),
	open("its owner wishes to go, or the subscription ended", ExportReady),
	from(Suspended, "its owner wishes to go, or the subscription ended", ExportReady),
	from(ExportReady, "its owner stays, or pays", Trial, Active, PastDue, ReadOnly),
	from(ExportReady, "its owner stays while it is closed", Suspended),
	from(ExportReady, "the day came", Erased),
	open("an operator deletes it at once", Erased),
	from(Suspended, "an operator deletes it at once", Erased),
)

func from(s State, by string, to ...State) (out []Transition) {
	for _, t := range to {
		out = append(out, Transition{s, t, by})
	}
	return out
}

// open leads there from every state in which the portal works; ReadOnly goes to Suspended on its own line too.
func open(by string, to State) (out []Transition) {
	for _, s := range []State{Trial, Active, PastDue, ReadOnly} {
		out = append(out, Transition{s, to, by})
	}
	return out
}

// May tells whether a step is in the table.
func May(from, to State) bool {
	return slices.ContainsFunc(Table, func(t Transition) bool { return t.From == from && t.To == to })
}

// Writes tells whether everything may be written.
func (s State) Writes() bool {
	return s == Trial || s == Active || s == PastDue || s == Provisioning || s == ""
}
