package solo

import (
	"bytes"
	"errors"
	"math/big"
	"strings"

	"github.com/curtaild/curtaild/hasher/work"
)

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

var errChecksum = errors.New("checksum is wrong: copy the address again")

// base58Check reads a version byte and what follows it, up to a checksum.
func base58Check(s string) (version byte, payload []byte, err error) {
	n := new(big.Int)
	for _, r := range s {
		digit := strings.IndexRune(base58Digits, r)
		if digit < 0 {
			return 0, nil, errors.New("character that no address has")
		}
		n.Mul(n, big.NewInt(58))
		n.Add(n, big.NewInt(int64(digit)))
	}
	zeros := len(s) - len(strings.TrimLeft(s, base58Digits[:1])) // each is a zero byte in front
	raw := append(make([]byte, zeros), n.Bytes()...)
	const sum = 4
	if len(raw) < 1+sum {
		return 0, nil, errors.New("too short")
	}
	body, check := raw[:len(raw)-sum], raw[len(raw)-sum:]
	if want := work.Double(body); !bytes.Equal(want[:sum], check) {
		return 0, nil, errChecksum
	}
	return body[0], body[1:], nil
}
