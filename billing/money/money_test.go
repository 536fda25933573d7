package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"lyceum/billing/money"
)

func TestPricesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]money.Micros{"4.50": 4_500_000, " 0.000001 ": 1, "12": 12_000_000, "-1": -1_000_000, "+2.5": 2_500_000} {
		if got, err := money.ParseMicros(text); err != nil || got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "4,50", "0.0000001", "1e3", "0x10", "0b1", "1/2", "1_000", ".5", "5.", "Inf", "99999999999999999999", "9999999999999999999"} {
		if got, err := money.ParseMicros(text); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

func TestSumsAreRoundedHalfAwayFromZeroToTheCurrencysUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		micros int64
		cur    money.Currency
		want   string
	}{
		{5_000, "EUR", "0.01 EUR"}, {4_999, "EUR", "0.00 EUR"}, {-5_000, "EUR", "-0.01 EUR"}, {499_999, "JPY", "0 JPY"}, {500_000, "JPY", "1 JPY"},
		{1_500, "KWD", "0.002 KWD"}, {12_345_678, "KWD", "12.346 KWD"},
	} {
		if got, err := money.Round(big.NewInt(c.micros), c.cur); err != nil || got.String() != c.want {
			t.Errorf("%d is %s (%v), want %s", c.micros, got, err, c.want)
		}
	}
	if _, err := money.Round(new(big.Int).Lsh(big.NewInt(1), 90), "EUR"); !errors.Is(err, money.ErrTooLarge) {
		t.Errorf("2^90: %v", err)
	}
}

func TestASumThatDoesNotFitIsNoSum(t *testing.T) {
	t.Parallel()
	most, least := money.Money{Minor: math.MaxInt64, Currency: "EUR"}, money.Money{Minor: math.MinInt64, Currency: "EUR"}
	cent := money.Money{Minor: 1, Currency: "EUR"}
	for _, c := range [][2]money.Money{{most, cent}, {least, {Minor: -1, Currency: "EUR"}}} {
		if got, err := c[0].Plus(c[1]); !errors.Is(err, money.ErrTooLarge) {
			t.Errorf("%s and %s: %s", c[0], c[1], got)
		}
	}
	for _, c := range [][2]money.Money{{most, {Minor: -1, Currency: "EUR"}}, {least, most}, {cent, {Currency: "EUR"}}} {
		if _, err := c[0].Plus(c[1]); err != nil {
			t.Errorf("%s and %s: %v", c[0], c[1], err)
		}
	}
}
