package stripe

import (
	"context"
	"slices"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// Checkout begins a session of Stripe's page. It holds the flat parts; meters are booked when it was paid (Tend). Without a
// coupon of ours the payer may enter a promotion code there.
func (s *Stripe) Checkout(ctx context.Context, in provider.Checkout) (string, error) {
	ids, err := s.priceIDs(ctx, in.Version)
	if err != nil {
		return "", err
	}
	tenant := in.TenantID.String()
	params := &stripego.CheckoutSessionParams{
		Params: s.does(ctx, in.Key), Mode: stripego.String(string(stripego.CheckoutSessionModeSubscription)), Customer: &in.Customer, ClientReferenceID: &tenant,
		SuccessURL: &in.SuccessURL, CancelURL: &in.CancelURL, Metadata: map[string]string{ofTenant: tenant},
		SubscriptionData: &stripego.CheckoutSessionSubscriptionDataParams{Metadata: labels(in.TenantID, in.Version, in.AddOns)},
		TaxIDCollection:  &stripego.CheckoutSessionTaxIDCollectionParams{Enabled: stripego.Bool(true)},
		CustomerUpdate:   &stripego.CheckoutSessionCustomerUpdateParams{Name: stripego.String("auto"), Address: stripego.String("auto")},
	}
	if s.AutomaticTax {
		params.AutomaticTax = &stripego.CheckoutSessionAutomaticTaxParams{Enabled: stripego.Bool(true)}
	}
	if in.TrialEnd != nil {
		params.SubscriptionData.TrialEnd = unix(*in.TrialEnd)
	}
	n := booked(in.Version, in.AddOns)
	for _, c := range sorted(n) {
		params.LineItems = append(params.LineItems, &stripego.CheckoutSessionLineItemParams{Price: stripego.String(ids[c]), Quantity: stripego.Int64(n[c])})
	}
	if in.Coupon == "" {
		params.AllowPromotionCodes = stripego.Bool(true)
	} else {
		off, err := s.discount(ctx, in.Coupon)
		if err != nil {
			return "", err
		}
		params.Discounts = []*stripego.CheckoutSessionDiscountParams{{Coupon: off.coupon, PromotionCode: off.code}}
	}
	made, err := s.api.CheckoutSessions.New(params)
	if err != nil {
		return "", s.failed(err, "begin a checkout of %s", tenant)
	}
	return made.URL, nil
}

// labels are the metadata of a main subscription.
func labels(tenant uid.ID, v plan.Version, addOns []provider.AddOn) map[string]string {
	counted := []string{}
	for _, c := range v.Components {
		if _, there := metered(v, addOns)[c.Code]; there && c.AddOn {
			counted = append(counted, c.Code)
		}
	}
	return map[string]string{ofTenant: tenant.String(), ofVersion: v.ID.String(), ofPlan: v.PlanID.String(), "metered_add_ons": strings.Join(counted, ",")}
}

func sorted(n map[string]int64) []string {
	out := make([]string, 0, len(n))
	for c := range n {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// off is a coupon, or the promotion code of one.
type off struct{ coupon, code *string }

// discount finds what a code stands for: a promotion code, else a coupon's own id. ErrRefused when it is neither, or over.
func (s *Stripe) discount(ctx context.Context, code string) (off, error) {
	list := s.api.PromotionCodes.List(&stripego.PromotionCodeListParams{ListParams: s.lists(ctx, 1), Code: &code, Active: stripego.Bool(true)})
	if list.Next() {
		return off{code: &list.PromotionCode().ID}, nil
	}
	if err := list.Err(); err != nil {
		return off{}, s.failed(err, "find promotion code")
	}
	c, err := s.api.Coupons.Get(code, &stripego.CouponParams{Params: s.asks(ctx)})
	if err != nil {
		return off{}, s.failed(err, "find coupon")
	}
	if !c.Valid {
		return off{}, provider.ErrRefused.Saying("This coupon is no longer valid.")
	}
	return off{coupon: &c.ID}, nil
}

// Apply gives a coupon to a subscription, in place of one before. One that takes a percentage holds for usage too.
func (s *Stripe) Apply(ctx context.Context, key, ref, coupon string) error {
	d, err := s.discount(ctx, coupon)
	if err != nil {
		return err
	}
	p, err := s.pair(ctx, ref)
	if err != nil {
		return err
	}
	if over(p.main) {
		return errEnded
	}
	main, err := s.api.Subscriptions.Update(p.main.ID, &stripego.SubscriptionParams{Params: s.does(ctx, key), Coupon: d.coupon, PromotionCode: d.code})
	if err != nil {
		return s.failed(err, "apply a coupon to %s", ref)
	}
	if p.usage == nil || over(p.usage) || main.Discount == nil || main.Discount.Coupon == nil || main.Discount.Coupon.PercentOff == 0 {
		return nil
	}
	_, err = s.api.Subscriptions.Update(p.usage.ID, &stripego.SubscriptionParams{Params: s.does(ctx, key+":usage"), Coupon: &main.Discount.Coupon.ID})
	return s.failed(err, "apply a coupon to %s", p.usage.ID)
}
