package notice

import "lyceum/auth/policy"

// Kind is what a notice is about. A new one is a constant, a line in the table below, the messages notice.<kind>,
// notice_kind.<kind> and notice_hint.<kind>, an icon (themes/notices.go), and a line in cmd/lyceum/worker_home.go that
// says what causes it.
type Kind string

// The kinds.
const (
	KindEnrolled        Kind = "enrolled"          // someone enrolled you
	KindDue             Kind = "due"               // a due date was set, changed or taken away
	KindDueSoon         Kind = "due_soon"          // a reminder: something is due, overdue or about to end
	KindOverdue         Kind = "overdue"           // a due date was over; told by releases before reminders were merged
	KindTeam            Kind = "team_overdue"      // something is overdue of somebody you manage
	KindCertificate     Kind = "certificate"       // a certificate was issued
	KindMarked          Kind = "marked"            // what you handed in was accepted or returned
	KindAnswered        Kind = "answered"          // a place you asked for was granted or refused, or came free
	KindMoved           Kind = "moved"             // you were moved to another version
	KindSubmitted       Kind = "submitted"         // a learner handed something in
	KindRequested       Kind = "requested"         // a learner asks for a place
	KindReviewRequested Kind = "review_requested"  // a draft is to be read over
	KindReviewed        Kind = "reviewed"          // your draft was approved or returned
	KindBilling         Kind = "billing"           // news of the subscription: a limit, a bill, a state
	KindReviewTakenBack Kind = "review_taken_back" // a draft changed after its review was asked for or given
	KindPathCompleted   Kind = "path_completed"    // you are through a path
	KindCourseUpdated   Kind = "course_updated"    // a course you are in has a new version
	KindMessage         Kind = "message"           // an instructor writes to you
	KindSupport         Kind = "support"           // an operator wants to look, or looks, as one of the portal's people
	KindPrivacy         Kind = "privacy"           // a copy of data is ready, or somebody wishes to be erased
	KindHRRun           Kind = "hr_run"            // a list of the HR system waits to be reviewed, or could not be brought in
)

// KindTrial is what somebody has sent to try a device. Nobody is told of it otherwise.
const KindTrial Kind = "trial"

// About is what a kind is by itself.
type About struct {
	Kind Kind
	Ways Ways              // unless the person chose otherwise
	Need policy.Permission // whom it concerns: without this permission it is not offered as a choice
}

var (
	all   = Ways{App: true, Mail: true, Push: true}
	inApp = Ways{App: true}
)

var kinds = []About{
	{KindEnrolled, all, policy.EnrolmentSelf},
	{KindDue, inApp, policy.EnrolmentSelf},
	{KindDueSoon, all, policy.EnrolmentSelf},
	{KindTeam, all, policy.PersonSelf},
	{KindCertificate, all, policy.EnrolmentSelf},
	{KindMarked, all, policy.EnrolmentSelf},
	{KindAnswered, all, policy.EnrolmentSelf},
	{KindMoved, inApp, policy.EnrolmentSelf},
	{KindPathCompleted, all, policy.EnrolmentSelf},
	{KindCourseUpdated, inApp, policy.EnrolmentSelf},
	{KindMessage, all, policy.EnrolmentSelf},
	{KindSubmitted, inApp, policy.EnrolmentMark},
	{KindRequested, all, policy.EnrolmentManage},
	{KindReviewRequested, all, policy.CourseReview},
	{KindReviewed, all, policy.CourseEdit},
	{KindReviewTakenBack, inApp, policy.CourseEdit},
	{KindBilling, inApp, policy.BillingRead},
	{KindSupport, inApp, policy.SecurityManage},
	{KindPrivacy, all, policy.PersonSelf},
	{KindHRRun, all, policy.PersonManage},
}

var byKind = func() map[Kind]About {
	m := make(map[Kind]About, len(kinds))
	for _, a := range kinds {
		m[a.Kind] = a
	}
	return m
}()

// retired are kinds that are told no more: wishes about them change nothing.
var retired = map[Kind]bool{KindOverdue: true}

// Kinds lists every kind in the order of its table.
func Kinds() []About { return append([]About(nil), kinds...) }

// About is the kind's line of the table; for what is no kind, one that nobody is told of.
func (k Kind) About() About {
	if a, ok := byKind[k]; ok {
		return a
	}
	return About{Kind: k}
}
