package rest

import (
	"context"
	"strconv"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/bank/format"
	"lyceum/learning/bank/transfer"
	body "lyceum/learning/question"
)

// questionBank is a bank with what who asks may do.
type questionBank struct {
	ID        uid.ID        `json:"id"`
	Name      string        `json:"name"`
	About     string        `json:"about"`
	Everyone  bank.Everyone `json:"everyone" enum:",see,edit" doc:"What all who write courses may do with it."`
	Access    string        `json:"access" enum:"see,edit,own" doc:"What who asks may do."`
	Questions int           `json:"questions" doc:"How many that are not archived."`
	Revision  int           `json:"revision"`
	Archived  bool          `json:"archived"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// newBank is what is said of a bank.
type newBank struct {
	Name     string        `json:"name" maxLength:"120"`
	About    string        `json:"about,omitempty" maxLength:"2000"`
	Everyone bank.Everyone `json:"everyone,omitempty" enum:",see,edit"`
	Revision *int          `json:"revision,omitempty" doc:"The one it was changed on, when If-Match does not name it."`
}

// bankedQuestion is a question of a bank with its solution.
type bankedQuestion struct {
	ID         uid.ID        `json:"id"`
	BankID     uid.ID        `json:"bank_id"`
	Folder     string        `json:"folder"`
	Tags       []string      `json:"tags"`
	Difficulty int           `json:"difficulty" doc:"1 to 5; 0: not said."`
	Version    int           `json:"version" doc:"The last one published; 0: none."`
	Changed    bool          `json:"changed" doc:"It is not what the last version is."`
	Archived   bool          `json:"archived"`
	Revision   int           `json:"revision"`
	Question   body.Question `json:"question"`
	CreatedAt  time.Time     `json:"created_at"`
	UpdatedAt  time.Time     `json:"updated_at"`
}

// questionVersion is what a question was when it was published. It never changes.
type questionVersion struct {
	Version     int           `json:"version" doc:"Counted from 1."`
	PublishedAt time.Time     `json:"published_at"`
	Question    body.Question `json:"question"`
}

func showQuestionVersion(v *bank.Version) questionVersion {
	return questionVersion{v.Number, v.CreatedAt.UTC(), v.Body.Question}
}

// newBankedQuestion is a question as it is written.
type newBankedQuestion struct {
	Folder     string        `json:"folder,omitempty" doc:"Names parted by slashes."`
	Tags       []string      `json:"tags,omitempty" maxItems:"20"`
	Difficulty int           `json:"difficulty,omitempty" minimum:"0" maximum:"5"`
	Question   body.Question `json:"question" doc:"Only the fields of its kind count."`
	Revision   *int          `json:"revision,omitempty" doc:"The one it was changed on, when If-Match does not name it."`
}

// questionSheet is what a file brings.
type questionSheet struct {
	Format  string          `json:"format"`
	Coming  int             `json:"coming"`
	Changed int             `json:"changed" doc:"How many of those come changed."`
	Refused int             `json:"refused"`
	Items   []sheetQuestion `json:"items"`
}

type sheetQuestion struct {
	File    string    `json:"file,omitempty" doc:"Which one of a package."`
	Line    int       `json:"line" doc:"Where it begins, from 1."`
	Name    string    `json:"name"`
	Kind    body.Kind `json:"kind,omitempty"`
	Notes   []string  `json:"notes" doc:"What is changed."`
	Refused string    `json:"refused,omitempty" doc:"Why it cannot come."`
	ID      *uid.ID   `json:"id,omitempty" doc:"The question that it became."`
}

type (
	banksIn struct {
		Paging
		Query    string `query:"q" maxLength:"120" doc:"Part of name or description."`
		Archived bool   `query:"archived" doc:"Those put away instead."`
	}
	bankIn struct {
		ID uid.ID `path:"bank" doc:"The bank's id."`
	}
	newBankIn    struct{ Body newBank }
	changeBankIn struct {
		AtRevision
		ID   uid.ID `path:"bank" doc:"The bank's id."`
		Body newBank
	}
	bankedQuestionsIn struct {
		Paging
		ID         uid.ID      `path:"bank" doc:"The bank's id."`
		Query      string      `query:"q" maxLength:"120" doc:"Part of what is written in it."`
		Folder     string      `query:"folder" doc:"This folder and those in it."`
		Tag        string      `query:"tag" doc:"Only those with this tag."`
		Kind       body.Kind   `query:"kind" enum:"single,multiple,true_false,short_text,numeric,matching,ordering,blanks,hot_spot,essay,file" doc:"Only this kind."`
		Difficulty int         `query:"difficulty" minimum:"0" maximum:"5" doc:"Only this difficulty; 0: any."`
		Status     bank.Status `query:"status" enum:"draft,published,changed,archived" doc:"Left out: all that are not archived."`
	}
	bankedQuestionIn struct {
		ID uid.ID `path:"question" doc:"The question's id."`
	}
	questionVersionIn struct {
		ID      uid.ID `path:"question" doc:"The question's id."`
		Version int    `path:"version" minimum:"1" doc:"Counted from 1."`
	}
	questionVersionOut  struct{ Body questionVersion }
	newBankedQuestionIn struct {
		ID   uid.ID `path:"bank" doc:"The bank's id."`
		Body newBankedQuestion
	}
	changeBankedQuestionIn struct {
		AtRevision
		ID   uid.ID `path:"question" doc:"The question's id."`
		Body newBankedQuestion
	}
	actBankedQuestionIn struct {
		AtRevision
		ID uid.ID `path:"question" doc:"The question's id."`
	}
	questionFileIn struct {
		ID     uid.ID `path:"bank" doc:"The bank's id."`
		Format string `query:"format" required:"true" enum:"qti,moodlexml,gift" doc:"The format of the file."`
	}
	applyQuestionFileIn struct {
		ID      uid.ID `path:"bank" doc:"The bank's id."`
		Format  string `query:"format" required:"true" enum:"qti,moodlexml,gift" doc:"The format of the file."`
		Publish bool   `query:"publish" doc:"Publishes them at once."`
	}
	bankOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body questionBank
	}
	createdBankOut struct {
		ETag     string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Location string `header:"Location"`
		Body     questionBank
	}
	bankedQuestionOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body bankedQuestion
	}
	createdBankedQuestionOut struct {
		ETag     string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Location string `header:"Location"`
		Body     bankedQuestion
	}
	questionSheetOut struct{ Body questionSheet }
	questionFileOut  struct {
		Type        string `header:"Content-Type" hidden:"true"`
		Disposition string `header:"Content-Disposition"`
		Missing     int    `header:"Questions-Missing" doc:"How many questions the format cannot hold; export-questions-report names them."`
		Body        []byte
	}
	leftOut struct {
		Body struct {
			Items []format.Left `json:"items"`
		}
	}
)

func showBank(l bank.Listed) questionBank {
	return questionBank{
		ID: l.ID, Name: l.Name, About: l.About, Everyone: l.Everyone, Access: [...]string{"see", "see", "edit", "own"}[l.Access], Questions: l.Questions,
		Revision: l.Revision, Archived: l.ArchivedAt != nil, CreatedAt: utc(l.CreatedAt), UpdatedAt: utc(l.UpdatedAt),
	}
}

func showBanked(q bank.Question) bankedQuestion {
	return bankedQuestion{
		ID: q.ID, BankID: q.BankID, Folder: q.Folder, Tags: listed([]string(q.Tags)), Difficulty: q.Difficulty, Version: q.Version, Changed: q.Changed, Archived: q.ArchivedAt != nil,
		Revision: q.Revision, Question: q.Body.Question, CreatedAt: utc(q.CreatedAt), UpdatedAt: utc(q.UpdatedAt),
	}
}

func (n newBankedQuestion) input() bank.Input {
	return bank.Input{Folder: n.Folder, Tags: n.Tags, Difficulty: n.Difficulty, Body: n.Question}
}

func showQuestionSheet(s format.Sheet, ids []uid.ID) questionSheet {
	plain, changed, refused := s.Counts()
	out := questionSheet{Format: s.Format, Coming: plain + changed, Changed: changed, Refused: refused, Items: []sheetQuestion{}}
	for i, it := range s.Items {
		x := sheetQuestion{File: it.File, Line: it.Line, Name: it.Name, Kind: it.Body.Kind, Notes: listed(it.Notes), Refused: it.Refused}
		if i < len(ids) && ids[i] != uid.Nil {
			x.ID = &ids[i]
		}
		out.Items = append(out.Items, x)
	}
	return out
}

func (a *api) bankOperations() {
	a.keepBankOperations()
	a.bankedQuestionOperations()
	a.questionFileOperations()
}

// bankAgain answers a bank as it stands now.
func (a *api) bankAgain(ctx context.Context, id uid.ID) (*bankOut, error) {
	b, err := a.Banks.Bank(ctx, id)
	if err != nil {
		return nil, err
	}
	return &bankOut{etag(b.Revision), showBank(b)}, nil
}

func (a *api) keepBankOperations() {
	edit := route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/question-banks", id: "list-question-banks", tag: tagAuthoring, need: edit, summary: "The question banks that one may see, by name",
	}, func(ctx context.Context, in *banksIn) (*pageOut[questionBank], error) {
		list, err := a.Banks.Banks(ctx, bank.BankFilter{Query: in.Query, Archived: in.Archived, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(b *bank.Listed) questionBank { return showBank(*b) }), nil
	})
	on(a, operation{
		method: post, path: "/question-banks", id: "create-question-bank", tag: tagAuthoring, need: edit, status: 201, summary: "Begin a question bank of one's own",
	}, func(ctx context.Context, in *newBankIn) (*createdBankOut, error) {
		b, err := a.Banks.CreateBank(ctx, bank.BankInput{Name: in.Body.Name, About: in.Body.About, Everyone: in.Body.Everyone})
		if err != nil {
			return nil, err
		}
		return &createdBankOut{etag(b.Revision), base + "/question-banks/" + b.ID.String(), showBank(bank.Listed{Bank: b, Access: bank.AccessOwn})}, nil
	})
	on(a, operation{
		method: get, path: "/question-banks/{bank}", id: "get-question-bank", tag: tagAuthoring, need: edit, summary: "A question bank", fails: faults{bank.ErrNotFound},
	}, func(ctx context.Context, in *bankIn) (*bankOut, error) { return a.bankAgain(ctx, in.ID) })
	on(a, operation{
		method: put, path: "/question-banks/{bank}", id: "change-question-bank", tag: tagAuthoring, need: edit, status: 200, summary: "Change name, description and what all who write courses may do",
		fails: faults{bank.ErrNotFound, bank.ErrNotOwner, bank.ErrRevision},
	}, func(ctx context.Context, in *changeBankIn) (*bankOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		if _, err = a.Banks.UpdateBank(ctx, in.ID, at, bank.BankInput{Name: in.Body.Name, About: in.Body.About, Everyone: in.Body.Everyone}); err != nil {
			return nil, err
		}
		return a.bankAgain(ctx, in.ID)
	})
}

func (a *api) bankedQuestionOperations() {
	edit := route.For(policy.CourseEdit)
	missing := faults{bank.ErrQuestionNotFound}
	changing := faults{bank.ErrQuestionNotFound, bank.ErrMaySeeOnly, bank.ErrRevision}
	on(a, operation{
		method: get, path: "/question-banks/{bank}/questions", id: "list-questions", tag: tagAuthoring, need: edit, summary: "The questions of a bank, by title", fails: faults{bank.ErrNotFound},
	}, func(ctx context.Context, in *bankedQuestionsIn) (*pageOut[bankedQuestion], error) {
		list, err := a.Banks.Questions(ctx, bank.Filter{Bank: in.ID, Query: in.Query, Folder: in.Folder, Tag: in.Tag, Kind: in.Kind, Difficulty: in.Difficulty, Status: in.Status, Page: page.Request{After: in.After, Limit: in.Limit}})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(q *bank.Question) bankedQuestion { return showBanked(*q) }), nil
	})
	on(a, operation{
		method: post, path: "/question-banks/{bank}/questions", id: "create-question", tag: tagAuthoring, need: edit, status: 201, summary: "Write a question, as a draft",
		about: "Shares are millionths of the marks: 1000000 is all of them. A fault names what to mend by field, such as options.2.text.",
		fails: faults{bank.ErrNotFound, bank.ErrMaySeeOnly, bank.ErrFull},
	}, func(ctx context.Context, in *newBankedQuestionIn) (*createdBankedQuestionOut, error) {
		q, err := a.Banks.Create(ctx, in.ID, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &createdBankedQuestionOut{etag(q.Revision), base + "/questions/" + q.ID.String(), showBanked(q)}, nil
	})
	answer := func(q bank.Question, err error) (*bankedQuestionOut, error) {
		if err != nil {
			return nil, err
		}
		return &bankedQuestionOut{etag(q.Revision), showBanked(q)}, nil
	}
	on(a, operation{
		method: get, path: "/questions/{question}", id: "get-question", tag: tagAuthoring, need: edit, summary: "A question with its solution", fails: missing,
	}, func(ctx context.Context, in *bankedQuestionIn) (*bankedQuestionOut, error) {
		shown, err := a.Banks.Question(ctx, in.ID)
		return answer(shown.Question, err)
	})
	on(a, operation{
		method: get, path: "/questions/{question}/versions", id: "list-question-versions", tag: tagAuthoring, need: edit, summary: "What a question was when it was published, the newest first", fails: missing,
	}, func(ctx context.Context, in *bankedQuestionIn) (*pageOut[questionVersion], error) {
		shown, err := a.Banks.Question(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return whole(ctx, shown.Versions, showQuestionVersion), nil
	})
	on(a, operation{
		method: get, path: "/questions/{question}/versions/{version}", id: "get-question-version", tag: tagAuthoring, need: edit, summary: "What a question was when it was published",
		about: "PUT its question to the question itself to bring it back.", fails: faults{bank.ErrQuestionNotFound, bank.ErrVersionNotFound},
	}, func(ctx context.Context, in *questionVersionIn) (*questionVersionOut, error) {
		v, err := a.Banks.Version(ctx, in.ID, in.Version)
		if err != nil {
			return nil, err
		}
		return &questionVersionOut{showQuestionVersion(&v)}, nil
	})
	on(a, operation{
		method: put, path: "/questions/{question}", id: "change-question", tag: tagAuthoring, need: edit, status: 200, summary: "Change a question",
		about: "The whole question is given. What was published stays as it was until it is published anew.", fails: changing,
	}, func(ctx context.Context, in *changeBankedQuestionIn) (*bankedQuestionOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		return answer(a.Banks.Save(ctx, in.ID, at, in.Body.input()))
	})
	for _, act := range []struct {
		name, id, summary string
		do                func(ctx context.Context, id uid.ID, revision int) (bank.Question, error)
		fails             faults
	}{
		{"publish", "publish-question", "Make the next version of a question, which never changes", a.publishQuestion, append(faults{bank.ErrNothingNew}, changing...)},
		{"archive", "archive-question", "Put a question away: it is drawn no more", func(ctx context.Context, id uid.ID, at int) (bank.Question, error) {
			return a.Banks.Archive(ctx, id, at, true)
		}, changing},
		{"restore", "restore-question", "Take a question back from the archive", func(ctx context.Context, id uid.ID, at int) (bank.Question, error) {
			return a.Banks.Archive(ctx, id, at, false)
		}, changing},
	} {
		on(a, operation{
			method: post, path: "/questions/{question}/" + act.name, id: act.id, tag: tagAuthoring, need: edit, status: 200, summary: act.summary, fails: act.fails,
		}, func(ctx context.Context, in *actBankedQuestionIn) (*bankedQuestionOut, error) {
			at, err := in.revision(nil)
			if err != nil {
				return nil, err
			}
			return answer(act.do(ctx, in.ID, at))
		})
	}
}

func (a *api) publishQuestion(ctx context.Context, id uid.ID, at int) (bank.Question, error) {
	return a.Banks.Publish(ctx, id, at)
}

func (a *api) questionFileOperations() {
	edit := route.For(policy.CourseEdit)
	carry := func() transfer.Service { return transfer.Service{Banks: a.Banks, Content: a.Content} }
	fails := faults{bank.ErrNotFound, bank.ErrMaySeeOnly, format.ErrUnread, format.ErrNothing, format.ErrTooMany, format.ErrTooLarge}
	on(a, operation{
		method: post, path: "/question-banks/{bank}/import/check", id: "check-questions", tag: tagAuthoring, need: edit, status: 200, summary: "What a file of questions would bring",
		about: "Nothing is kept. QTI is a content package of QTI 2.1.", bytes: true, fails: fails,
	}, func(ctx context.Context, in *questionFileIn) (*questionSheetOut, error) {
		sheet, err := carry().Plan(ctx, in.ID, in.Format, sentBytes(ctx))
		if err != nil {
			return nil, err
		}
		return &questionSheetOut{showQuestionSheet(sheet, nil)}, nil
	})
	on(a, operation{
		method: post, path: "/question-banks/{bank}/import", id: "import-questions", tag: tagAuthoring, need: edit, status: 200, summary: "Bring in the questions of a file that can come",
		about: "All that can come, or none. The answer is that of check-questions, with the id of each question.", bytes: true, fails: append(faults{bank.ErrFull}, fails...),
	}, func(ctx context.Context, in *applyQuestionFileIn) (*questionSheetOut, error) {
		sheet, ids, err := carry().Apply(ctx, in.ID, in.Format, sentBytes(ctx), in.Publish)
		if err != nil {
			return nil, err
		}
		return &questionSheetOut{showQuestionSheet(sheet, ids)}, nil
	})
	on(a, operation{
		method: get, path: "/question-banks/{bank}/export/report", id: "export-questions-report", tag: tagAuthoring, need: edit, summary: "What a format cannot hold of a bank's questions", fails: faults{bank.ErrNotFound},
	}, func(ctx context.Context, in *questionFileIn) (*leftOut, error) {
		left, err := carry().Report(ctx, bank.Filter{Bank: in.ID}, in.Format)
		if err != nil {
			return nil, err
		}
		out := &leftOut{}
		out.Body.Items = listed(left)
		return out, nil
	})
	on(a, operation{
		method: get, path: "/question-banks/{bank}/export", id: "export-questions", tag: tagAuthoring, need: edit, summary: "The questions of a bank as a file, with their solutions", media: "application/octet-stream",
		about: "Up to 1000 questions.", fails: faults{bank.ErrNotFound},
	}, func(ctx context.Context, in *questionFileIn) (*questionFileOut, error) {
		f, err := carry().Export(ctx, bank.Filter{Bank: in.ID}, in.Format, true)
		if err != nil {
			return nil, err
		}
		out := &questionFileOut{Type: f.Media, Disposition: "attachment; filename=" + strconv.Quote(f.Name), Body: f.Data}
		for _, l := range f.Left {
			if !l.Kept {
				out.Missing++
			}
		}
		return out, nil
	})
}
