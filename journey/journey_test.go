package journey

import (
	"fmt"
	"strings"
	"testing"
)

// TestAnOrganizationSignsUpBrandsTeachesAndSeesItsActiveLearner is the first thing a newcomer does, from beginning to
// end, in two browsers: the owner's and the employee's.
func TestAnOrganizationSignsUpBrandsTeachesAndSeesItsActiveLearner(t *testing.T) {
	t.Parallel()
	d := start(t, build(t), folder(t))
	owner := open(t, "owner")

	// The owner signs up on the platform and lands in the portal, signed in.
	owner.visit(d.platform() + "/signup")
	owner.types(map[string]string{"organization": "Northwind Boats", "slug": "northwind", "name": "Nora Wind", "email": "nora@northwind.example", "password": "sails up and away"})
	owner.shoot("sign-up")
	owner.submits("organization")
	owner.waits(fmt.Sprintf("location.host === 'northwind.localhost:%s' && document.readyState === 'complete'", d.port), "comes to the new portal")
	owner.sees("Northwind Boats")
	owner.shoot("home")
	if owner.value("document.cookie") != "" && strings.Contains(owner.value("document.cookie"), "lyceum") {
		t.Error("a script can read the session's cookie")
	}

	// The look: a colour too light is refused with the nearest that works; a good one shows at once.
	portal := d.portal("northwind")
	owner.visit(portal + "/settings/brand")
	owner.do(js(`(() => { for (const e of document.querySelectorAll('[name=colour]')) { e.value = '#ffe066'; e.dispatchEvent(new Event('input', {bubbles: true})) } })()`))
	owner.submits("colour")
	owner.sees("nearest")
	owner.do(js(`(() => { for (const e of document.querySelectorAll('[name=colour]')) { e.value = '#0b6e4f'; e.dispatchEvent(new Event('input', {bubbles: true})) } })()`))
	owner.types(map[string]string{"login_text": "Welcome aboard, sailor."})
	owner.submits("colour")
	owner.waits("document.readyState === 'complete' && !document.body.innerText.includes('nearest')", "saves the look")
	owner.shoot("brand")
	owner.visit(portal + "/")
	if got := owner.value("getComputedStyle(document.documentElement).getPropertyValue('--primary').trim()"); !strings.Contains(got, "#0b6e4f") {
		t.Errorf("the brand's colour on the page is %q", got)
	}

	writeCourse(owner, portal)

	// The owner invites an employee; the mail is in the demo's mailbox.
	owner.visit(portal + "/people/invite")
	owner.types(map[string]string{"email": "finn@northwind.example", "name": "Finn Keel"})
	owner.submits("email")
	owner.sees("finn@northwind.example")
	employee := open(t, "employee")
	employee.visit(invitation(employee, d, "finn@northwind.example"))
	employee.sees("Northwind Boats")
	employee.types(map[string]string{"password": "knots and more knots"})
	employee.shoot("invitation")
	employee.submits("password")
	employee.waits("location.pathname === '/' && document.readyState === 'complete'", "comes to the portal")
	employee.shoot("home")

	takeCourse(employee, portal)

	// The owner sees one active learner, and opens the event that made them count.
	owner.visit(portal + "/usage")
	owner.sees("Finn Keel")
	owner.shoot("usage")
	owner.presses("Finn Keel")
	owner.sees("lesson.started")
	owner.shoot("usage-event")

	for _, page := range []string{"/", "/courses", "/people", "/studio", "/usage", "/settings/brand", "/account"} {
		owner.narrow(portal+page, "owner"+strings.ReplaceAll(page, "/", "-"))
	}
	employee.narrow(portal+"/", "learner-home")
}

// writeCourse writes and publishes a course with a text and a quiz.
func writeCourse(b *browser, portal string) {
	b.t.Helper()
	b.visit(portal + "/studio")
	b.types(map[string]string{"title": "Knots that hold"})
	b.submits("title")
	b.sees("Knots that hold")
	course := b.value("location.pathname")
	b.do(js(fmt.Sprintf(`(f => { f.querySelector('[name=title]').value = 'Two knots'; f.requestSubmit() })(document.querySelector('form[action="%s/modules"]'))`, course)))
	b.sees("Two knots")
	addLesson(b, "text", "The bowline")
	b.types(map[string]string{"body": "## The king of knots\n\nA **bowline** makes a loop that does not slip."})
	b.shoot("lesson-editor")
	b.presses("Save")
	b.sees("Saved.")
	b.visit(portal + course)
	addLesson(b, "quiz", "Do you know it?")
	b.presses("Add question")
	b.waits(`document.querySelector('[name="questions.0.prompt"]')`, "shows a question")
	b.types(map[string]string{"questions.0.prompt": "What does a bowline make?", "questions.0.options.0.text": "A loop that does not slip", "questions.0.options.1.text": "A mess"})
	b.do(js(`document.querySelector('[name="questions.0.options.0.correct"]').click()`))
	b.shoot("quiz-editor")
	b.do(js(`window.before = true`))
	b.presses("Save")
	b.waits(`!window.before && document.readyState === 'complete'`, "comes back from saving") // the editor's own save says the same
	b.sees("Saved.")
	b.visit(portal + course + "/publish")
	b.shoot("publish")
	b.do(js(`document.querySelector('main form[method=post]').requestSubmit()`))
	b.waits(fmt.Sprintf("document.readyState === 'complete' && location.pathname === %q", course), "comes back to the course")
	b.sees("published")
}

// addLesson adds a lesson to the only module and comes to its editor.
func addLesson(b *browser, kind, title string) {
	b.t.Helper()
	b.do(js(fmt.Sprintf(`(f => { const k = f.querySelector('[name=kind]'); if (k.type === 'radio') { f.querySelector('[name=kind][value=%s]').checked = true } else { k.value = %q }
		f.querySelector('[name=title]').value = %q; f.requestSubmit() })(document.querySelector('form[action$="/lessons"]'))`, kind, kind, title)))
	b.waits(`document.readyState === 'complete' && location.pathname.includes('/lessons/')`, "comes to the lesson's editor")
}

// invitation finds the link in the newest mail to an address.
func invitation(b *browser, d demo, to string) string {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll('main a')].find(a => a.href.includes('/dev/mail/') && (a.closest('li, tr') || a).innerText.includes(%q))`, to)
	b.visit(d.platform() + "/dev/mail")
	b.waits(find+` || (setTimeout(() => location.reload(), 300), false)`, "gets the invitation")
	mail := b.value(find + ".href")
	b.visit(mail)
	b.waits(`document.body.innerText.match(/\/invitation\/\S+/)`, "finds the link")
	return d.portal("northwind") + b.value(`document.body.innerText.match(/\/invitation\/[A-Za-z0-9_-]+/)[0]`)
}

// takeCourse enrols, reads, fails the quiz, passes it, and opens the certificate that anyone can verify.
func takeCourse(b *browser, portal string) {
	b.t.Helper()
	b.visit(portal + "/courses")
	b.presses("Knots that hold")
	b.at("/courses/knots-that-hold")
	b.shoot("course")
	b.do(js(`document.querySelector('form[action$="/enrol"]').requestSubmit()`))
	b.at("/learn/knots-that-hold")
	b.sees("The king of knots")
	b.shoot("lesson")
	b.do(js(`document.querySelector('form[action$="/continue"]').requestSubmit()`))
	b.sees("What does a bowline make?")
	answer(b, "A mess")
	b.sees("0")
	b.shoot("quiz-failed")
	b.presses("Try again")
	b.waits(`document.querySelector('form[action$="/quiz"] label')`, "shows the quiz again")
	answer(b, "A loop that does not slip")
	b.sees("100")
	b.shoot("quiz-passed")
	b.visit(portal + "/learn/knots-that-hold")
	b.waits(`document.querySelector('a[href*="/verify/"], a[href*="/certificates/"]')`, "gets the certificate")
	b.shoot("completed")

	b.visit(portal + "/certificates")
	b.sees("Knots that hold")
	b.waits(`document.querySelector('a[href*="/verify/"]')`, "shows how to verify")
	verify := b.value(`document.querySelector('a[href*="/verify/"]').href`)
	stranger := open(b.t, "stranger")
	stranger.visit(verify)
	stranger.sees("Finn Keel", "Knots that hold")
	stranger.shoot("verify")
	stranger.visit(verify[:len(verify)-3] + "000")
	stranger.waits(`document.readyState === 'complete'`, "loads")
	if strings.Contains(stranger.text(), "Finn Keel") {
		b.t.Error("a wrong number shows a certificate")
	}
}

func answer(b *browser, option string) {
	b.t.Helper()
	b.do(js(fmt.Sprintf(`(() => {
		const label = [...document.querySelectorAll('form[action$="/quiz"] label')].find(l => l.innerText.includes(%q));
		label.click();
		label.closest('form').requestSubmit();
	})()`, option)))
	b.waits(`document.readyState === 'complete' && !document.querySelector('form[action$="/quiz"]')`, "shows the result")
}
