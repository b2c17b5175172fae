package work

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
)

// Hash is a 32-byte hash or number as hex in JSON, in the order of its bytes.
type Hash [32]byte

// MarshalText writes h as 64 hex digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 hex digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("hash: want %d hex digits, got %d", 2*len(h), len(b))
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	return nil
}

// Target is the number that a header's hash may be at most, big-endian.
type Target Hash

// MarshalText writes t as 64 hex digits.
func (t Target) MarshalText() ([]byte, error) { return Hash(t).MarshalText() }

// UnmarshalText reads 64 hex digits.
func (t *Target) UnmarshalText(b []byte) error { return (*Hash)(t).UnmarshalText(b) }

// Met reports whether the hash of a header, which is a little-endian number,
// is at most t.
func (t Target) Met(h Hash) bool {
	slices.Reverse(h[:])
	return bytes.Compare(h[:], t[:]) <= 0
}

// Difficulties outside of these bounds make no sense: one share every few
// hashes, or never.
const (
	minDifficulty = 1e-9
	maxDifficulty = 1e30
)

// ErrDifficulty is a difficulty that no pool can mean.
var ErrDifficulty = errors.New("difficulty out of bounds")

// ParseDifficulty reads a difficulty as a pool writes it, a JSON number, and
// returns its target: the target of difficulty 1 divided by it without
// rounding on the way.
func (a Algorithm) ParseDifficulty(s string) (Target, error) {
	// The float bounds the exponent, or a short text makes a number of
	// gigabytes.
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || len(s) > 64 || !(f >= minDifficulty && f <= maxDifficulty) {
		return Target{}, fmt.Errorf("%w: %.40q", ErrDifficulty, s)
	}
	d, ok := new(big.Rat).SetString(s)
	if !ok {
		return Target{}, fmt.Errorf("%w: %.40q", ErrDifficulty, s)
	}
	return a.targetOf(d), nil
}

// DifficultyTarget is the target of a difficulty of our own choosing, kept
// within the same bounds.
func (a Algorithm) DifficultyTarget(difficulty float64) Target {
	d := min(max(difficulty, minDifficulty), maxDifficulty)
	r := new(big.Rat)
	if r.SetFloat64(d) == nil { // NaN
		r.SetInt64(1)
	}
	return a.targetOf(r)
}

// one is the target of difficulty 1. Scrypt pools count in shares that are
// 2^16 times easier.
func (a Algorithm) one() *big.Int {
	if a == Scrypt {
		return new(big.Int).Lsh(big.NewInt(0xffff), 224)
	}
	return new(big.Int).Lsh(big.NewInt(0xffff), 208)
}

func (a Algorithm) targetOf(difficulty *big.Rat) Target {
	q := new(big.Int).Mul(a.one(), difficulty.Denom())
	q.Quo(q, difficulty.Num())
	var t Target
	if q.BitLen() > 256 {
		for i := range t {
			t[i] = 0xff
		}
		return t
	}
	q.FillBytes(t[:])
	return t
}
