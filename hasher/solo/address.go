package solo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxAddress is the longest that an address may be (BIP 173).
const maxAddress = 90

// The version bytes of pay-to-public-key-hash and pay-to-script-hash
// addresses: of Bitcoin, its test chains, btcd's simulation chain, Litecoin,
// and Dogecoin with its test chain.
var (
	keyHashVersions    = []byte{0x00, 0x6f, 0x3f, 0x30, 0x1e, 0x71}
	scriptHashVersions = []byte{0x05, 0xc4, 0x7b, 0x32, 0x3a, 0x16}
)

// segwitPrefixes are what segwit addresses of the same chains begin with.
var segwitPrefixes = []string{"bc", "tb", "bcrt", "sb", "ltc", "tltc", "rltc"}

// Script is the output script that pays to an address: P2PKH, P2SH, or any
// witness program. Whether the address is of the right chain, only a node of
// that chain can tell.
func Script(address string) ([]byte, error) {
	script, err := script(address)
	if err != nil {
		return nil, fmt.Errorf("payout address %.*q: %w", maxAddress, address, err)
	}
	return script, nil
}

func script(address string) ([]byte, error) {
	switch {
	case address == "":
		return nil, errors.New("is missing: give the address that blocks pay to")
	case len(address) > maxAddress:
		return nil, errors.New("too long")
	}
	prefix, _, _ := strings.Cut(address, "1")
	if lower := strings.ToLower(prefix); slices.Contains(segwitPrefixes, lower) && (prefix == lower || prefix == strings.ToUpper(prefix)) {
		version, program, err := segwit(address)
		if err != nil {
			return nil, err
		}
		return witnessScript(version, program), nil
	}
	version, hash, err := base58Check(address)
	switch {
	case err != nil:
		return nil, err
	case len(hash) != 20:
		return nil, errors.New("of the wrong length")
	case slices.Contains(keyHashVersions, version): // DUP HASH160 <20> EQUALVERIFY CHECKSIG
		return slices.Concat([]byte{0x76, 0xa9, 20}, hash, []byte{0x88, 0xac}), nil
	case slices.Contains(scriptHashVersions, version): // HASH160 <20> EQUAL
		return slices.Concat([]byte{0xa9, 20}, hash, []byte{0x87}), nil
	default:
		return nil, fmt.Errorf("of a kind that is not known (version %#02x)", version)
	}
}

func witnessScript(version byte, program []byte) []byte {
	return append([]byte{smallInt(version), byte(len(program))}, program...)
}

// smallInt is the opcode that pushes a number up to 16.
func smallInt(n byte) byte {
	if n == 0 {
		return 0
	}
	return 0x50 + n
}
