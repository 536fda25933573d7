package rest

import (
	"bytes"
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/exchange"
)

// packageReport is what comes of a package.
type packageReport struct {
	Format  exchange.Format `json:"format" enum:"markdown,cartridge"`
	Title   string          `json:"title"`
	Modules []packageModule `json:"modules"`
	Refused bool            `json:"refused" doc:"Nothing of it can be imported: the notes that stop it say why."`
	Notes   []packageNote   `json:"notes" doc:"What is left out or read otherwise, by file and line."`
}

// packageModule is a chapter that a package holds.
type packageModule struct {
	Title   string          `json:"title"`
	Lessons []packageLesson `json:"lessons"`
}

// packageLesson is a lesson that a package holds.
type packageLesson struct {
	Title string             `json:"title"`
	Kind  catalog.LessonKind `json:"kind"`
	From  string             `json:"from" doc:"The file it is read from."`
}

// packageNote is something to know about a package.
type packageNote struct {
	File  string `json:"file,omitempty" doc:"Left out for the whole package."`
	Line  int    `json:"line,omitempty"`
	Text  string `json:"text"`
	Stops bool   `json:"stops" doc:"With it, nothing of the package is imported."`
}

// importedCourse is a course that came of a package.
type importedCourse struct {
	Course outline       `json:"course"`
	Report packageReport `json:"report"`
}

type packageIn struct {
	File uid.ID `query:"file" doc:"A package that was uploaded in chunks, of any size up to 1 GiB; without it, the body is the package, of up to 8 MiB."`
}

type packageOut struct{ Body packageReport }

type importedOut struct {
	ETag     string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Location string `header:"Location"`
	Body     importedCourse
}

type exportIn struct {
	ID     uid.ID          `path:"course" doc:"The course's id."`
	Format exchange.Format `query:"format" enum:"markdown,cartridge" default:"cartridge" doc:"Common Cartridge 1.3, or a ZIP of folders with Markdown."`
}

type exportOut struct {
	Type        string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

func showPackage(c *exchange.Course) packageReport {
	out := packageReport{Format: c.Format, Title: c.Title, Modules: []packageModule{}, Notes: []packageNote{}, Refused: len(c.Stops()) > 0}
	for _, m := range c.Modules {
		module := packageModule{Title: m.Title, Lessons: []packageLesson{}}
		for _, l := range m.Lessons {
			module.Lessons = append(module.Lessons, packageLesson{Title: l.Title, Kind: l.Kind, From: l.Source})
		}
		out.Modules = append(out.Modules, module)
	}
	for _, n := range c.Notes {
		out.Notes = append(out.Notes, packageNote(n))
	}
	return out
}

func (a *api) exchangeOperations() {
	fails := faults{exchange.ErrPackage, exchange.ErrFormat, content.ErrFileNotFound}
	on(a, operation{
		method: post, path: "/courses/import/check", id: "check-package", tag: tagAuthoring, need: route.For(policy.CourseEdit), status: 200,
		summary: "What would come of a package",
		about:   "Nothing is kept. It is a Common Cartridge (1.0 to 1.3) or a ZIP of folders with Markdown; which, is found out.",
		bytes:   true, fails: fails,
	}, func(ctx context.Context, in *packageIn) (*packageOut, error) {
		var c *exchange.Course
		var err error
		if in.File != uid.Nil {
			c, err = a.Exchange.InspectFile(ctx, in.File)
		} else {
			data := sentBytes(ctx)
			c, err = a.Exchange.Inspect(ctx, bytes.NewReader(data), int64(len(data)))
		}
		if err != nil {
			return nil, err
		}
		return &packageOut{showPackage(c)}, nil
	})
	on(a, operation{
		method: post, path: "/courses/import", id: "import-course", tag: tagAuthoring, need: route.For(policy.CourseEdit), status: 201,
		summary: "Make a course of a package, as a draft",
		about:   "All or nothing: a package with a fault is refused, each fault told by file and line as a field, and nothing of it is kept.",
		bytes:   true, fails: append(faults{content.ErrFileTooLarge}, fails...),
	}, func(ctx context.Context, in *packageIn) (*importedOut, error) {
		var o catalog.Outline
		var c *exchange.Course
		var err error
		if in.File != uid.Nil {
			o, c, err = a.Exchange.ImportFile(ctx, in.File)
		} else {
			data := sentBytes(ctx)
			o, c, err = a.Exchange.Import(ctx, bytes.NewReader(data), int64(len(data)))
		}
		if err != nil {
			return nil, err
		}
		return &importedOut{
			ETag: etag(o.Course.Revision), Location: base + "/courses/" + o.Course.ID.String() + "/draft", Body: importedCourse{showOutline(o, revealed), showPackage(c)},
		}, nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/export", id: "export-course", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "A course as a package", media: "application/zip",
		about: "As its authors see it: the draft, or the published version when nothing was changed since. Files come with it; who learns in it does not.",
		fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *exportIn) (*exportOut, error) {
		c, err := a.Catalog.ByID(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		r, size, err := a.Exchange.Exported(ctx, in.ID, in.Format)
		if err != nil {
			return nil, err
		}
		return &exportOut{
			Type: "application/zip", Disposition: "attachment; filename=" + strconv.Quote(exchange.FileName(c, in.Format)),
			Body: func(h huma.Context) {
				answer := behind(h.Context()).c
				answer.Set(fiber.HeaderContentType, "application/zip")
				answer.Context().SetBodyStream(r, int(size)) // closes it
			},
		}, nil
	})
}
