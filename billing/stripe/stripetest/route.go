package stripetest

import (
	"net/url"
	"slices"
	"strings"
)

// route finds what a call asks for.
func (f *Fake) route(method, path string, form url.Values) (any, error) {
	parts := strings.Split(path, "/")
	get := method == "GET"
	at := func(pattern string) bool {
		want := strings.Split(pattern, "/")
		if len(want) != len(parts) {
			return false
		}
		for i := range want {
			if want[i] != "*" && want[i] != parts[i] {
				return false
			}
		}
		return true
	}
	switch {
	case at("products"), at("prices"), at("products/*"), at("prices/*"), at("billing/meters"), at("billing/meters/*/reactivate"):
		return f.catalogue(get, parts, form)
	case at("billing/meters/*/event_summaries"):
		return f.summaries(parts[2], form)
	case at("billing/meter_events"):
		return f.count(form)
	case parts[0] == "customers":
		return f.customers(method, parts, form)
	case at("checkout/sessions") && !get:
		return f.checkout(form)
	case at("billing_portal/sessions") && !get:
		if f.objects[form.Get("customer")] == nil {
			return nil, missing("customer", form.Get("customer"))
		}
		id := f.id("bps")
		return object{"id": id, "object": "billing_portal.session", "url": "https://billing.stripe.test/p/" + id}, nil
	case parts[0] == "subscriptions":
		return f.subscriptions(method, parts, form)
	case at("invoices") && get:
		return f.listInvoices(form)
	case at("invoices/upcoming") && get:
		return f.upcoming(form)
	case at("invoices/*/lines") && get:
		return f.listLines(parts[1], form)
	case at("invoiceitems") && !get:
		return f.invoiceItem(form)
	case at("promotion_codes") && get:
		promo := f.objects["promo_20"]
		if form.Get("code") != promo["code"] {
			return list(nil, form), nil
		}
		return list([]object{promo}, form), nil
	case at("coupons/*") && get:
		if c := f.objects[parts[1]]; c != nil && c["object"] == "coupon" {
			return c, nil
		}
		return nil, missing("coupon", parts[1])
	case at("events") && get:
		return f.listEvents(form)
	case at("webhook_endpoints"), at("webhook_endpoints/*"):
		return f.endpoints(get, parts, form)
	}
	return nil, &problem{status: 404, kind: "invalid_request_error", message: "Unrecognized request URL (" + method + ": /v1/" + path + ")"}
}

func (f *Fake) catalogue(get bool, parts []string, form url.Values) (any, error) {
	kind := map[string]string{"products": "product", "prices": "price", "billing": "billing.meter"}[parts[0]]
	switch {
	case get:
		return list(f.all(kind, func(o object) bool { return fits(o, form) }), form), nil
	case parts[0] == "billing" && len(parts) == 4:
		o := f.objects[parts[2]]
		if o == nil {
			return nil, missing("meter", parts[2])
		}
		o["status"] = "active"
		return o, nil
	case parts[0] != "billing" && len(parts) == 2:
		o := f.objects[parts[1]]
		if o == nil || o["object"] != kind {
			return nil, missing(kind, parts[1])
		}
		for k := range form {
			if kind == "price" && (k == "unit_amount_decimal" || strings.HasPrefix(k, "recurring") || strings.HasPrefix(k, "tiers")) {
				return nil, invalid("Received unknown parameter: %s: a price is not changed", k)
			}
		}
		f.set(o, form)
		return o, nil
	}
	switch kind {
	case "product":
		id := form.Get("id")
		if f.objects[id] != nil {
			return nil, &problem{status: 400, kind: "invalid_request_error", code: "resource_already_exists", message: "Product already exists."}
		}
		o := f.keep(id, kind, form)
		o["active"] = true
		return o, nil
	case "billing.meter":
		if len(f.all(kind, func(o object) bool { return o["event_name"] == form.Get("event_name") })) > 0 {
			return nil, invalid("There is already an active meter with this event name.")
		}
		o := f.keep(f.id("mtr"), kind, form)
		o["status"] = "active"
		return o, nil
	}
	return f.price(form)
}

func (f *Fake) price(form url.Values) (any, error) {
	if p := f.objects[form.Get("product")]; p == nil || p["object"] != "product" {
		return nil, missing("product", form.Get("product"))
	}
	key := form.Get("lookup_key")
	for _, o := range f.all("price", func(o object) bool { return key != "" && o["lookup_key"] == key }) {
		if form.Get("transfer_lookup_key") != "true" {
			return nil, invalid("A price (`%s`) already uses that lookup key.", o["id"])
		}
		o["lookup_key"] = nil
	}
	if meter := form.Get("recurring[meter]"); form.Get("recurring[usage_type]") == "metered" && (f.objects[meter] == nil || f.objects[meter]["status"] != "active") {
		return nil, missing("meter", meter)
	}
	if len(indexed(form, "tiers")) > 0 && form.Get("transform_quantity[divide_by]") != "" {
		return nil, invalid("You may only specify one of these parameters: tiers, transform_quantity.")
	}
	o := f.keep(f.id("price"), "price", form)
	o["active"] = true
	o["recurring"] = object{"interval": form.Get("recurring[interval]"), "usage_type": or(form.Get("recurring[usage_type]"), "licensed"), "meter": form.Get("recurring[meter]")}
	o["terms"] = termsOf(form)
	return o, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// fits tells whether an object is among those that a listing asks for.
func fits(o object, form url.Values) bool {
	in := func(name string, value any) bool {
		var asked []string
		for k, v := range form {
			if k == name || strings.HasPrefix(k, name+"[") {
				asked = append(asked, v...)
			}
		}
		text, _ := value.(string)
		return len(asked) == 0 || slices.Contains(asked, text)
	}
	if active := form.Get("active"); active != "" && (active == "true") != (o["active"] == true) {
		return false
	}
	recurring, _ := o["recurring"].(object)
	for name, field := range map[string]string{"recurring[usage_type]": "usage_type", "recurring[interval]": "interval"} {
		if want := form.Get(name); want != "" && recurring[field] != want {
			return false
		}
	}
	return in("ids", o["id"]) && in("lookup_keys", o["lookup_key"])
}

func (f *Fake) customers(method string, parts []string, form url.Values) (any, error) {
	if len(parts) == 2 && parts[1] == "search" {
		_, id, _ := strings.Cut(form.Get("query"), ":'")
		found := f.all("customer", func(o object) bool { return o.meta()["tenant_id"] == strings.TrimSuffix(id, "'") })
		return object{"object": "search_result", "data": append([]object{}, found...), "has_more": false, "url": "/v1/customers/search"}, nil
	}
	if len(parts) == 1 {
		o := f.keep(f.id("cus"), "customer", form)
		f.cards[o.text("id")] = true
		return o, nil
	}
	c := f.objects[parts[1]]
	if c == nil || c["object"] != "customer" {
		return nil, missing("customer", parts[1])
	}
	switch {
	case len(parts) == 2 && method == "DELETE":
		for _, o := range f.all("subscription", func(o object) bool { return o["customer"] == parts[1] }) {
			o["status"] = "canceled"
		}
		delete(f.objects, parts[1])
		return object{"id": parts[1], "object": "customer", "deleted": true}, nil
	case len(parts) == 2:
		f.set(c, form)
		return c, nil
	case method == "GET":
		return list(f.all("tax_id", func(o object) bool { return o["customer"] == parts[1] }), form), nil
	case method == "DELETE":
		o := f.objects[parts[3]]
		if o == nil {
			return nil, missing("tax id", parts[3])
		}
		o["deleted"] = true
		return object{"id": parts[3], "object": "tax_id", "deleted": true}, nil
	}
	if !strings.HasPrefix(form.Get("value"), "DE") && form.Get("type") == "eu_vat" {
		return nil, &problem{status: 400, kind: "invalid_request_error", code: "tax_id_invalid", message: "Invalid value for eu_vat."}
	}
	o := f.keep(f.id("txi"), "tax_id", form)
	o["customer"] = parts[1]
	return o, nil
}

// TaxIDs are those of a customer.
func (f *Fake) TaxIDs(customer string) (values []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.all("tax_id", func(o object) bool { return o["customer"] == customer }) {
		values = append(values, o.text("value"))
	}
	return values
}

func (f *Fake) endpoints(get bool, parts []string, form url.Values) (any, error) {
	if get {
		return list(f.all("webhook_endpoint", nil), form), nil
	}
	var events []string
	for i := 0; form.Has("enabled_events[" + itoa(i) + "]"); i++ {
		events = append(events, form.Get("enabled_events["+itoa(i)+"]"))
	}
	if len(parts) == 2 {
		o := f.objects[parts[1]]
		if o == nil {
			return nil, missing("webhook endpoint", parts[1])
		}
		if o["status"] = "enabled"; form.Get("disabled") == "true" {
			o["status"] = "disabled"
		}
		if events != nil {
			o["enabled_events"] = events
		}
		return o, nil
	}
	o := f.keep(f.id("we"), "webhook_endpoint", form)
	o["enabled_events"], o["status"] = events, "enabled"
	out := object{"secret": Secret} // told once
	for k, v := range o {
		out[k] = v
	}
	return out, nil
}

// CustomerOf is the customer of a tenant, "" for none.
func (f *Fake) CustomerOf(tenantID string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.all("customer", func(o object) bool { return o.meta()["tenant_id"] == tenantID }) {
		return o.text("id")
	}
	return ""
}
