package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// OperatorScope is what an operators' key may do.
type OperatorScope string

// The scopes. Reading goes with each of them.
const (
	OperatorMayRead   OperatorScope = "read"    // looks
	OperatorMayManage OperatorScope = "manage"  // makes, suspends and moves portals, announcements, flags, rollouts
	OperatorMayBill   OperatorScope = "billing" // plans and bills of portals
	OperatorMayDelete OperatorScope = "delete"  // has portals erased when the days to think again are over
)

// OperatorScopes lists the scopes, the least first.
func OperatorScopes() []OperatorScope {
	return []OperatorScope{OperatorMayRead, OperatorMayManage, OperatorMayBill, OperatorMayDelete}
}

// May tells whether an operator with this role may do what a scope is about.
func (r OperatorRole) May(s OperatorScope) bool {
	switch s {
	case OperatorMayRead:
		return slices.Contains(OperatorRoles(), r)
	case OperatorMayManage, OperatorMayBill:
		return r == OperatorAdmin || r == OperatorRunner
	case OperatorMayDelete:
		return r == OperatorAdmin
	}
	return false
}

// Shape and life of an operators' key.
const (
	OperatorKeyPrefix      = "lyo_" // before the secret, so that scanners find a key that leaked, and nobody takes it for a portal's
	OperatorKeyDaysDefault = 90
	OperatorKeyDaysMax     = 365
	operatorKeyPrefixShown = len(OperatorKeyPrefix) + 6
)

// Failures of operators' keys.
var (
	ErrOperatorKeyInvalid  = fault.New(fault.KindUnauthenticated, "operator_key_invalid", "This operators' key is not valid: it is unknown, has expired or was revoked. Make another one in the console under Keys.")
	ErrOperatorKeyScope    = fault.New(fault.KindForbidden, "operator_key_scope", "This key may not do this. Use one with the scope that the documentation names.")
	ErrOperatorKeyNotFound = fault.New(fault.KindNotFound, "operator_key_not_found", "There is no such key, or it is revoked already.")
)

// OperatorKey lets a program run the platform, as the operator who made it and within scopes. It is a row of
// control.operator_keys.
type OperatorKey struct {
	ID         uid.ID
	Name       string
	Prefix     string // the first characters of the secret
	Hash       []byte
	Scopes     string // by spaces
	OperatorID uid.ID // who made it: when they may less, so may the key
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time // to the minute
	LastIP     string
	RevokedAt  *time.Time
	RevokedBy  string // by name; "" where it is not

	OperatorName   string       `gorm:"->"`
	OperatorRole   OperatorRole `gorm:"->"`
	OperatorActive bool         `gorm:"->"`
}

// May tells whether the key may do what a scope is about: it stands in the key, and its operator may still do it.
func (k OperatorKey) May(s OperatorScope) bool {
	return k.OperatorActive && k.OperatorRole.May(s) && (s == OperatorMayRead || slices.Contains(strings.Fields(k.Scopes), string(s)))
}

// Holds lists what the key may do now.
func (k OperatorKey) Holds() (list []OperatorScope) {
	for _, s := range OperatorScopes() {
		if k.May(s) {
			list = append(list, s)
		}
	}
	return list
}

// Over tells whether the key no longer works, and will not again.
func (k OperatorKey) Over(now time.Time) bool { return k.RevokedAt != nil || !now.Before(k.ExpiresAt) }

// OperatorKeyKeeper is what operators' keys need kept. All of it runs inside InControl.
type OperatorKeyKeeper interface {
	InsertOperatorKey(ctx context.Context, k OperatorKey) error
	// OperatorKeyByHash gives a key, expired, revoked or not, with its operator; ErrOperatorKeyInvalid.
	OperatorKeyByHash(ctx context.Context, hash []byte) (OperatorKey, error)
	// OperatorKeys lists all keys, those that are revoked last, the newest first, without hashes, at most 500.
	OperatorKeys(ctx context.Context) ([]OperatorKey, error)
	// TouchOperatorKey writes when and from where a key was used, unless a later time stands there already.
	TouchOperatorKey(ctx context.Context, id uid.ID, ip string, at time.Time) error
	// RevokeOperatorKey ends a key and gives it; ErrOperatorKeyNotFound.
	RevokeOperatorKey(ctx context.Context, id uid.ID, by string, at time.Time) (OperatorKey, error)
}

// OperatorKeyInput is what a key is for. Days is how long it lasts, 1 to 365; 0 is 90.
type OperatorKeyInput struct {
	Name   string
	Scopes []OperatorScope
	Days   int
}

// Validate gathers what is wrong, for who makes the key, and brings the scopes into their order; reading is always among them.
func (in *OperatorKeyInput) Validate(by Operator) error {
	f := fault.Fields{}
	in.Name = checkName(f, "name", in.Name)
	if in.Days == 0 {
		in.Days = OperatorKeyDaysDefault
	}
	f.Check(in.Days > 0 && in.Days <= OperatorKeyDaysMax, "days", fmt.Sprintf("Choose 1 to %d days.", OperatorKeyDaysMax))
	for _, s := range in.Scopes {
		f.Check(slices.Contains(OperatorScopes(), s), "scopes", "There is no such scope. Choose from the list.")
		f.Check(by.Role.May(s), "scopes", "You may not give more than you may do yourself.")
	}
	var tidy []OperatorScope
	for _, s := range OperatorScopes() {
		if s == OperatorMayRead || slices.Contains(in.Scopes, s) {
			tidy = append(tidy, s)
		}
	}
	in.Scopes = tidy
	return f.Err()
}

// CreateKey makes a key and shows its secret this once. Field faults. Act operator_key.created.
func (o *Operators) CreateKey(ctx context.Context, by Operator, in OperatorKeyInput) (secret string, k OperatorKey, err error) {
	if err := in.Validate(by); err != nil {
		return "", k, err
	}
	random, _ := uid.Secret()
	secret = OperatorKeyPrefix + random
	now := o.now()
	scopes := make([]string, len(in.Scopes))
	for i, s := range in.Scopes {
		scopes[i] = string(s)
	}
	k = OperatorKey{
		ID: uid.New(), Name: in.Name, Prefix: secret[:operatorKeyPrefixShown], Hash: uid.Hash(secret), Scopes: strings.Join(scopes, " "),
		OperatorID: by.ID, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, in.Days), OperatorName: by.Name, OperatorRole: by.Role, OperatorActive: true,
	}
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		if err := o.keep.InsertOperatorKey(ctx, k); err != nil {
			return err
		}
		return o.keep.Audit(ctx, "operator_key.created", uid.Nil, map[string]string{
			"key_id": k.ID.String(), "name": k.Name, "scopes": k.Scopes, "expires_at": k.ExpiresAt.UTC().Format(time.RFC3339),
		}, now)
	})
	if err != nil {
		return "", OperatorKey{}, err
	}
	return secret, k, nil
}

// Keys lists all keys: those that work first, then by age.
func (o *Operators) Keys(ctx context.Context) (keys []OperatorKey, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		keys, err = o.keep.OperatorKeys(ctx)
		return err
	})
	return keys, err
}

// RevokeKey ends a key at once; ErrOperatorKeyNotFound. Act operator_key.revoked.
func (o *Operators) RevokeKey(ctx context.Context, by Operator, id uid.ID) (k OperatorKey, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		if k, err = o.keep.RevokeOperatorKey(ctx, id, by.Name, o.now()); err != nil {
			return err
		}
		return o.keep.Audit(ctx, "operator_key.revoked", uid.Nil, map[string]string{"key_id": k.ID.String(), "name": k.Name}, o.now())
	})
	return k, err
}

// KeyOf gives the key of a secret, and notes at most once a minute that it was used; ErrOperatorKeyInvalid when it is unknown,
// expired or revoked, or when its operator is deactivated. It is not cached: a revoked key is over at once.
func (o *Operators) KeyOf(ctx context.Context, secret, ip string) (k OperatorKey, err error) {
	if len(secret) != len(OperatorKeyPrefix)+secretLength || !strings.HasPrefix(secret, OperatorKeyPrefix) {
		return k, ErrOperatorKeyInvalid
	}
	now := o.now()
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		if k, err = o.keep.OperatorKeyByHash(ctx, uid.Hash(secret)); err != nil {
			return err
		}
		if k.Over(now) || !k.OperatorActive {
			return ErrOperatorKeyInvalid
		}
		if k.LastUsedAt != nil && now.Sub(*k.LastUsedAt) < seenEvery {
			return nil
		}
		return o.keep.TouchOperatorKey(ctx, k.ID, printable(ip, ipMax), now)
	})
	if err != nil {
		return OperatorKey{}, err
	}
	k.Hash = nil
	return k, nil
}

// Actor is who does what is done with the key.
func (k OperatorKey) Actor() event.Actor { return event.Actor{ID: k.ID, Kind: "operator_key"} }
