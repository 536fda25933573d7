package main

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/notice"
	"lyceum/tenant"
	"lyceum/themes"
)

// messageData is what an instructor wrote.
func messageData(f newsFacts) notice.Data { return notice.Data{"note": f.Note} }

// deputyData says until when somebody looks after another's people.
func deputyData(f newsFacts) notice.Data {
	d := dueData(f)
	d["as"] = "deputy"
	return d
}

func as(what string) func(newsFacts) notice.Data {
	return func(f newsFacts) notice.Data {
		d := notice.Data{"as": what}
		for _, note := range []string{f.Comment, f.Answer, f.Note} {
			if note != "" {
				d["note"] = note
			}
		}
		return d
	}
}

func markedData(f newsFacts) notice.Data { return as(f.Status)(f) }

// grantedData tells a place that came free from one that somebody granted.
func grantedData(f newsFacts) notice.Data {
	if f.Kind == string(enrolment.RequestWaiting) {
		return as("free")(f)
	}
	return as("granted")(f)
}

func versionData(f newsFacts) notice.Data { return notice.Data{"version": strconv.Itoa(f.Number)} }

func enrolledData(f newsFacts) notice.Data {
	d := notice.Data{}
	if f.By != "" {
		d["as"] = "by"
	}
	return d
}

// againData is a course to be taken again, by a day or not.
func againData(f newsFacts) notice.Data {
	d := dueData(f)
	if f.DueAt != nil {
		d["as"] = "again_due"
	} else {
		d["as"] = "again"
	}
	return d
}

func dueData(f newsFacts) notice.Data {
	if f.DueAt == nil {
		return notice.Data{"as": "none"}
	}
	d := notice.Data{"due": f.DueAt.UTC().Format(time.RFC3339)}
	if f.Days > 0 {
		d["days"] = strconv.Itoa(f.Days)
	}
	return d
}

// hiddenData says that something was handed in by somebody whose name the assignment hides.
func hiddenData(f newsFacts) notice.Data {
	if f.Hidden {
		return notice.Data{"as": "hidden"}
	}
	return nil
}

func extendedData(f newsFacts) notice.Data {
	if f.Until == nil {
		return notice.Data{"as": "extended"}
	}
	return notice.Data{"as": "extended", "due": f.Until.UTC().Format(time.RFC3339)}
}

// Where it leads.

func toCourse(f newsFacts) string { return "/courses/" + url.PathEscape(f.Slug) }
func toPath(f newsFacts) string   { return "/paths/" + url.PathEscape(f.Slug) }
func toStudio(f newsFacts) string { return "/studio/" + f.CourseID.String() }
func toReview(f newsFacts) string { return toStudio(f) + "/review" }

func toMarking(f newsFacts) string {
	if f.Submission == uid.Nil {
		return "/studio/marking"
	}
	return "/studio/marking/" + f.Submission.String()
}

func toPlaces(f newsFacts) string { return toStudio(f) + "/places" }

func toLesson(f newsFacts) string {
	at := "/learn/" + url.PathEscape(f.Slug)
	if f.LessonID != uid.Nil {
		at += "/" + f.LessonID.String()
	}
	return at
}

// Mails of their own.

func enrolledMail(ctx context.Context, a *app, f newsFacts, to auth.Person) (themes.Mail, error) {
	t, _ := tenant.From(ctx)
	return themes.EnrolledMail{Name: to.Name, CourseTitle: f.Course, By: f.By, Link: a.hosts.PortalURL(t) + toCourse(f)}, nil
}

func certificateMail(ctx context.Context, a *app, f newsFacts, to auth.Person) (themes.Mail, error) {
	c, err := a.certificates.ByCode(ctx, f.Code)
	t, _ := tenant.From(ctx)
	portal := a.hosts.PortalURL(t)
	return themes.CertificateMail{Name: to.Name, CourseTitle: c.CourseTitle, Link: portal + "/certificates", VerifyLink: portal + "/verify/" + url.PathEscape(c.Code)}, err
}
