package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/tenant"
)

// listedFile is a file with where it is used.
type listedFile struct {
	File   file      `json:"file"`
	UsedIn []fileUse `json:"used_in" doc:"Empty: nothing uses it, and it may be removed."`
}

// fileUse is a place that uses a file.
type fileUse struct {
	Place    content.UsePlace `json:"place" enum:"course,brand,submission,path,question"`
	CourseID *uid.ID          `json:"course_id,omitempty"`
	Title    string           `json:"title,omitempty" doc:"Of the course."`
}

type filesIn struct {
	Paging
	Kind   content.FileKind `query:"kind" enum:"picture,video,audio,document,office,captions,package" doc:"Only files of this kind."`
	Unused bool             `query:"unused" doc:"Only what nothing uses."`
	Order  string           `query:"order" enum:"newest,size" default:"newest" doc:"The newest or the largest first."`
}

// storage is how much room the portal's files take.
type storage struct {
	Used   int64  `json:"used" doc:"In bytes. The same bytes under two names count once."`
	Coming int64  `json:"coming" doc:"In bytes: announced by uploads under way."`
	Files  int    `json:"files"`
	Limit  *int64 `json:"limit" doc:"In bytes; null is no limit."`
}

type storageOut struct{ Body storage }

type newLinkIn struct {
	ID   uid.ID `path:"file" doc:"The file's id."`
	Body struct {
		Minutes int `json:"minutes,omitempty" minimum:"1" maximum:"10080" default:"60" doc:"How long the link holds."`
	}
}

// fileLink is an address at which anyone may read a file until it expires.
type fileLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

type fileLinkOut struct{ Body fileLink }

func (a *api) storageOperations() {
	on(a, operation{
		method: get, path: "/files", id: "list-files", tag: tagFiles, need: route.For(policy.FileUpload),
		summary: "The portal's files, with where each is used",
	}, func(ctx context.Context, in *filesIn) (*pageOut[listedFile], error) {
		list, err := a.Content.List(ctx, content.Filter{Kind: in.Kind, Unused: in.Unused, Largest: in.Order == "size", Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showListed), nil
	})
	on(a, operation{
		method: del, path: "/files/{file}", id: "remove-file", tag: tagFiles, need: route.For(policy.FileUpload),
		summary: "Remove a file that nothing uses",
		fails:   faults{content.ErrFileNotFound, content.ErrFileInUse},
	}, func(ctx context.Context, in *fileIn) (*struct{}, error) {
		return nil, a.Content.Remove(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/files/{file}/links", id: "link-file", tag: tagFiles, need: route.SignedIn, status: 201,
		summary: "An address at which anyone may read the file for a while",
		about:   "For players on other sites, for CDNs and programs: it asks for no session, answers ranges, and cannot be made longer or turned to another file.",
		fails:   faults{content.ErrFileNotFound},
	}, func(ctx context.Context, in *newLinkIn) (*fileLinkOut, error) {
		l, err := a.Content.LinkTo(ctx, in.ID, time.Duration(in.Body.Minutes)*time.Minute)
		if err != nil {
			return nil, err
		}
		t, _ := tenant.From(ctx)
		return &fileLinkOut{fileLink{URL: a.Hosts.PortalURL(t) + l.Path(), ExpiresAt: utc(l.ExpiresAt)}}, nil
	})
	on(a, operation{
		method: get, path: "/storage", id: "get-storage", tag: tagFiles, need: route.For(policy.FileUpload),
		summary: "How much room the portal's files take",
	}, func(ctx context.Context, _ *struct{}) (*storageOut, error) {
		st, err := a.Content.Storage(ctx)
		if err != nil {
			return nil, err
		}
		out := storage{Used: st.Used, Coming: st.Coming, Files: st.Files}
		if st.Limit > 0 {
			out.Limit = &st.Limit
		}
		return &storageOut{out}, nil
	})
}

func showListed(f *content.Listed) listedFile {
	out := listedFile{File: showFile(f.File), UsedIn: []fileUse{}}
	for _, u := range f.Uses {
		use := fileUse{Place: u.Place, Title: u.Title}
		if u.CourseID != uid.Nil {
			use.CourseID = &u.CourseID
		}
		out.UsedIn = append(out.UsedIn, use)
	}
	return out
}
