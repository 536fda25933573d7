// Package money is sums and prices in exact whole numbers. It converts no currency and knows no tax.
package money

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"golang.org/x/text/currency"

	"lyceum/internal/fault"
)

// Currency is an ISO 4217 code in capitals (EUR).
type Currency string

// ErrCurrency refuses what is no currency.
var ErrCurrency = fault.New(fault.KindInvalid, "bad_currency", "Write the currency as its three letters, for example EUR.")

// ParseCurrency reads a code in any case.
func ParseCurrency(s string) (Currency, error) {
	u, err := currency.ParseISO(strings.TrimSpace(s))
	if err != nil {
		return "", ErrCurrency
	}
	return Currency(u.String()), nil
}

// Digits is how many decimals the currency's smallest unit has: 2 for EUR, 0 for JPY.
func (c Currency) Digits() int {
	u, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	digits, _ := currency.Standard.Rounding(u)
	return digits
}

// ErrTooLarge is a sum beyond what is counted: more than nine quintillion of the smallest unit.
var ErrTooLarge = errors.New("money: the sum is too large")

// Money is a sum in the currency's smallest unit (cents).
type Money struct {
	Minor    int64
	Currency Currency
}

// Add sums two amounts of one currency. It panics on two currencies: a bill has one.
func (m Money) Add(o Money) Money {
	if m.Currency != o.Currency {
		panic(fmt.Sprintf("money: %s and %s do not add up", m.Currency, o.Currency))
	}
	return Money{m.Minor + o.Minor, m.Currency}
}

// Plus sums two amounts of one currency as Add does, and fails with ErrTooLarge where Add would come out wrong.
func (m Money) Plus(o Money) (Money, error) {
	sum := m.Add(o)
	if (o.Minor > 0) != (sum.Minor > m.Minor) && o.Minor != 0 {
		return Money{0, m.Currency}, ErrTooLarge
	}
	return sum, nil
}

// Round turns millionths of a whole unit into the currency's smallest unit, half away from zero; ErrTooLarge.
func Round(micros *big.Int, c Currency) (Money, error) {
	n := round(micros, c.Digits())
	if !n.IsInt64() {
		return Money{0, c}, ErrTooLarge
	}
	return Money{n.Int64(), c}, nil
}

// Times multiplies by a whole number.
func (m Money) Times(n int64) Money { return Money{m.Minor * n, m.Currency} }

// Decimal writes the amount in whole units with the currency's decimals and a point: 12.50.
func (m Money) Decimal() string {
	digits := m.Currency.Digits()
	s := fmt.Sprintf("%0*d", digits+1, abs(m.Minor))
	if digits > 0 {
		s = s[:len(s)-digits] + "." + s[len(s)-digits:]
	}
	if m.Minor < 0 {
		s = "-" + s
	}
	return s
}

// String is the amount with its currency, for logs and machines: "12.50 EUR". Pages have their own, by locale.
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// Micros is a price in millionths of a whole unit of currency: 0.0001 EUR is 100. Prices of small things (an API call, a
// byte-hour) are far below a cent, so they are not kept in cents.
type Micros int64

// Of is the price of n things in the currency's smallest unit, rounded half away from zero, once. It is for sums that are
// known to be small; what comes from usage goes through Round.
func (p Micros) Of(n int64, c Currency) Money {
	return Money{round(p.Exactly(n), c.Digits()).Int64(), c}
}

// Exactly is the price of n things in millionths, not rounded.
func (p Micros) Exactly(n int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(int64(p)), big.NewInt(n))
}

// Decimal writes the price in whole units, without needless zeros: 0.0001.
func (p Micros) Decimal() string {
	r := new(big.Rat).SetFrac64(int64(p), 1_000_000)
	s := strings.TrimRight(r.FloatString(6), "0")
	return strings.TrimSuffix(s, ".")
}

var decimalRE = regexp.MustCompile(`^[+-]?[0-9]{1,19}(\.[0-9]{1,19})?$`)

// ParseMicros reads a price in whole units with up to six decimals: "4.50".
func ParseMicros(s string) (Micros, error) {
	s = strings.TrimSpace(s)
	r, ok := new(big.Rat).SetString(s)
	if !ok || !decimalRE.MatchString(s) {
		return 0, fmt.Errorf("%q is no price: write a number such as 4.50", s)
	}
	r.Mul(r, big.NewRat(1_000_000, 1))
	if !r.IsInt() || !r.Num().IsInt64() {
		return 0, fmt.Errorf("%q has more than six decimals, or is too large", s)
	}
	return Micros(r.Num().Int64()), nil
}

// round turns millionths into smallest units.
func round(micros *big.Int, digits int) *big.Int {
	per := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(6-digits)), nil)
	half := new(big.Int).Div(per, big.NewInt(2))
	sign := micros.Sign()
	whole := new(big.Int).Abs(micros)
	whole.Add(whole, half).Div(whole, per)
	if sign < 0 {
		whole.Neg(whole)
	}
	return whole
}
