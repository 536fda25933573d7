package stripetest

import (
	"math/big"
	"net/url"
	"strconv"
)

// terms are what a price charges.
type terms struct {
	unit   *big.Rat
	divide int64
	mode   string
	tiers  []tier
}

type tier struct {
	upTo       int64 // 0: without an end
	unit, flat *big.Rat
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

func termsOf(form url.Values) terms {
	t := terms{unit: rat(form.Get("unit_amount_decimal")), mode: form.Get("tiers_mode"), divide: number(form.Get("transform_quantity[divide_by]"))}
	for _, step := range indexed(form, "tiers") {
		n, _ := strconv.ParseInt(step["up_to"], 10, 64) // inf is none
		t.tiers = append(t.tiers, tier{n, rat(step["unit_amount_decimal"]), rat(step["flat_amount_decimal"])})
	}
	return t
}

func times(r *big.Rat, n int64) *big.Rat { return new(big.Rat).Mul(r, new(big.Rat).SetInt64(n)) }

// cents is what a quantity costs, rounded half away from zero.
func (t terms) cents(n int64) int64 {
	if t.divide > 1 && n > 0 {
		n = (n + t.divide - 1) / t.divide
	}
	if len(t.tiers) == 0 {
		return whole(times(t.unit, n))
	}
	sum, below := new(big.Rat), int64(0)
	for _, step := range t.tiers {
		if t.mode == "volume" {
			if step.upTo == 0 || n <= step.upTo {
				return whole(new(big.Rat).Add(times(step.unit, n), step.flat))
			}
			continue
		}
		in := n - below
		if step.upTo > 0 {
			in = min(in, step.upTo-below)
		}
		if in <= 0 {
			break
		}
		sum.Add(sum, times(step.unit, in)).Add(sum, step.flat)
		below = step.upTo
		if step.upTo == 0 {
			break
		}
	}
	return whole(sum)
}

func whole(r *big.Rat) int64 {
	two := new(big.Rat).Mul(r, big.NewRat(2, 1))
	n, d := two.Num(), two.Denom()
	q := new(big.Int).Quo(n, d) // twice the amount, towards zero
	v := q.Int64()
	if v >= 0 {
		return (v + 1) / 2
	}
	return (v - 1) / 2
}
