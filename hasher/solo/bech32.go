package solo

import (
	"errors"
	"strings"
)

const bech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// What the checksum comes to: BIP 173 for version 0, BIP 350 for the others.
const (
	bech32Sum  = 1
	bech32mSum = 0x2bc830a3
)

// segwit reads a witness version and program from an address (BIP 173, 350).
func segwit(s string) (version byte, program []byte, err error) {
	lower := strings.ToLower(s)
	if s != lower && s != strings.ToUpper(s) {
		return 0, nil, errors.New("upper and lower case are mixed")
	}
	one := strings.LastIndexByte(lower, '1')
	const sum = 6
	if one < 1 || len(lower)-one-1 < sum+1 {
		return 0, nil, errors.New("too short")
	}
	data := make([]byte, 0, len(lower))
	for _, r := range lower[one+1:] {
		digit := strings.IndexRune(bech32Digits, r)
		if digit < 0 {
			return 0, nil, errors.New("character that no address has")
		}
		data = append(data, byte(digit))
	}
	version = data[0]
	want := uint32(bech32mSum)
	if version == 0 {
		want = bech32Sum
	}
	if polymod(lower[:one], data) != want {
		return 0, nil, errChecksum
	}
	program, err = octets(data[1 : len(data)-sum])
	switch {
	case err != nil:
	case version > 16:
		err = errors.New("no such witness version")
	case len(program) < 2 || len(program) > 40 || version == 0 && len(program) != 20 && len(program) != 32:
		err = errors.New("witness program of the wrong length")
	}
	return version, program, err
}

// polymod is the checksum of BIP 173 over the part before the last 1, and the
// digits after it.
func polymod(hrp string, data []byte) uint32 {
	sum := uint32(1)
	step := func(v byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for i := range len(hrp) {
		step(hrp[i] >> 5)
	}
	step(0)
	for i := range len(hrp) {
		step(hrp[i] & 31)
	}
	for _, v := range data {
		step(v)
	}
	return sum
}

// octets joins digits of five bits to bytes. What is left over is zero, and
// less than a digit.
func octets(digits []byte) ([]byte, error) {
	var out []byte
	var hold, bits uint
	for _, d := range digits {
		hold, bits = hold<<5|uint(d), bits+5
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(hold>>bits))
			hold &= 1<<bits - 1
		}
	}
	if bits >= 5 || hold != 0 {
		return nil, errors.New("ends in bits that are left over")
	}
	return out, nil
}
