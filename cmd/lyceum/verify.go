package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"lyceum/auth/privacy"
	"lyceum/internal/outbound"
	"lyceum/learning/badge"
	"lyceum/tenant/leaving"
)

// verifyCmd checks a badge, the receipt of an erasure (of a portal or a person) or an evidence pack: what anyone does with it who doubts it. It needs no database, and no network where the issuer's
// files are given.
type verifyCmd struct {
	File    string `arg:"" help:"The badge, a credential (JWT) or a picture (SVG) that carries one, the receipt of a portal’s or a person’s erasure (JWS), or an evidence pack (ZIP); - for standard input."`
	DID     string `name:"did" type:"existingfile" help:"The issuer's DID document, kept from https://PORTAL/.well-known/did.json. Without it, it is fetched."`
	Status  string `type:"existingfile" help:"The status list, kept from the address that the badge names. Without it, it is fetched."`
	Keys    string `type:"existingfile" help:"The platform's keys, kept from https://PLATFORM/.well-known/lyceum-receipts.json, to check the receipt of an erasure. Without it, they are fetched from the address that the receipt names."`
	Offline bool   `help:"Fetch nothing: without --status whether the badge was withdrawn stays open, and without --did nothing can be proven."`
	Private bool   `help:"Fetch from addresses of this network too, as of a demo."`
}

// errOffline is something that would have to be fetched.
var errOffline = errors.New("not fetched: --offline. Give the file with --did")

// Run says what was found, and fails when the badge proves nothing.
func (cmd *verifyCmd) Run(ctx context.Context) error {
	if pack, size, err := openPack(cmd.File); err != nil || pack != nil {
		if err != nil {
			return fmt.Errorf("verify evidence: %w", err)
		}
		defer pack.Close()
		return verifyPack(pack, size, badgeSource{cmd: cmd, ctx: ctx, client: outbound.Client(outbound.Options{AllowPrivate: cmd.Private})}, os.Stdout)
	}
	file, err := readBounded(cmd.File)
	if err != nil {
		return fmt.Errorf("verify a badge: %w", err)
	}
	if text := strings.TrimSpace(string(file)); leaving.IsReceipt(text) {
		return cmd.receipt(ctx, text, os.Stdout)
	}
	source := badgeSource{cmd: cmd, ctx: ctx, client: outbound.Client(outbound.Options{AllowPrivate: cmd.Private})}
	if text := strings.TrimSpace(string(file)); privacy.IsReceipt(text) {
		return verifyErasure(text, source, os.Stdout)
	}
	return verifyBadge(file, source, time.Now(), os.Stdout)
}

// receipt checks the receipt of an erasure.
func (cmd *verifyCmd) receipt(ctx context.Context, text string, out io.Writer) error {
	issuer, err := leaving.Issuer(text)
	if err != nil {
		return err
	}
	var keys []byte
	switch {
	case cmd.Keys != "":
		keys, err = readBounded(cmd.Keys)
	case cmd.Offline:
		return errors.New("the keys are not fetched: --offline. Give the file with --keys")
	default:
		keys, err = badgeSource{cmd: cmd, ctx: ctx, client: outbound.Client(outbound.Options{AllowPrivate: cmd.Private})}.fetch(issuer + "/.well-known/lyceum-receipts.json")
	}
	if err != nil {
		return err
	}
	r, err := leaving.Verify(text, keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Erased    %s (%s), asked by %s on %s\nDone      %s\nSigned    by %s: the signature holds\n",
		r.Organization, r.Address, r.AskedBy, r.AskedAt.Format(time.DateOnly), r.ErasedAt.Format(time.RFC3339), r.Issuer)
	for _, s := range r.Steps {
		fmt.Fprintf(out, "  %-10s %s", s.Step, s.DoneAt.Format(time.RFC3339))
		for _, name := range slices.Sorted(maps.Keys(s.Counts)) {
			fmt.Fprintf(out, "  %s %d", name, s.Counts[name])
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, "What stays:")
	for _, s := range r.Stays {
		fmt.Fprintf(out, "  %s\n", s)
	}
	return nil
}

// maxBadge bounds each file that is read, in bytes.
const maxBadge = 2 << 20

func readBounded(name string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return bounded(in)
}

func bounded(in io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(in, maxBadge+1))
	if err == nil && len(raw) > maxBadge {
		return nil, fmt.Errorf("it is larger than %d bytes", maxBadge)
	}
	return raw, err
}

// badgeSource reads the issuer's files where they were given, and fetches them where not.
type badgeSource struct {
	cmd    *verifyCmd
	ctx    context.Context
	client *http.Client
}

// Document gives the issuer's DID document.
func (s badgeSource) Document(url string) ([]byte, error) {
	if s.cmd.DID != "" {
		return readBounded(s.cmd.DID)
	}
	if s.cmd.Offline {
		return nil, errOffline
	}
	return s.fetch(url)
}

// List gives the status list, nil where it was neither given nor may be fetched.
func (s badgeSource) List(url string) ([]byte, error) {
	switch {
	case s.cmd.Status != "":
		return readBounded(s.cmd.Status)
	case s.cmd.Offline:
		return nil, nil
	}
	return s.fetch(url)
}

func (s badgeSource) fetch(url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 15*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	}
	return bounded(res.Body)
}

func verifyBadge(file []byte, from badge.Source, at time.Time, out io.Writer) error {
	jwt, err := badge.Extract(file)
	if err != nil {
		return err
	}
	v, err := badge.Verify(jwt, from, at)
	if err != nil && !errors.Is(err, badge.ErrWithdrawn) && !errors.Is(err, badge.ErrExpired) {
		return err
	}
	fmt.Fprintf(out, "Person    %s\nCourse    %s, version %s\n", v.Person, v.Course, v.Version)
	if v.Result != "" {
		fmt.Fprintf(out, "Result    %s %%\n", v.Result)
	}
	fmt.Fprintf(out, "Issued    %s by %s (%s)\nSigned    with %s: the signature holds\nPage      %s\n", v.IssuedAt.Format(time.DateOnly), v.IssuerName, v.Issuer, v.KeyID, v.ID)
	switch {
	case v.ValidUntil == nil:
	case errors.Is(err, badge.ErrExpired):
		fmt.Fprintf(out, "EXPIRED   it was valid until %s\n", v.ValidUntil.UTC().Format(time.DateOnly))
	default:
		fmt.Fprintf(out, "Until     %s\n", v.ValidUntil.UTC().Format(time.DateOnly))
	}
	switch {
	case errors.Is(err, badge.ErrWithdrawn):
		fmt.Fprintf(out, "WITHDRAWN by the status list of %s\n", v.StatusAt.Format(time.RFC3339))
	case v.StatusAt == nil:
		fmt.Fprintln(out, "Whether it was withdrawn was not asked.")
	case err != nil:
		fmt.Fprintf(out, "Status    not withdrawn, by the status list of %s\n", v.StatusAt.Format(time.RFC3339))
	default:
		fmt.Fprintf(out, "Valid     not withdrawn, by the status list of %s\n", v.StatusAt.Format(time.RFC3339))
	}
	return err
}
