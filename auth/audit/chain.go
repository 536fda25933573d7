package audit

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
)

// Chain checks entries one after the other as they come. The zero Chain begins at the first entry it sees and so holds
// only what stands between; From begins at a tenant's genesis.
type Chain struct {
	began bool
	seq   int64
	hash  []byte
}

// From begins before a tenant's first entry.
func From(genesis []byte) *Chain { return &Chain{began: true, hash: genesis} }

// Follow takes the next entry; ErrBroken, saying which and how, when it does not follow.
func (c *Chain) Follow(e Entry) error {
	switch {
	case c.began && e.Seq != c.seq+1:
		return ErrBroken.Saying("After entry %d the audit log goes on with %d: what stood between is gone.", c.seq, e.Seq)
	case c.began && !bytes.Equal(e.Prev, c.hash):
		return ErrBroken.Saying("Entry %d does not follow the one before: one of the two was changed.", e.Seq)
	case !hmac.Equal(e.Digest(), e.Hash):
		return ErrBroken.Saying("Entry %d was changed after it was written.", e.Seq)
	}
	c.began, c.seq, c.hash = true, e.Seq, e.Hash
	return nil
}

// Head gives the last entry's number and hash in hexadecimal; 0 before the first.
func (c *Chain) Head() (seq int64, hash string) { return c.seq, hex.EncodeToString(c.hash) }
