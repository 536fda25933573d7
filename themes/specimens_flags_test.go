package themes_test

import (
	"lyceum/auth"
	"lyceum/tenant/flag"
	"lyceum/themes"
)

func flagSpecimens(w *world) []specimen {
	v := w.platform("/operator/flags")
	v.Operator = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example", Role: auth.OperatorAdmin}
	reader := v
	reader.Operator = &auth.Operator{ID: id("op2"), Name: "Rita Read", Email: "rita@lyceum.example", Role: auth.OperatorReader}
	f := flag.All()[0]
	list := []flag.Listed{{Flag: f, Setting: flag.Setting{Name: f.Name, Percent: 25, Revision: 3, ByName: "Olga Petrova", ChangedAt: now}, Overrides: []flag.ListedOverride{
		{Override: flag.Override{Name: f.Name, TenantID: id("tenant"), IsOn: true}, Slug: "acme"}, {Override: flag.Override{Name: f.Name, TenantID: id("tenant2")}, Slug: "globex"},
	}}}
	still := w.portal("/certificates", learnerMay())
	still.Quiet = true
	return []specimen{
		{"flags", v, themes.FlagsPage{Flags: list}},
		{"flags-wrong", v, themes.FlagsPage{Flags: list, At: f.Name, Slug: "acmee", Problem: refused(map[string]string{"slug": "There is no portal at this address."})}},
		{"flags-reader", reader, themes.FlagsPage{Flags: []flag.Listed{{Flag: f, Setting: flag.Setting{Name: f.Name, Percent: 100}}}}},
		{"certificates-quiet", still, themes.CertificatesPage{}},
	}
}
