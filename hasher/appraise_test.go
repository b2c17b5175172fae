package hasher

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// What is stated of a hash's worth does not follow every fee, what is counted
// does.
func TestAppraisal(t *testing.T) {
	p, err := NewPool(Config{Name: "cpu", Workers: 1, Power: Power{Core: 10, Files: fstest.MapFS{}}, Command: workerCommand})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	p.begin(now)
	job := func(reward uint64) *work.Job {
		out := make([]byte, 8)
		for i := range out {
			out[i] = byte(reward >> (8 * i))
		}
		before := append([]byte{1, 0, 0, 0, 1}, make([]byte, 32)...)
		after := append([]byte{0xff, 0xff, 0xff, 0xff, 1}, out...)
		return &work.Job{Bits: 0x207fffff, Coinbase1: append(before, 0xff, 0xff, 0xff, 0xff, 0), Coinbase2: append(after, 0, 0, 0, 0, 0)}
	}
	wall, earned := int64(0), 0.0
	for i, tc := range []struct {
		job    *work.Job
		stated float64
		each   float64
	}{
		{job(1000), 500, 500},
		{job(1019), 500, 509.5},
		{job(981), 500, 490.5},
		{job(1021), 510.5, 510.5},
		{nil, 510.5, 510.5}, // the pool is away, and a last bit is hashed
		{job(0), 0, 0},
		{job(1000), 500, 500},
		{&work.Job{Bits: 0x207fffff, Coinbase1: []byte{1}}, 0, 0},
	} {
		p.run.job = tc.job
		p.appraise()
		wall += 1e9
		p.figures(now, statsNotice{Wall: wall, CPU: wall, Hashes: uint64(i+1) * 10})
		earned += 10 * tc.each
		if s := p.status(now); s.PerHash < tc.stated*0.999 || s.PerHash > tc.stated*1.001 || s.Earned < earned*0.999 || s.Earned > earned*1.001 {
			t.Errorf("job %d: %v stated, %v earned; want %v and %v", i, s.PerHash, s.Earned, tc.stated, earned)
		}
	}
}
