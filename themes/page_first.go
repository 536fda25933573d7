package themes

import (
	"lyceum/internal/fault"
	"lyceum/learning/onboarding"
	"lyceum/learning/starter"
	"lyceum/tenant"
)

// FirstStepsPage is GET /first-steps: a portal's first steps. It posts logo, colour and from_logo (multipart) to …/look; course to
// …/courses, with draft; step and back to …/skip; and back to …/dismiss.
type FirstStepsPage struct {
	List    onboarding.List
	Saved   tenant.Brand
	Colour  string   // as typed
	Offered []string // colours of the logo that may be taken
	Link    string   // the portal's address
	Courses []starter.Course
	Problem *fault.Fault
}

func (p FirstStepsPage) in(c *Chrome) (string, any) {
	return "first_steps", framed[FirstStepsPage]{c, p}
}

// PreviewURL is the address of the frame that shows the portal as it looks now.
func (p FirstStepsPage) PreviewURL() string {
	return BrandPage{Saved: p.Saved, Form: BrandForm{Name: p.Saved.Name, Colour: p.Saved.Colour, Theme: string(p.Saved.Theme), LoginText: p.Saved.LoginText}}.PreviewURL()
}

// Percent is how far the steps are.
func (p FirstStepsPage) Percent() int {
	if len(p.List.Items) == 0 {
		return 100
	}
	return 100 * p.List.Done() / len(p.List.Items)
}
