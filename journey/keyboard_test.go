package journey

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keys presses keys, one after the other.
func (b *browser) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// tabs goes on with the tabulator until what has the focus is as wanted.
func (b *browser) tabs(wanted string) {
	b.t.Helper()
	for range 200 {
		if b.value(`(() => { const e = document.activeElement; return String(Boolean(e && (`+wanted+`))); })()`) == "true" {
			return
		}
		b.keys(kb.Tab)
	}
	b.t.Fatalf("the tabulator never comes to %s; it is at %s", wanted, b.value("document.activeElement ? document.activeElement.outerHTML.slice(0, 200) : ''"))
}

// button is what has the focus being a button or link of a text.
func button(text string) string {
	return "e.matches('a, button') && e.innerText.trim().startsWith('" + text + "')"
}

// option is the focus being in the choice of a text.
func option(text string) string {
	return "e.matches('input') && e.closest('label')?.innerText.trim() === '" + text + "'"
}

// TestATimedTestIsTakenByKeyboardAlone takes the demo's test without a pointer: radio buttons, check boxes, typing, matching
// and ordering, a reload in between, and handing in.
func TestATimedTestIsTakenByKeyboardAlone(t *testing.T) {
	t.Parallel()
	d := start(t, build(t), folder(t))
	portal := d.portal("acme")
	b := open(t, "keyboard")
	b.visit(portal + "/signin?step=password&next=/courses/fire-warden-check")
	b.types(map[string]string{"email": "learner@acme.example", "password": "lyceum-demo"})
	b.submits("password")
	b.at("/courses/fire-warden-check")
	b.tabs("e.matches('.course-side button')")
	b.keys(kb.Enter)
	b.waits(`location.pathname.startsWith("/learn/") || document.body.innerText.includes("Start")`, "being in the course")
	if !strings.Contains(b.value("location.pathname"), "/learn/") {
		b.visit(portal + "/learn/fire-warden-check")
	}
	b.sees("Before you begin")
	b.tabs("e.matches('nav a, aside a, ol a') && e.innerText.includes('Show what you know')")
	b.keys(kb.Enter)
	b.sees("The test", "10 minutes")
	b.shoot("start")
	b.tabs(button("Start the test"))
	b.keys(kb.Enter)
	b.waits(`location.pathname.includes("/test/")`, "the test")
	b.sees("What to know", "You see smoke under a door.")

	b.tabs("e.matches('input[type=radio]') && e.closest('[data-slot=\"0\"]')")
	for range 3 { // the arrows choose
		if b.value(`document.activeElement.closest('label').innerText.trim()`) == "Raise the alarm" {
			break
		}
		b.keys(kb.ArrowDown)
	}
	b.keys(" ")
	b.tabs("e.matches('input[type=radio]') && e.closest('[data-slot=\"1\"]')")
	if b.value(`document.activeElement.closest('label').innerText.trim()`) != "False" {
		b.keys(kb.ArrowDown)
	}
	b.keys(" ")
	b.tabs("e.matches('[data-slot=\"2\"] input[name$=\".text\"]')")
	b.keys("1", "1", "2")
	b.waits(`document.getElementById('test-state').innerText === document.getElementById('test').dataset.saySaved`, "the answers to be saved")
	b.do(js(`location.reload()`)) // what was answered is there again
	b.waits(`document.querySelector('[data-slot="2"] input[name$=".text"]')?.value === "112"`, "the saved answer")
	for _, text := range []string{"Lifts", "Water on burning oil"} {
		b.tabs(option(text))
		b.keys(" ")
	}
	for item, partner := range map[string]string{"Red": "Fire equipment", "Green": "Way out"} {
		b.do(js(`document.querySelector('main').focus()`))
		b.tabs("e.matches('select') && e.labels[0]?.innerText.trim() === '" + item + "'")
		b.keys(strings.Split(partner[:4], "")...)
	}
	for item, place := range map[string]string{"Raise the alarm": "1", "Guide people out": "2", "Count your people": "3"} {
		b.do(js(`document.querySelector('main').focus()`))
		b.tabs("e.matches('select') && e.labels[0]?.innerText.trim() === '" + item + "'")
		b.keys(place)
	}
	b.waits(`document.querySelectorAll('.test-list .answered').length === 6`, "every question to be answered")
	b.shoot("answered")
	b.tabs(button("Finish"))
	b.keys(kb.Enter)
	b.sees("Every question is answered")
	b.tabs(button("Hand in"))
	b.keys(kb.Enter)
	b.sees("100%", "You passed", "Right: everything else can wait for that.")
	b.shoot("result")
	b.narrow(b.value("location.href"), "result-narrow")
	b.visit(portal + "/courses/fire-warden-check/grades")
	b.sees("Your grades", "100%", "Passed")
}
