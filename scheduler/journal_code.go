package scheduler

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
)

// errJournal says that bytes of the journal cannot be understood.
var errJournal = errors.New("the journal cannot be read on")

// errCut says that the bytes end within an event.
var errCut = errors.New("cut short")

const (
	maxWords = 4096    // that a stream remembers; further ones are spelled out
	maxWord  = 4 << 10 // bytes
	maxJSON  = 1 << 20 // bytes
)

// packer writes the journal's values. Numbers take as many bytes as they have
// digits, words are spelled out once.
type packer struct {
	buf   []byte
	words map[string]uint64
}

func (p *packer) uint(u uint64) { p.buf = binary.AppendUvarint(p.buf, u) }
func (p *packer) int(i int64)   { p.buf = binary.AppendVarint(p.buf, i) }

func (p *packer) bool(b bool) {
	if b {
		p.uint(1)
		return
	}
	p.uint(0)
}

// noExponent stands before a float that is no decimal number.
const noExponent = 1 << 10

// float writes f exactly, as the decimal digits that name it.
func (p *packer) float(f float64) {
	var text [32]byte
	b := strconv.AppendFloat(text[:0], f, 'e', -1, 64)
	m, e, ok := decimal(b)
	if !ok || f == 0 && math.Signbit(f) {
		p.int(noExponent)
		p.buf = binary.LittleEndian.AppendUint64(p.buf, math.Float64bits(f))
		return
	}
	p.int(e)
	p.int(m)
}

// decimal reads "-1.25e+03" as -125 and 1.
func decimal(b []byte) (m, e int64, ok bool) {
	digits, negative := int64(0), false
	for i, c := range b {
		switch {
		case c == '-':
			negative = true
		case c >= '0' && c <= '9':
			m = 10*m + int64(c-'0')
			digits++
		case c == 'e':
			x, err := strconv.ParseInt(string(b[i+1:]), 10, 64)
			if negative {
				m = -m
			}
			return m, x - (digits - 1), err == nil
		case c != '.':
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// time writes t by its distance from now; what is more than 292 years away
// comes back as that.
func (p *packer) time(now, t time.Time) {
	if t.IsZero() {
		p.uint(0)
		return
	}
	d := max(t.Sub(now), -math.MaxInt64)
	p.uint(uint64(d)<<1 ^ uint64(d>>63) + 1)
}

func (p *packer) word(s string) {
	s = s[:min(len(s), maxWord)]
	if n, ok := p.words[s]; ok {
		p.uint(n)
		return
	}
	n := uint64(0)
	if len(p.words) < maxWords {
		n = uint64(len(p.words)) + 1
		p.words[s] = n
	}
	p.uint(n)
	p.uint(uint64(len(s)))
	p.buf = append(p.buf, s...)
}

// json writes a value that hardly ever comes. One that JSON cannot say, which
// is a device's number beyond all bounds, comes back as zero.
func (p *packer) json(v any) {
	b, err := json.Marshal(v)
	if err != nil || len(b) > maxJSON {
		b = []byte("{}")
	}
	p.uint(uint64(len(b)))
	p.buf = append(p.buf, b...)
}

// unpacker reads what a packer has written. The first error stays, and all
// values after it are zero.
type unpacker struct {
	buf   []byte
	words []string
	err   error
}

func (u *unpacker) fail(err error) {
	if u.err == nil {
		u.err, u.buf = err, nil
	}
}

func (u *unpacker) uint() uint64 {
	v, n := binary.Uvarint(u.buf)
	if n <= 0 {
		u.fail(cutOr(n))
		return 0
	}
	u.buf = u.buf[n:]
	return v
}

func (u *unpacker) int() int64 {
	v, n := binary.Varint(u.buf)
	if n <= 0 {
		u.fail(cutOr(n))
		return 0
	}
	u.buf = u.buf[n:]
	return v
}

// cutOr tells a number that goes on from one that is too large.
func cutOr(n int) error {
	if n == 0 {
		return errCut
	}
	return errJournal
}

func (u *unpacker) bool() bool { return u.uint() == 1 }

func (u *unpacker) float() float64 {
	e := u.int()
	if e == noExponent {
		b := u.take(8)
		if len(b) < 8 {
			return 0
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	m := u.int()
	var text [64]byte
	b := strconv.AppendInt(text[:0], m, 10)
	b = strconv.AppendInt(append(b, 'e'), e, 10)
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		u.fail(errJournal)
		return 0
	}
	return f
}

func (u *unpacker) time(now time.Time) time.Time {
	z := u.uint()
	if z == 0 || u.err != nil {
		return time.Time{}
	}
	z--
	return now.Add(time.Duration(z>>1) ^ -time.Duration(z&1))
}

func (u *unpacker) word() string {
	n := u.uint()
	if n > 0 && n <= uint64(len(u.words)) {
		return u.words[n-1]
	}
	if n > uint64(len(u.words))+1 || n > maxWords {
		u.fail(errJournal)
		return ""
	}
	size := u.uint()
	if size > maxWord {
		u.fail(errJournal)
		return ""
	}
	s := string(u.take(int(size)))
	if n > 0 && u.err == nil {
		u.words = append(u.words, s)
	}
	return s
}

func (u *unpacker) take(n int) []byte {
	if n > len(u.buf) {
		u.fail(errCut)
		return nil
	}
	b := u.buf[:n]
	u.buf = u.buf[n:]
	return b
}

// json reads what a packer has written as JSON.
func (u *unpacker) json(v any) {
	n := u.uint()
	if n > maxJSON {
		u.fail(errJournal)
		return
	}
	if b := u.take(int(n)); u.err == nil && json.Unmarshal(b, v) != nil {
		u.fail(errJournal)
	}
}
