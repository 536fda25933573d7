package access

import (
	"slices"

	"lyceum/auth/privacy"
)

// Table is a table of which a person is given their rows.
type Table struct {
	Name   string
	Topic  privacy.Topic
	Class  privacy.Class
	Links  []privacy.Link // how rows lead to the person: any of them
	Secret []string       // columns that are not given out
	Actors []string       // columns that say who did something: of others they are masked
}

// Tables are those of the register that go to the person, by topic in the order in which topics are shown.
func Tables() (tables []Table) {
	for _, topic := range privacy.Topics() {
		for _, e := range privacy.Register {
			if !e.Export || e.Topic != topic || e.Columns != nil {
				continue
			}
			at := slices.IndexFunc(tables, func(t Table) bool { return t.Name == e.Table })
			if at < 0 {
				tables = append(tables, Table{Name: e.Table, Topic: topic, Class: e.Class})
				at = len(tables) - 1
			}
			tables[at].Links, tables[at].Secret = append(tables[at].Links, e.Link), append(tables[at].Secret, e.Secret...)
		}
	}
	for i, t := range tables {
		for _, e := range privacy.Register {
			if e.Table == t.Name && e.Link == privacy.ByActor {
				tables[i].Actors = append(tables[i].Actors, e.Columns...)
			}
		}
	}
	return tables
}

// topicsOf lists the topics of tables.
func topicsOf(tables []Table) (topics []privacy.Topic) {
	for _, t := range tables {
		if !slices.Contains(topics, t.Topic) {
			topics = append(topics, t.Topic)
		}
	}
	return topics
}

// Readme is what the page says that explains a copy (GDPR Art. 15(1)).
type Readme struct {
	Request Request
	Person  string
	Email   string
	Made    string // the moment, RFC 3339 in UTC
	Topics  []Explained
	Files   int // that the person handed in
}

// Explained is a topic as the page explains it.
type Explained struct {
	Topic   privacy.Topic
	Classes []privacy.Class
	Fates   []privacy.Fate // what an erasure does with it
	Whys    []privacy.Why  // by which rights some of it stays
	Rows    int64
	Files   []string // of the archive
}

// explain gathers what the register says of a topic.
func explain(topic privacy.Topic, tables []Table, rows map[string]int64) Explained {
	x := Explained{Topic: topic, Files: []string{jsonName(topic)}}
	for _, t := range tables {
		if t.Topic == topic {
			x.Rows += rows[t.Name]
			x.Files = append(x.Files, csvName(t))
			if !slices.Contains(x.Classes, t.Class) {
				x.Classes = append(x.Classes, t.Class)
			}
		}
	}
	for _, e := range privacy.Register {
		if e.Topic != topic || !e.Export {
			continue
		}
		if !slices.Contains(x.Fates, e.Fate) {
			x.Fates = append(x.Fates, e.Fate)
		}
		if e.Why != "" && !slices.Contains(x.Whys, e.Why) {
			x.Whys = append(x.Whys, e.Why)
		}
	}
	return x
}

func csvName(t Table) string              { return "csv/" + string(t.Topic) + "/" + t.Name + ".csv" }
func jsonName(topic privacy.Topic) string { return "json/" + string(topic) + ".json" }
