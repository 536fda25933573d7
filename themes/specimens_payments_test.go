package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/billing/inbox"
	"lyceum/internal/uid"
	"lyceum/themes"
)

func paymentsSpecimens(w *world) []specimen {
	view := w.platform("/operator/payments")
	view.Operator = &auth.Operator{Name: "Olivia Operator", Email: "operator@lyceum.example"}
	done, oldest := now.Add(-time.Minute), now.Add(-2*time.Hour)
	paid := inbox.Message{
		ID: uid.New(), Provider: "stripe", EventID: "evt_1", Type: "invoice.paid", Object: "invoice", Ref: "in_1", Customer: "cus_1", Source: inbox.SourceWebhook,
		Payload: []byte(`{"id":"evt_1","note":"<script>alert(1)</script>"}`), At: now, ReceivedAt: now, State: inbox.StateDone, Attempts: 1, DoneAt: &done,
	}
	parked := paid
	parked.ID, parked.EventID, parked.Type, parked.Object, parked.Ref, parked.Customer = uid.New(), "evt_2", "v1.billing.meter.no_meter_found", "", "", ""
	parked.State, parked.Source, parked.Error, parked.DoneAt = inbox.StateParked, inbox.SourceGap, "the payment service could not count usage that it was told", nil
	return []specimen{
		{"payments", view, themes.PaymentsPage{Provider: "stripe", Live: true, Inbox: inbox.Depth{Waiting: 3, Parked: 1, Oldest: &oldest}, Parked: []inbox.Message{parked}}},
		{"payments-books", view, themes.PaymentsPage{Provider: "books"}},
		{"payments-nobody", view, themes.PaymentsPage{}},
		{"payment-messages", view, themes.MessagesPage{Messages: listOf(paid, parked)}},
		{"payment-messages-none", view, themes.MessagesPage{State: inbox.StateParked, Type: "x"}},
		{"payment-message", view, themes.MessagePage{Message: paid}},
		{"payment-message-parked", view, themes.MessagePage{Message: parked}},
	}
}
