package signon

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Emergency is one opening of local sign-in while the identity provider is down (break-glass): an owner asks, another
// opens it for a while. It is a row of break_glass.
type Emergency struct {
	ID          uid.ID
	Reason      string
	RequestedBy uid.ID
	RequestedAt time.Time
	ExpiresAt   time.Time // until when someone else may open it
	Minutes     int       // how long it is to be open
	ApprovedBy  *uid.ID   // never who asked: the database holds that
	ApprovedAt  *time.Time
	OpenUntil   *time.Time
	EndedBy     *uid.ID
	EndedAt     *time.Time
}

// EmergencyState is where an emergency stands.
type EmergencyState string

// The states.
const (
	EmergencyWaiting EmergencyState = "waiting" // for the second owner
	EmergencyLapsed  EmergencyState = "lapsed"  // nobody opened it in time
	EmergencyOpen    EmergencyState = "open"
	EmergencyOver    EmergencyState = "over"
)

// State tells where the emergency stands at an instant. Time alone ends it: no job has to run.
func (e Emergency) State(now time.Time) EmergencyState {
	switch {
	case e.EndedAt != nil || e.OpenUntil != nil && !now.Before(*e.OpenUntil):
		return EmergencyOver
	case e.OpenUntil != nil:
		return EmergencyOpen
	case now.Before(e.ExpiresAt):
		return EmergencyWaiting
	}
	return EmergencyLapsed
}

// Bounds of an emergency.
const (
	EmergencyMinutesMin = 15
	EmergencyMinutesMax = 240
	emergencyWaits      = 30 * time.Minute
	ticketLife          = 10 * time.Minute
	reasonMax           = 500
)

// Failures of break-glass.
var (
	ErrTwoPeople       = fault.New(fault.KindForbidden, "break_glass_two_people", "Someone else must open what you asked for. Call another of the owners named for emergencies.")
	ErrNotNamed        = fault.New(fault.KindForbidden, "break_glass_not_named", "You are not one of the owners named for emergencies. Call one of them.")
	ErrNothingWaits    = fault.New(fault.KindConflict, "break_glass_nothing_waits", "There is no request to open: it was opened, it lapsed, or nobody asked. Ask for one yourself.")
	ErrAlreadyAsked    = fault.New(fault.KindConflict, "break_glass_already_asked", "A request is open already, or local sign-in is. Go back and look at it.")
	ErrEmergencyOver   = fault.New(fault.KindConflict, "break_glass_over", "Local sign-in is closed already.")
	ErrTicketOver      = fault.New(fault.KindUnauthenticated, "break_glass_ticket_over", "You proved yourself more than 10 minutes ago. Do it again.")
	ErrNotRequired     = fault.New(fault.KindConflict, "break_glass_not_required", "Nothing is locked: no rule requires a company account. Sign in with your e-mail and password.")
	ErrEmergencyOwners = fault.New(fault.KindForbidden, "break_glass_owners_only", "Only an owner may end this. Ask an owner of your portal.")
)
