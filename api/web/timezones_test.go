package web

import (
	"slices"
	"testing"
	"time"
)

func TestEveryZoneOnOfferIsKnown(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		if _, err := time.LoadLocation(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !slices.Contains(zones, "Europe/Berlin") || !slices.IsSorted(zones) {
		t.Error("the zones are not a sorted list with Europe/Berlin in it")
	}
}

func TestAChosenZoneStaysOnOffer(t *testing.T) {
	t.Parallel()
	if got := timeZones("Europe/Berlin"); len(got) != len(zones) {
		t.Errorf("%d zones, want %d", len(got), len(zones))
	}
	if got := timeZones("Etc/GMT+5"); got[0] != "Etc/GMT+5" || len(got) != len(zones)+1 {
		t.Errorf("first %s of %d", got[0], len(got))
	}
}
