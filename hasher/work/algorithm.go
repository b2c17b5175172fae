package work

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/scrypt"
)

// Algorithm is a proof of work over a header.
type Algorithm uint8

// The algorithms that there are. Headers are chained, and everything else is
// hashed, by double SHA-256 under each of them.
const (
	SHA256d Algorithm = iota // double SHA-256, as Bitcoin has it
	Scrypt                   // scrypt with N=1024, r=1, p=1, as Litecoin has it
)

var algorithmNames = [...]string{SHA256d: "sha256d", Scrypt: "scrypt"}

// Algorithms are all there are.
func Algorithms() []Algorithm { return []Algorithm{SHA256d, Scrypt} }

func (a Algorithm) String() string {
	if int(a) < len(algorithmNames) {
		return algorithmNames[a]
	}
	return fmt.Sprintf("algorithm %d", uint8(a))
}

// MarshalText writes the algorithm's name.
func (a Algorithm) MarshalText() ([]byte, error) {
	if int(a) >= len(algorithmNames) {
		return nil, fmt.Errorf("%v is not known", a)
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads an algorithm's name.
func (a *Algorithm) UnmarshalText(b []byte) error {
	for i, name := range algorithmNames {
		if string(b) == name {
			*a = Algorithm(i)
			return nil
		}
	}
	return fmt.Errorf("algorithm %.40q: want one of %q", b, algorithmNames)
}

// Sum is the hash that a target is held against.
func (a Algorithm) Sum(h *Header) Hash {
	if a == Scrypt {
		const n, r, p = 1024, 1, 1
		key, err := scrypt.Key(h[:], h[:], n, r, p, len(Hash{}))
		if err != nil {
			panic(err) // only ever for other parameters
		}
		return Hash(key)
	}
	return Double(h[:])
}

// Double is SHA-256 of SHA-256: the hash of headers, transactions and trees.
func Double(b []byte) Hash {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

// Join is the hash above two others in a tree.
func Join(a, b Hash) Hash {
	var pair [2 * len(a)]byte
	copy(pair[:], a[:])
	copy(pair[len(a):], b[:])
	return Double(pair[:])
}
