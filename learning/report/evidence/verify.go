package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/audit"
)

// MediaType is in the header of the signature (RFC 7515 §4.1.9), by which it is told from anything else that the portal signs.
const MediaType = "lyceum-evidence+jws"

const (
	sealBytes = 8 << 10 // the seal fills the archive's comment
	sealMark  = "lyceum-evidence-v1:"
	maxMember = 16 << 20 // of a manifest that is read, in bytes
)

// Claims are what is signed: the bytes of the archive up to the seal, and its manifest.
type Claims struct {
	About    about  `json:"about"`
	Bytes    int64  `json:"bytes"`
	SHA256   string `json:"sha256"`
	Manifest string `json:"manifest_sha256"`
}

// sealOf makes the archive's comment of a signature.
func sealOf(token string) ([]byte, error) {
	seal := []byte(sealMark + token)
	if len(seal) > sealBytes {
		return nil, fmt.Errorf("evidence: a signature of %d bytes", len(token))
	}
	return append(seal, bytes.Repeat([]byte{' '}, sealBytes-len(seal))...), nil
}

// Failures of a check.
var (
	ErrNoSeal   = errors.New("there is no seal at its end: this is no evidence pack, or it was cut off, or something was added")
	ErrUnproven = errors.New("the seal is not proven")
	ErrTampered = errors.New("the evidence was tampered with")
)

// Verdict is what checking a pack found.
type Verdict struct {
	Claims
	KeyID    string
	People   int      // lines about people
	Lines    int      // of entries.jsonl
	Audited  int      // entries of the audit log
	Findings []string // what was changed, in words; none: it is as it was made
}

// Is tells whether a file looks like a pack: an archive with a seal, or a ZIP at all; nothing is checked.
func Is(r io.ReaderAt, size int64) bool {
	tail := make([]byte, len(sealMark))
	if size < sealBytes {
		return false
	}
	_, err := r.ReadAt(tail, size-sealBytes)
	if err == nil && string(tail) == sealMark {
		return true
	}
	_, err = r.ReadAt(tail[:4], 0)
	return err == nil && string(tail[:4]) == "PK\x03\x04"
}

// Keys finds the key that a portal (its address) gives under a name.
type Keys func(portal, kid string) (ed25519.PublicKey, error)

// Verify checks a pack byte by byte. ErrNoSeal, ErrUnproven where the signature is not the portal's; ErrTampered, with what was changed in
// the verdict, where the rest is not what was signed.
func Verify(r io.ReaderAt, size int64, keys Keys) (v Verdict, err error) {
	if size < sealBytes {
		return v, ErrNoSeal
	}
	seal := make([]byte, sealBytes)
	if _, err := r.ReadAt(seal, size-sealBytes); err != nil {
		return v, fmt.Errorf("read its end: %w", err)
	}
	text, ok := bytes.CutPrefix(seal, []byte(sealMark))
	if !ok {
		return v, ErrNoSeal
	}
	token := string(bytes.TrimRight(text, " "))
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return v, fmt.Errorf("%w: it cannot be read", ErrUnproven)
	}
	header := parsed.Signatures[0].Header
	if header.ExtraHeaders["typ"] != MediaType {
		return v, fmt.Errorf("%w: it was signed as something else", ErrUnproven)
	}
	var claimed Claims
	if err := json.Unmarshal(parsed.UnsafePayloadWithoutVerification(), &claimed); err != nil {
		return v, fmt.Errorf("%w: it cannot be read", ErrUnproven)
	}
	key, err := keys(claimed.About.Portal, header.KeyID)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if _, err := parsed.Verify(key); err != nil {
		return v, fmt.Errorf("%w: the signature is not that of key %s, or a byte of the seal was changed", ErrUnproven, header.KeyID)
	}
	v.Claims, v.KeyID = claimed, header.KeyID
	// A text may be another one and read the same (the last letter of base64 has bits to spare): it has to be as it was written.
	again, err := parsed.CompactSerialize()
	if err != nil || again != token {
		v.Findings = append(v.Findings, "the seal says what was signed, but was written in another way")
	}
	v.examine(io.NewSectionReader(r, 0, size-sealBytes), r, size)
	if len(v.Findings) > 0 {
		return v, ErrTampered
	}
	return v, nil
}

func (v *Verdict) found(format string, args ...any) {
	v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
}

// examine compares the archive with what was signed, and says what differs as near as it can.
func (v *Verdict) examine(body io.Reader, r io.ReaderAt, size int64) {
	sum := sha256.New()
	n, err := io.Copy(sum, body)
	if err != nil {
		v.found("it cannot be read to its end: %v", err)
		return
	}
	whole := n == v.Bytes && hex.EncodeToString(sum.Sum(nil)) == v.SHA256
	before := len(v.Findings)
	z, err := zip.NewReader(r, size)
	if err != nil {
		v.found("the archive's directory was changed: it cannot be opened (%v)", err)
		return
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		if files[f.Name] != nil {
			v.found("%s is there twice", f.Name)
		}
		files[f.Name] = f
	}
	m, ok := v.manifest(files[fileManifest])
	for _, want := range m.Files {
		if want.Name != fileEntries {
			v.member(files[want.Name], want)
		} else {
			v.entries(files[want.Name], want, m)
		}
		delete(files, want.Name)
	}
	delete(files, fileManifest)
	if ok {
		for name := range files {
			v.found("%s was added", name)
		}
	}
	if !whole && len(v.Findings) == before {
		v.found("bytes of the archive outside of its files' contents were changed (names, times, or its directory); the contents are as they were signed")
	}
}

// manifest reads manifest.json; without it the rest cannot be told.
func (v *Verdict) manifest(f *zip.File) (m manifest, ok bool) {
	if f == nil {
		v.found("%s is missing: what else was changed cannot be told", fileManifest)
		return m, false
	}
	text, err := contents(f, maxMember)
	sum := sha256.Sum256(text)
	if err != nil || hex.EncodeToString(sum[:]) != v.Manifest || json.Unmarshal(text, &m) != nil {
		v.found("%s was changed: what else was changed cannot be told", fileManifest)
		return manifest{}, false
	}
	return m, true
}

// contents reads a file of the archive; what could be read comes with an error too.
func contents(f *zip.File, most int64) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, most))
}

func (v *Verdict) member(f *zip.File, want member) {
	if f == nil {
		v.found("%s is missing", want.Name)
		return
	}
	in, err := f.Open()
	if err != nil {
		v.found("%s was changed: it cannot be read", want.Name)
		return
	}
	defer in.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(in, want.Bytes+1))
	switch {
	case err != nil:
		v.found("%s was changed: it cannot be read to its end", want.Name)
	case n != want.Bytes || hex.EncodeToString(sum.Sum(nil)) != want.SHA256:
		v.found("%s was changed", want.Name)
	}
}

// entries follows the chain of lines, and names those that are not as they were.
func (v *Verdict) entries(f *zip.File, want member, m manifest) {
	if f == nil {
		v.found("%s is missing", want.Name)
		return
	}
	in, err := f.Open()
	if err != nil {
		v.found("%s was changed: it cannot be read", want.Name)
		return
	}
	defer in.Close()
	before := len(v.Findings)
	sum := sha256.New()
	b := bufio.NewReaderSize(io.TeeReader(io.LimitReader(in, want.Bytes+1), sum), 64<<10)
	f0 := follower{v: v, head: genesis(m.About.PackID.String()), stops: m.Checkpoints}
	var broken error
	for broken == nil {
		var text []byte
		text, broken = b.ReadBytes('\n')
		if len(text) > 0 {
			f0.line(text)
		}
	}
	switch {
	case !errors.Is(broken, io.EOF):
		v.found("%s was changed: after line %d it cannot be read", want.Name, f0.n)
	case f0.n != m.Lines:
		v.found("%s has %d lines, %d were signed", want.Name, f0.n, m.Lines)
	case hex.EncodeToString(f0.head) != m.Head && len(v.Findings) == before:
		v.found("%s ends otherwise than was signed", want.Name)
	case hex.EncodeToString(sum.Sum(nil)) != want.SHA256 && len(v.Findings) == before:
		v.found("%s was changed", want.Name)
	}
	v.Lines = f0.n
}

// follower follows a chain line by line. A line that does not follow is named, and the chain goes on with what it says.
type follower struct {
	v     *Verdict
	n     int
	head  []byte
	stops []checkpoint
	named int
}

// namedMost is how many lines are named.
const namedMost = 20

func (f *follower) wrong(format string, args ...any) {
	if f.named++; f.named <= namedMost {
		f.v.found("%s, line %d: %s", fileEntries, f.n, fmt.Sprintf(format, args...))
	}
}

func (f *follower) line(text []byte) {
	f.n++
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		f.wrong("it was changed and cannot be read")
		return
	}
	hash, err := hex.DecodeString(l.Hash)
	prev, err2 := hex.DecodeString(l.Prev)
	sum := digest(prev, l.Number, l.Kind, l.Data)
	switch {
	case err != nil || err2 != nil || !bytes.Equal(hash, sum) || !bytes.Equal(l.text(), text):
		f.wrong("%s was changed: its hash is not that of what it says", said(l))
	case !bytes.Equal(prev, f.head) || l.Number != f.n:
		f.wrong("%s does not follow the line before: something was taken out, put in, or moved here", said(l))
	}
	f.head = hash
	if i := slices.IndexFunc(f.stops, func(c checkpoint) bool { return c.Line == f.n }); i >= 0 && f.stops[i].Hash != l.Hash {
		f.wrong("of the %d lines up to here some were changed and their hashes made anew", checkpointEvery)
	}
	switch l.Kind {
	case kindPerson:
		f.v.People++
	case kindAudit:
		f.v.Audited++
		var entry audit.Line
		e, err := audit.Entry{}, json.Unmarshal(l.Data, &entry)
		if err == nil {
			e, err = entry.Entry()
		}
		if err != nil || !bytes.Equal(e.Digest(), e.Hash) {
			f.wrong("entry %d of the audit log is not what was logged: its own hash does not fit", entry.Seq)
		}
	}
}

// said names what a line is about.
func said(l line) string {
	var who struct {
		Person string `json:"person_id"`
		Name   string `json:"name"`
	}
	_ = json.Unmarshal(l.Data, &who)
	switch {
	case who.Name != "":
		return l.Kind + " of " + who.Name
	case who.Person != "":
		return l.Kind + " of person " + who.Person
	}
	return l.Kind
}
