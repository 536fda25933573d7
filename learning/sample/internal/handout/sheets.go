package main

// colour is red, green, blue from 0 to 255.
type colour [3]int

// sheet is one page: six blocks of boxes to tick in two columns, a panel to remember and lines to fill in.
type sheet struct {
	course, file     string // folder and file name
	title, subtitle  string
	band, accent     colour
	emblem           func(*page, float64, float64)
	left, right      []block
	panel            string
	steps            []string
	fields           []string
	fieldsTitle, end string
}

type block struct {
	heading string
	items   []string
}

var sheets = []sheet{
	{
		course: "information-security-awareness", file: "security-checklist.pdf",
		title: "Your security checklist", subtitle: "Tick what is already a habit. An empty box is this week’s task.",
		band: colour{34, 56, 74}, accent: colour{47, 143, 139}, emblem: (*page).shield,
		left: []block{
			{"Messages and calls", []string{
				"I count to five before I press a link or open an attachment.",
				"I read the whole sender address, not only the name.",
				"I check a surprising request by a way I already know.",
				"I call back before I change bank details or pay in a hurry.",
				"I know where the report button is.",
			}},
			{"Signing in", []string{
				"No two of my accounts share a password.",
				"A password manager remembers them for me.",
				"A second factor guards my important accounts.",
				"I refuse and report prompts I did not start.",
				"My recovery codes are printed and safe.",
			}},
			{"At home", []string{
				"My router has its own password and installs updates.",
				"Nobody else uses my work devices.",
				"I install updates on the day they are offered.",
			}},
		},
		right: []block{
			{"Information", []string{
				"I read the addressee twice before I press Send.",
				"I share links with named people rather than files.",
				"I send only what the other side needs.",
				"I use only approved online tools and AI assistants.",
				"Confidential paper is shredded, not binned.",
			}},
			{"My desk", []string{
				"I lock my screen whenever I stand up.",
				"Papers are put away and print-outs fetched.",
				"Found USB sticks are handed in, never plugged in.",
			}},
			{"On the move", []string{
				"My phone and laptop are encrypted and lock themselves.",
				"I use my own hotspot, or the VPN on other networks.",
				"Neighbours can neither read my screen nor follow my call.",
				"Nothing of value stays in a parked car.",
			}},
		},
		panel:       "When something goes wrong",
		steps:       []string{"Stop", "Disconnect", "Report by phone", "Write it down", "Change password"},
		fieldsTitle: "Fill in now, while everything is fine",
		fields:      []string{"Security contact", "Telephone", "IT help desk", "Telephone"},
		end:         "Information security awareness",
	},
	{
		course: "workplace-safety", file: "safety-checklist.pdf",
		title: "Your safety checklist", subtitle: "Walk round with it. What you cannot tick is worth a word with your manager.",
		band: colour{122, 66, 38}, accent: colour{201, 92, 60}, emblem: (*page).helmet,
		left: []block{
			{"Ways and floors", []string{
				"Walkways, stairs and exits are free.",
				"Floors are dry, even and well lit.",
				"No cables cross the way; mats lie flat.",
				"What I spill, I wipe up at once.",
				"I use the handrail and keep my phone in my pocket.",
			}},
			{"Lifting and carrying", []string{
				"I first ask whether it has to be lifted at all.",
				"I know where the trolley is, and I use it.",
				"Heavy things are stored at waist height.",
				"Load close, back straight, turn with the feet.",
				"I ask for help before it hurts.",
			}},
			{"Ladders and steps", []string{
				"Stiles, rungs, feet and locks are sound.",
				"Four up, one out, and tied at the top.",
				"Three points of contact, belt between the stiles.",
			}},
		},
		right: []block{
			{"My workstation", []string{
				"Top of the screen at eye level, an arm’s length away.",
				"Elbows at a right angle, back supported, feet flat.",
				"No window behind or in front of the screen.",
				"I stand up at least once an hour.",
			}},
			{"Fire", []string{
				"I know two ways out, and I have walked both.",
				"Fire doors are closed and never wedged open.",
				"One plug strip to a socket; batteries charge in the open.",
				"I know who needs help on the stairs.",
			}},
			{"First aid and reporting", []string{
				"I know our first aiders by name.",
				"The first-aid box is complete.",
				"I report accidents on the same day, however small.",
				"I report near misses and hazards as well.",
			}},
		},
		panel:       "When the alarm sounds",
		steps:       []string{"Leave at once", "Close doors", "Never the lift", "Assembly point", "Stay to be counted"},
		fieldsTitle: "Fill in now, while everything is calm",
		fields:      []string{"Assembly point", "First aider", "First-aid box", "Defibrillator"},
		end:         "Workplace safety",
	},
}
