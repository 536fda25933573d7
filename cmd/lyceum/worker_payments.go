package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lyceum/billing/inbox"
	"lyceum/store/queue"
)

// openInbox puts together what takes the messages of the payment service.
func (a *app) openInbox() {
	a.inbox = inbox.New(inbox.Options{Keep: a.store, Subscriptions: a.subscriptions, Provider: a.newProvider, Log: a.log})
}

// inboxChores handle what came, and fetch what did not arrive.
func (a *app) inboxChores() []queue.Chore {
	return []queue.Chore{
		{Name: "handle_payment_messages", Every: 5 * time.Second, Timeout: 4 * time.Minute, Do: a.inbox.Handle}, // shorter than a message's lease
		{Name: "gather_payment_messages", Every: time.Hour, Timeout: 10 * time.Minute, Do: a.inbox.Gather},
		{Name: "sweep_payment_messages", Every: 24 * time.Hour, Timeout: 10 * time.Minute, Do: a.inbox.Sweep},
	}
}

// watchInbox tells the metrics of messages: what came to this process, and what waits for everybody.
func (m *metrics) watchInbox(in *inbox.Service) {
	t := in.Tally()
	for outcome, n := range map[string]func() int64{"accepted": t.Accepted.Load, "repeated": t.Repeated.Load, "forged": t.Forged.Load, "failed": t.Failed.Load} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "lyceum_payment_messages_total", Help: "Messages of the payment service to this process, by what became of them.", ConstLabels: prometheus.Labels{"outcome": outcome},
		}, func() float64 { return float64(n()) }))
	}
	for state, of := range map[string]func(inbox.Depth) int{"waiting": func(d inbox.Depth) int { return d.Waiting }, "parked": func(d inbox.Depth) int { return d.Parked }} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "lyceum_payment_messages", Help: "Messages of the payment service that wait, or that an operator is to look at; -1 where it cannot be read.", ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			d, err := in.Depth(ctx)
			if err != nil {
				return -1
			}
			return float64(of(d))
		}))
	}
}
