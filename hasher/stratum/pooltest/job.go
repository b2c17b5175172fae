package pooltest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
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
	difficulty string
	seen       map[string]bool
}

// give sends a job. The pool's lock is held.
func (c *conn) give(j Job) {
	if j.Clean {
		clear(c.jobs)
	}
	c.jobs[j.ID] = &given{Job: j, difficulty: c.pool.difficulty, seen: map[string]bool{}}
	branches, _ := json.Marshal(append([]string{}, j.Branches...))
	c.send(fmt.Appendf(nil, `{"id":null,"method":"mining.notify","params":[%q,%q,%q,%q,%s,%q,%q,%q,%t]}`+"\n",
		j.ID, swapWords(reverse(j.Prev)), j.Coinbase1, j.Coinbase2, branches, j.Version, j.Bits, j.Time, j.Clean))
}

// submit judges a share: user, job, extranonce2, time, nonce.
func (c *conn) submit(params []any) (result, fault string) {
	var f [5]string
	for i := range f {
		if len(params) != len(f) {
			return c.reject(20, "want five parameters, got %d", len(params))
		}
		s, ok := params[i].(string)
		if !ok {
			return c.reject(20, "parameter %d is no text", i)
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
	for i, digits := range []int{2 * c.pool.size2, 8, 8} {
		if s := f[2+i]; len(s) != digits || strings.Trim(s, "0123456789abcdef") != "" {
			return c.reject(20, "parameter %d: %q: want %d hex digits", 2+i, s, digits)
		}
	}
	if at, _ := strconv.ParseInt(f[3], 16, 64); at < mustInt(j.Time) || at > mustInt(j.Time)+7200 {
		return c.reject(20, "time %s, the job's is %s", f[3], j.Time)
	}
	key := strings.Join(f[2:], "/")
	if j.seen[key] {
		return c.reject(22, "duplicate %s", key)
	}
	j.seen[key] = true
	hash := HeaderHash(j.Job, c.extranonce1+f[2], f[3], f[4])
	if n, _ := new(big.Int).SetString(hash, 16); n.Cmp(target(j.difficulty)) > 0 {
		return c.reject(23, "hash %s at difficulty %s", hash, j.difficulty)
	}
	if c.pool.Reject != "" {
		return "null", c.pool.Reject
	}
	c.pool.event("accepted", "%s", j.ID)
	return "true", ""
}

// reject turns a share down that a good miner would not have sent.
func (c *conn) reject(code int, format string, args ...any) (result, fault string) {
	text := fmt.Sprintf(format, args...)
	c.pool.event("rejected", "%d: %s", code, text)
	return "null", fmt.Sprintf(`[%d,%q,null]`, code, text)
}

func target(difficulty string) *big.Int {
	d, _ := new(big.Rat).SetString(difficulty)
	one, _ := new(big.Int).SetString("ffff"+strings.Repeat("0", 52), 16)
	t := new(big.Rat).Quo(new(big.Rat).SetInt(one), d)
	return new(big.Int).Quo(t.Num(), t.Denom())
}

// HeaderHash is the hash of the job's header, as block explorers write it.
func HeaderHash(j Job, extranonces, time, nonce string) string {
	root := double(j.Coinbase1 + extranonces + j.Coinbase2)
	for _, b := range j.Branches {
		root = double(root + b)
	}
	return reverse(double(reverse(j.Version) + reverse(j.Prev) + root + reverse(time) + reverse(j.Bits) + reverse(nonce)))
}

// double hashes hex into hex.
func double(text string) string {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic("pooltest: a job that is no hex: " + err.Error())
	}
	h := sha256.Sum256(b)
	h = sha256.Sum256(h[:])
	return hex.EncodeToString(h[:])
}

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
