package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// Kinds of lines.
const (
	kindPack        = "pack"        // what the whole is about
	kindRequirement = "requirement" // what was asked for, from a moment on
	kindAudit       = "audit"       // an entry of the portal's audit log about the requirement, with its own hash
	kindPerson      = "person"      // somebody who had the duty, and how they stood at the end of the period
	kindFact        = "fact"        // what was known of a cycle of a duty, from a moment on
	kindCompletion  = "completion"  // a course that was completed, with its content
)

// line is one of entries.jsonl: what it says as it stands there, the hash of the line before, and its own.
type line struct {
	Number int             `json:"n"`
	Kind   string          `json:"kind"`
	Prev   string          `json:"prev"`
	Hash   string          `json:"hash"`
	Data   json.RawMessage `json:"data"`
}

// genesis is what the first line follows: the lines of one pack are no continuation of another's.
func genesis(pack string) []byte {
	sum := sha256.Sum256([]byte("lyceum evidence v1 " + pack))
	return sum[:]
}

// digest is the SHA-256 of the line before, the number, the kind and the bytes of what it says, each with its length in front.
func digest(prev []byte, number int, kind string, data []byte) []byte {
	h := sha256.New()
	for _, part := range [][]byte{prev, []byte(strconv.Itoa(number)), []byte(kind), data} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(nil)
}

// text is the line as it is written, to the byte.
func (l line) text() []byte {
	return fmt.Appendf(nil, `{"n":%d,"kind":%q,"prev":%q,"hash":%q,"data":%s}`+"\n", l.Number, l.Kind, l.Prev, l.Hash, l.Data)
}

// checkpointEvery is after how many lines the manifest names a hash: so far is told where somebody changed a chain and made its hashes anew.
const checkpointEvery = 50

// checkpoint is the hash of a line.
type checkpoint struct {
	Line int    `json:"line"`
	Hash string `json:"hash"`
}

// chain writes lines.
type chain struct {
	w     io.Writer
	n     int
	head  []byte
	stops []checkpoint
}

func (c *chain) add(kind string, what any) error {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(what); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	data := bytes.TrimRight(buf.Bytes(), "\n")
	c.n++
	prev := c.head
	c.head = digest(prev, c.n, kind, data)
	l := line{c.n, kind, hex.EncodeToString(prev), hex.EncodeToString(c.head), data}
	if c.n%checkpointEvery == 0 {
		c.stops = append(c.stops, checkpoint{c.n, l.Hash})
	}
	_, err := c.w.Write(l.text())
	return err
}
