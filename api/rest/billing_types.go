package rest

import (
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

type billLine struct {
	Component string        `json:"component"`
	Name      string        `json:"name"`
	Meter     billing.Meter `json:"meter,omitempty" doc:"What was counted; /usage has the entries."`
	Quantity  int64         `json:"quantity" doc:"In units of the price."`
	Amount    sum           `json:"amount"`
}

type planShown struct {
	VersionID uid.ID        `json:"version_id"`
	Code      string        `json:"code" example:"team"`
	Name      string        `json:"name"`
	Number    int           `json:"number" doc:"Counts the versions of the plan."`
	Currency  string        `json:"currency" example:"EUR"`
	Interval  plan.Interval `json:"interval" enum:"month,year"`
	AddOns    []string      `json:"add_ons"`
	Limits    plan.Limits   `json:"limits" doc:"-1 is any number."`
}

type addOn struct {
	Component string `json:"component" example:"sandbox"`
	Quantity  int64  `json:"quantity" minimum:"0" maximum:"10000"`
}

type subscriptionShown struct {
	State     subscription.State   `json:"state" enum:"trial,active,past_due,grace,read_only,suspended,cancelled,retained,erased"`
	Collect   subscription.Collect `json:"collect" enum:"none,provider,invoice" doc:"How it is paid: not at all, through the payment service, or by bank transfer."`
	RealMoney bool                 `json:"real_money" doc:"False where the platform only keeps books: nothing is charged."`
	Since     time.Time            `json:"since"`
	Next      *nextStep            `json:"next,omitempty" doc:"What time will do unless it is paid."`
	TrialEnd  *time.Time           `json:"trial_end,omitempty"`
	PeriodEnd *time.Time           `json:"period_end,omitempty"`
	CancelAt  *time.Time           `json:"cancel_at,omitempty"`
	Plan      *planShown           `json:"plan,omitempty"`
	AddOns    []addOn              `json:"add_ons"`
	Month     *monthShown          `json:"month,omitempty" doc:"The running month; left out where nothing is priced."`
	Limits    []limitShown         `json:"limits"`
	Coupon    string               `json:"coupon,omitempty"`
	Details   detailsBody          `json:"details" doc:"Who the bill goes to."`
}

type nextStep struct {
	State subscription.State `json:"state"`
	At    time.Time          `json:"at"`
}

type monthShown struct {
	Period   string         `json:"period" example:"2026-11"`
	Total    sum            `json:"total" doc:"Until now, without tax."`
	Lines    []billLine     `json:"lines"`
	Forecast *forecastShown `json:"forecast,omitempty"`
}

type forecastShown struct {
	Low    sum `json:"low"`
	Likely sum `json:"likely"`
	High   sum `json:"high"`
}

type limitShown struct {
	Meter   billing.Meter `json:"meter"`
	Used    int64         `json:"used"`
	Limit   int64         `json:"limit"`
	Percent int           `json:"percent"`
	Hard    bool          `json:"hard" doc:"It stops when it is reached."`
}

type invoiceShown struct {
	Ref         string     `json:"ref"`
	Number      string     `json:"number"`
	Status      string     `json:"status" enum:"draft,open,paid,void,uncollectible"`
	Total       sum        `json:"total"`
	PeriodStart time.Time  `json:"period_start"`
	PeriodEnd   time.Time  `json:"period_end"`
	DueAt       *time.Time `json:"due_at,omitempty"`
	PaidAt      *time.Time `json:"paid_at,omitempty"`
	URL         string     `json:"url,omitempty"`
	Lines       []billLine `json:"lines"`
}

type choiceBody struct {
	VersionID uid.ID  `json:"version_id"`
	AddOns    []addOn `json:"add_ons,omitempty" maxItems:"50"`
	Coupon    string  `json:"coupon,omitempty" maxLength:"60"`
}

type (
	subscriptionOut struct{ Body subscriptionShown }
	choiceIn        struct{ Body choiceBody }
	cancelIn        struct {
		Body struct {
			Now bool `json:"now" doc:"At once, not with the end of what is paid."`
		}
	}
	budgetIn struct {
		Body struct {
			Amount string `json:"amount" example:"250.00" doc:"Empty: no alert." maxLength:"20"`
		}
	}
	couponIn struct {
		Body struct {
			Coupon string `json:"coupon" minLength:"1" maxLength:"60"`
		}
	}
	detailsIn struct{ Body detailsBody }
	plansOut  struct {
		Body struct {
			Items []planShown `json:"items"`
		}
	}
	invoicesOut struct {
		Body struct {
			Items []invoiceShown `json:"items" doc:"The newest first, at most 60."`
		}
	}
	checkoutOut struct {
		Body struct {
			URL string `json:"url" doc:"Where an owner pays, or says how."`
		}
	}
	previewOut struct {
		Body struct {
			Due   sum        `json:"due" doc:"Now; negative is a credit."`
			Lines []billLine `json:"lines"`
		}
	}
	simulationOut struct {
		Body struct {
			Months []simulatedMonth `json:"months" doc:"The last whole months, at most three."`
		}
	}
)

// detailsBody is who the bill goes to.
type detailsBody struct {
	Email   string         `json:"email" format:"email" example:"accounts@example.com"`
	Address billingAddress `json:"address,omitempty"`
	TaxIDs  []taxID        `json:"tax_ids,omitempty" maxItems:"5"`
}

type billingAddress struct {
	Street     string `json:"street,omitempty" maxLength:"200"`
	Addition   string `json:"addition,omitempty" maxLength:"200"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"200"`
	City       string `json:"city,omitempty" maxLength:"200"`
	State      string `json:"state,omitempty" maxLength:"200"`
	Country    string `json:"country,omitempty" maxLength:"2" example:"DE" doc:"ISO 3166-1 alpha-2."`
}

type taxID struct {
	Kind  string `json:"kind,omitempty" example:"eu_vat" doc:"eu_vat where it is left out."`
	Value string `json:"value" example:"DE123456789"`
}

func (b detailsBody) details() subscription.Details {
	at := b.Address
	d := subscription.Details{Email: b.Email, Address: provider.Address{Line1: at.Street, Line2: at.Addition, PostalCode: at.PostalCode, City: at.City, State: at.State, Country: at.Country}}
	for _, t := range b.TaxIDs {
		d.TaxIDs = append(d.TaxIDs, provider.TaxID(t))
	}
	return d
}

func showDetails(s subscription.Subscription) detailsBody {
	at := s.Address
	b := detailsBody{Email: s.BillingEmail, Address: billingAddress{at.Line1, at.Line2, at.PostalCode, at.City, at.State, at.Country}}
	for _, t := range s.TaxIDs {
		b.TaxIDs = append(b.TaxIDs, taxID(t))
	}
	return b
}

type simulatedMonth struct {
	Period string `json:"period" example:"2026-10"`
	Now    *sum   `json:"now,omitempty" doc:"Under the plan of today."`
	Then   sum    `json:"then"`
}
