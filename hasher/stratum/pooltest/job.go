package pooltest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// Job is a job as the protocol writes it: all hex.
type Job struct {
	ID        string
	Prev      string // as block explorers write it
	Coinbase1 string
	Coinbase2 string
	Branches  []string
	Version   string // big-endian, 8 digits, like the next two
	Bits      string
	Time      string
	Clean     bool
}

// Example is a job that could be real.
func Example(id string, clean bool) Job {
	sum := sha256.Sum256([]byte(id))
	return Job{
		ID: id, Prev: "0000000000000000" + hex.EncodeToString(sum[:24]),
		Coinbase1: "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff20" + hex.EncodeToString(sum[:4]),
		Coinbase2: "ffffffff0100f2052a01000000016a00000000",
		Branches:  []string{hex.EncodeToString(sum[:]), strings.Repeat("5a", 32)},
		Version:   "20000000", Bits: "1d00ffff", Time: "5f5e1000", Clean: clean,
	}
}

// given is a job in one miner's hands.
type given struct {
	Job
	extranonce1 string
	size2       int
	difficulty  string
	seen        map[string]bool
}

// give sends a job. The pool's lock is held.
func (c *conn) give(j Job) {
	if j.Clean {
		clear(c.jobs)
	}
	c.jobs[j.ID] = &given{Job: j, extranonce1: c.extranonce1, size2: c.size2, difficulty: c.pool.difficulty, seen: map[string]bool{}}
	branches, _ := json.Marshal(append([]string{}, j.Branches...))
	c.send(fmt.Appendf(nil, `{"id":null,"method":"mining.notify","params":[%q,%q,%q,%q,%s,%q,%q,%q,%t]}`+"\n",
		j.ID, swapWords(reverse(j.Prev)), j.Coinbase1, j.Coinbase2, branches, j.Version, j.Bits, j.Time, j.Clean))
}

// maxAhead is how far the time of a share may be ahead of its job's, in
// seconds: nodes take two hours.
const maxAhead = 7200

// submit judges a share: user, job, extranonce2, time, nonce, and with
// version rolling the version's bits.
func (c *conn) submit(params []any) (result, fault string) {
	want := 5
	if c.rolling {
		want = 6
	}
	if len(params) != want {
		return c.violation("share of %d parameters, want %d", len(params), want)
	}
	f := make([]string, want)
	for i := range f {
		s, ok := params[i].(string)
		if !ok {
			return c.violation("share: parameter %d is no text", i)
		}
		f[i] = s
	}
	if !c.ready || f[0] != c.pool.user {
		return c.reject(24, "not authorized: %q", f[0])
	}
	j := c.jobs[f[1]]
	if j == nil {
		return c.reject(21, "job %q is not known", f[1])
	}
	for i, digits := range []int{2 * j.size2, 8, 8, 8}[:want-2] {
		if s := f[2+i]; len(s) != digits || !isHex(s) {
			return c.violation("share: parameter %d: %q: want %d hex digits", 2+i, s, digits)
		}
	}
	if at := mustInt(f[3]); at < mustInt(j.Time) || at > mustInt(j.Time)+maxAhead {
		return c.reject(20, "time %s, the job's is %s", f[3], j.Time)
	}
	header := j.Job
	if c.rolling {
		bits, mask := mustInt(f[5]), mustInt(c.mask)
		if bits&^mask != 0 {
			return c.reject(20, "version bits %s outside of mask %s", f[5], c.mask)
		}
		header.Version = fmt.Sprintf("%08x", mustInt(j.Version)&^mask|bits)
	}
	key := strings.Join(f[2:], "/")
	if j.seen[key] {
		return c.reject(22, "duplicate %s", key)
	}
	j.seen[key] = true
	return c.weigh(j, headerText(header, j.extranonce1+f[2], f[3], f[4]), header.Version)
}

// weigh holds a share's hash against its difficulty.
func (c *conn) weigh(j *given, header, version string) (result, fault string) {
	hash, one := reverse(double(header)), oneSHA256d
	if c.pool.Scrypt {
		hash, one = reverse(scryptOf(header)), oneScrypt
	}
	if n, _ := new(big.Int).SetString(hash, 16); n.Cmp(target(one, j.difficulty)) > 0 {
		return c.reject(23, "hash %s at difficulty %s", hash, j.difficulty)
	}
	if c.pool.Reject != "" {
		return "null", c.pool.Reject
	}
	c.pool.emit(Event{Kind: "accepted", Text: j.ID, Version: version})
	return "true", ""
}

// reject turns a share down that a good miner would not have sent.
func (c *conn) reject(code int, format string, args ...any) (result, fault string) {
	text := fmt.Sprintf(format, args...)
	c.pool.event("rejected", "%d: %s", code, text)
	return "null", fmt.Sprintf(`[%d,%q,null]`, code, text)
}

// Targets of difficulty 1.
const (
	oneSHA256d = "ffff0000000000000000000000000000000000000000000000000000"
	oneScrypt  = "ffff00000000000000000000000000000000000000000000000000000000"
)

func target(one, difficulty string) *big.Int {
	d, _ := new(big.Rat).SetString(difficulty)
	n, _ := new(big.Int).SetString(one, 16)
	t := new(big.Rat).Quo(new(big.Rat).SetInt(n), d)
	return new(big.Int).Quo(t.Num(), t.Denom())
}

// HeaderHash is the hash of the job's header, as block explorers write it.
func HeaderHash(j Job, extranonces, time, nonce string) string {
	return reverse(double(headerText(j, extranonces, time, nonce)))
}

// headerText is the header as it is hashed.
func headerText(j Job, extranonces, time, nonce string) string {
	root := double(j.Coinbase1 + extranonces + j.Coinbase2)
	for _, b := range j.Branches {
		root = double(root + b)
	}
	return reverse(j.Version) + reverse(j.Prev) + root + reverse(time) + reverse(j.Bits) + reverse(nonce)
}

// scryptOf hashes hex into hex, as Litecoin does.
func scryptOf(text string) string {
	b := mustBytes(text)
	key, err := scrypt.Key(b, b, 1024, 1, 1, 32)
	if err != nil {
		panic("pooltest: " + err.Error())
	}
	return hex.EncodeToString(key)
}

// double hashes hex into hex.
func double(text string) string {
	h := sha256.Sum256(mustBytes(text))
	h = sha256.Sum256(h[:])
	return hex.EncodeToString(h[:])
}

func mustBytes(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic("pooltest: a job that is no hex: " + err.Error())
	}
	return b
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }

// reverse turns the order of the bytes around.
func reverse(text string) string {
	var b strings.Builder
	for i := len(text) - 2; i >= 0; i -= 2 {
		b.WriteString(text[i : i+2])
	}
	return b.String()
}

// swapWords turns the bytes of every word of four around.
func swapWords(text string) string {
	var b strings.Builder
	for i := 0; i+8 <= len(text); i += 8 {
		b.WriteString(reverse(text[i : i+8]))
	}
	return b.String()
}

func mustInt(text string) int64 {
	n, err := strconv.ParseInt(text, 16, 64)
	if err != nil {
		panic("pooltest: a job that is no hex: " + err.Error())
	}
	return n
}
