package stripetest

import (
	"net/url"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// count takes a meter event. One of the same identifier is refused, as one is that lies too far back or ahead.
func (f *Fake) count(form url.Values) (any, error) {
	e := meterEvent{
		identifier: form.Get("identifier"), name: form.Get("event_name"), customer: form.Get("payload[stripe_customer_id]"), value: number(form.Get("payload[value]")), at: number(form.Get("timestamp")),
	}
	now := f.now.Unix()
	switch {
	case len(f.all("billing.meter", func(o object) bool { return o["event_name"] == e.name })) == 0:
		return nil, missing("meter", e.name)
	case f.objects[e.customer] == nil:
		return nil, missing("customer", e.customer)
	case e.at < now-int64(35*24*time.Hour/time.Second):
		return nil, invalid("The timestamp is too far in the past.")
	case e.at > now+int64(5*time.Minute/time.Second):
		return nil, invalid("The timestamp is too far in the future.")
	case len(e.identifier) > 100:
		return nil, invalid("The identifier is too long.")
	}
	for _, old := range f.usage {
		if old.identifier == e.identifier && e.identifier != "" {
			return nil, &problem{status: 400, kind: "invalid_request_error", code: "duplicate_meter_event", message: "An event already exists with identifier " + e.identifier + "."}
		}
	}
	f.usage = append(f.usage, e)
	return object{"object": "billing.meter_event", "identifier": e.identifier, "event_name": e.name, "timestamp": e.at, "created": now, "livemode": false}, nil
}

// used sums a meter's events of a customer within [from, until).
func (f *Fake) used(meter, customer string, from, until int64) (sum int64) {
	m := f.objects[meter]
	for _, e := range f.usage {
		if m != nil && e.name == m["event_name"] && e.customer == customer && e.at >= from && e.at < until {
			sum += e.value
		}
	}
	return sum
}

func (f *Fake) summaries(meter string, form url.Values) (any, error) {
	if f.objects[meter] == nil {
		return nil, missing("meter", meter)
	}
	from, until := number(form.Get("start_time")), number(form.Get("end_time"))
	if from%60 != 0 || until%60 != 0 {
		return nil, invalid("start_time and end_time must align with minute boundaries.")
	}
	return list([]object{{
		"id": "sum_" + meter, "object": "billing.meter_event_summary", "meter": meter, "start_time": from, "end_time": until, "aggregated_value": f.used(meter, form.Get("customer"), from, until),
	}}, form), nil
}

// Used is how often usage was counted for a customer, and what it comes to.
func (f *Fake) Used(customer string) (events int, sum int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.usage {
		if e.customer == customer {
			events++
			sum += e.value
		}
	}
	return events, sum
}
