package money

import "math/big"

// Part is the share part/whole of an amount, rounded half away from zero; of a whole that is none it is nothing.
func (m Money) Part(part, whole int64) Money {
	if whole == 0 {
		return Money{0, m.Currency}
	}
	n := new(big.Int).Mul(big.NewInt(m.Minor), big.NewInt(part))
	d := big.NewInt(whole)
	if d.Sign() < 0 {
		n.Neg(n)
		d.Neg(d)
	}
	sign := n.Sign()
	n.Abs(n).Mul(n, big.NewInt(2)).Add(n, d).Div(n, d.Mul(d, big.NewInt(2)))
	if sign < 0 {
		n.Neg(n)
	}
	return Money{n.Int64(), m.Currency}
}
