package work

import (
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVariants(t *testing.T) {
	for _, tc := range []struct {
		size int
		i    uint64
		x2   string
		roll uint32
		ok   bool
	}{
		{0, 0, "", 0, true},
		{0, 5, "", 5, true},
		{0, 600, "", 600, true},
		{0, 601, "", 0, false},
		{1, 255, "ff", 0, true},
		{1, 256, "00", 1, true},
		{4, 1 << 31, "80000000", 0, true},
		{7, 1<<56 + 1, "00000000000001", 1, true},
		{8, 1<<64 - 1, "ffffffffffffffff", 0, true},
		{16, 258, "00000000000000000000000000000102", 0, true},
	} {
		j := Job{Size2: tc.size, Time: 1000}
		s, ok := j.Variant(tc.i)
		if ok != tc.ok || ok && (hex.EncodeToString(s.Extranonce2) != tc.x2 || s.Time != 1000+tc.roll) {
			t.Errorf("size %d, variant %d: %x, %d, %v", tc.size, tc.i, s.Extranonce2, s.Time, ok)
		}
	}
	late := Job{Time: 1<<32 - 1}
	if _, ok := late.Variant(1); ok {
		t.Error("time has wrapped around")
	}
}

func TestDifficulty(t *testing.T) {
	one := new(big.Int).Lsh(big.NewInt(0xffff), 208)
	for _, tc := range []struct {
		text string
		want *big.Int
	}{
		{"1", one},
		{"2", new(big.Int).Rsh(one, 1)},
		{"3", new(big.Int).Quo(one, big.NewInt(3))},
		{"0.5", new(big.Int).Lsh(one, 1)},
		{"65535", new(big.Int).Lsh(big.NewInt(1), 208)},
		{"1e3", new(big.Int).Quo(one, big.NewInt(1000))},
		{"0.1", new(big.Int).Mul(one, big.NewInt(10))},
		{"1e-9", new(big.Int).Mul(one, big.NewInt(1e9))},
	} {
		got, err := SHA256d.ParseDifficulty(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		want := tc.want
		if all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)); want.Cmp(all) > 0 {
			want = all
		}
		if new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
			t.Errorf("%s: %x, want %x", tc.text, got, want)
		}
	}
	for _, bad := range []string{"0", "-1", "1e-10", "1e31", "1e999999999", "-0.0", "NaN", "Inf", "", `"1"`, "null", "0x10", "1/3", strings.Repeat("1", 100)} {
		if got, err := SHA256d.ParseDifficulty(bad); err == nil {
			t.Errorf("difficulty %q taken as %x", bad, got)
		}
	}
	if got, want := SHA256d.DifficultyTarget(0.5), mustDifficulty(t, "0.5"); got != want {
		t.Errorf("own difficulty: %x, want %x", got, want)
	}
}

func mustDifficulty(t testing.TB, s string) Target {
	t.Helper()
	got, err := SHA256d.ParseDifficulty(s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTargetMet(t *testing.T) {
	target := Target{5: 7, 31: 9}
	var h Hash // little-endian
	h[26], h[0] = 7, 9
	if !target.Met(h) {
		t.Error("equal is met")
	}
	if h[0]++; target.Met(h) {
		t.Error("one more is not met")
	}
	h[0], h[26] = 0xff, 6
	if !target.Met(h) {
		t.Error("less is met")
	}
}

// ledger is a book of jobs that every header is a share of.
type ledger struct {
	t *testing.T
	Book
	job Job
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{t: t, job: Job{Coinbase1: []byte{1}, Size2: 1, Time: 100}}
	for i := range l.job.Target {
		l.job.Target[i] = 0xff
	}
	return l
}

func share(j *Job, nonce uint32) Share {
	return Share{Job: j.Seq, Extranonce2: []byte{0}, Time: 100, Nonce: nonce}
}

func (l *ledger) take(s Share, want error) {
	l.t.Helper()
	if _, err := l.Take(s); err != want {
		l.t.Errorf("%v, want %v", err, want)
	}
}

func TestBook(t *testing.T) {
	b := newLedger(t)
	first := b.Add(b.job, false)
	second := b.Add(b.job, false)
	b.take(share(first, 1), nil)
	b.take(share(second, 4), nil)
	for _, bad := range []Share{
		{Job: first.Seq, Extranonce2: []byte{}, Time: 100},
		{Job: first.Seq, Extranonce2: []byte{0, 0}, Time: 100},
		{Job: first.Seq, Extranonce2: []byte{0}, Time: 99},
		{Job: first.Seq, Extranonce2: []byte{0}, Time: 701},
		{Job: first.Seq, Extranonce2: []byte{0}, Time: 100, Version: 1},
	} {
		b.take(bad, ErrMalformed)
	}
	third := b.Add(b.job, true)
	b.take(share(first, 2), ErrStale)
	b.take(share(third, 2), nil)
	for range keepJobs {
		b.Add(b.job, false)
	}
	b.take(share(third, 3), ErrStale)
	if b.Alive(third.Seq) || !b.Alive(third.Seq+keepJobs) {
		t.Error("the oldest job goes first")
	}
	b.Clear()
	if next := b.Add(b.job, false); next.Seq <= third.Seq+keepJobs {
		t.Error("numbers are used again")
	}
}

func TestBookEndsAnID(t *testing.T) {
	b := newLedger(t)
	other := b.Add(b.job, false)
	b.job.ID = "x"
	x := b.Add(b.job, false)
	b.End("x")
	if b.Alive(x.Seq) || !b.Alive(other.Seq) {
		t.Error("not the jobs of that id have ended")
	}
}

// A header is taken once, whatever becomes of its job, and what is remembered
// is bounded.
func TestBookRemembersHeaders(t *testing.T) {
	b := newLedger(t)
	first := b.Add(b.job, false)
	second := b.Add(b.job, false)
	b.take(share(first, 1), nil)
	b.take(share(first, 1), ErrDuplicate)
	b.take(share(second, 1), ErrDuplicate)
	b.Clear()
	again := b.Add(b.job, true)
	b.take(share(again, 1), ErrDuplicate)
	for n := range uint32(keepShares) {
		b.take(share(again, 10+n), nil)
	}
	b.take(share(again, 10), ErrDuplicate)
	b.take(share(again, 1), ErrDuplicate)
	for n := range uint32(keepShares) {
		b.take(share(again, 10+keepShares+n), nil)
	}
	b.take(share(again, 10+keepShares), ErrDuplicate)
	if len(b.seen)+len(b.before) > 2*keepShares {
		t.Errorf("%d shares are kept", len(b.seen)+len(b.before))
	}
}

func TestLatency(t *testing.T) {
	var w Waits
	if w.Latency() != (Latency{}) {
		t.Error("a latency of nothing")
	}
	for _, tc := range []struct {
		add, n      int // so many of the same
		median, p95 int
	}{
		{7, 1, 7, 7}, {9, 1, 9, 9}, {5, 98, 5, 5}, {100, 6, 5, 100}, {1, 256, 1, 1},
	} {
		for range tc.n {
			w.Add(time.Duration(tc.add))
		}
		if got := w.Latency(); got != (Latency{Median: time.Duration(tc.median), P95: time.Duration(tc.p95)}) {
			t.Errorf("after %d of %d: %+v", tc.n, tc.add, got)
		}
	}
	w = Waits{}
	for i := range time.Duration(20) {
		w.Add(19 - i)
	}
	if got := w.Latency(); got != (Latency{Median: 10, P95: 18}) {
		t.Errorf("of 20, %+v", got)
	}
}

func TestCountsPlus(t *testing.T) {
	a := Counts{Sessions: 1, Accepted: 2, Silent: 3, Rejected: map[string]uint64{"x": 1}}
	got := a.Plus(Counts{Sessions: 10, Accepted: 20, Silent: 30, Rejected: map[string]uint64{"x": 2, "y": 5}, Faults: map[string]uint64{"z": 1}})
	if got.Sessions != 11 || got.Accepted != 22 || got.Silent != 33 || got.Rejects() != 8 || got.Faults["z"] != 1 || a.Rejects() != 1 {
		t.Errorf("sum %+v", got)
	}
}

// A scrypt header of Litecoin's chain, block 29255, and its proof of work.
func TestScrypt(t *testing.T) {
	raw, err := hex.DecodeString("01000000f615f7ce3b4fc6b8f61e8f89aedb1d0852507650533a9e3b10b9bbcc30639f279fcaa86746e1ef52d3edb3c4ad8259920d509bd073605c9bf1d59983752a6b06b817bb4ea78e011d012d59d4")
	if err != nil {
		t.Fatal(err)
	}
	h := Header(raw)
	got := Scrypt.Sum(&h)
	if hex.EncodeToString(got[:]) != "d9eb8663ffec241c2fb118adb7de97a82c803b6ff46d57667935c81001000000" {
		t.Errorf("proof of work %x", got)
	}
	if one := Scrypt.DifficultyTarget(1); one != (Target{2: 0xff, 3: 0xff}) {
		t.Errorf("difficulty 1: %x", one)
	}
}

func TestVersions(t *testing.T) {
	for _, tc := range []struct {
		mask uint32
		n    int
		want []uint32
	}{
		{0, 1, []uint32{0x20000004}},
		{0, 2, nil},
		{0x1fffe000, 4, []uint32{0x20000004, 0x20002004, 0x20004004, 0x20006004}},
		{1<<31 | 1<<2, 4, []uint32{0x20000004, 0x20000000, 0xa0000004, 0xa0000000}},
		{1 << 31, 3, nil},
		{1 << 31, 0, nil},
		{1 << 31, -1, nil},
	} {
		j := Job{Version: 0x20000004, Mask: tc.mask}
		got := j.Versions(nil, tc.n)
		if !slices.Equal(got, tc.want) {
			t.Errorf("mask %08x: %08x, want %08x", tc.mask, got, tc.want)
		}
		for _, v := range got {
			if !j.Permits(v) {
				t.Errorf("mask %08x does not permit %08x", tc.mask, v)
			}
		}
		if j.Permits(j.Version ^ 1<<3) {
			t.Error("a bit outside of the mask is permitted")
		}
	}
}

func TestAlgorithmNames(t *testing.T) {
	for _, a := range Algorithms() {
		var back Algorithm
		text, err := a.MarshalText()
		if err != nil || back.UnmarshalText(text) != nil || back != a {
			t.Errorf("%v is written %q, and read as %v", a, text, back)
		}
	}
	if new(Algorithm).UnmarshalText([]byte("md5")) == nil {
		t.Error("md5 is taken")
	}
	if _, err := Algorithm(9).MarshalText(); err == nil {
		t.Error("an algorithm that is none is written")
	}
}
