package stratum

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

func TestConfigure(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*pooltest.Pool, *Config)
		asked  string // what the pool granted
		mask   uint32
	}{
		"no version rolling": {nil, `{"subscribe-extranonce":true,"version-rolling":false}`, 0},
		"all bits": {func(p *pooltest.Pool, _ *Config) { p.Mask = "1fffe000" },
			`{"subscribe-extranonce":true,"version-rolling":true,"version-rolling.mask":"1fffe000"}`, 0x1fffe000},
		"some bits": {func(p *pooltest.Pool, _ *Config) { p.Mask = "00c06000" },
			`{"subscribe-extranonce":true,"version-rolling":true,"version-rolling.mask":"00c06000"}`, 0x00c06000},
		"a minimum difficulty": {func(_ *pooltest.Pool, c *Config) { c.MinDifficulty = 2.5 },
			`{"minimum-difficulty":true,"subscribe-extranonce":true,"version-rolling":false}`, 0},
		"scrypt rolls none": {func(p *pooltest.Pool, c *Config) {
			p.Scrypt, p.Mask, c.Algorithm = true, "1fffe000", work.Scrypt
		}, `{"subscribe-extranonce":true}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tc.change, func(t *testing.T, r *rig) {
				if e := r.expect("configured"); e.Text != tc.asked {
					t.Errorf("granted %s, want %s", e.Text, tc.asked)
				}
				r.expect("authorized")
				if j := r.job("first", true); j.Mask != tc.mask {
					t.Errorf("mask %08x, want %08x", j.Mask, tc.mask)
				}
			})
		})
	}
}

// Pools that do not know a method are worked for without it. Who answers is
// asked again in the next session; who kept quiet or hung up is not.
func TestUnknownMethods(t *testing.T) {
	for _, tc := range []struct {
		method, how string
		sessions    int // until there is work
		again       bool
	}{
		{methodConfigure, "error", 1, true},
		{methodConfigure, "silence", 1, false},
		{methodConfigure, "hangup", 2, false},
		{methodExtranonces, "error", 1, true},
		{methodExtranonces, "silence", 1, true},
		{methodExtranonces, "hangup", 2, false},
	} {
		t.Run(tc.method+" "+tc.how, func(t *testing.T) {
			change := func(p *pooltest.Pool, _ *Config) {
				p.Unknown = map[string]string{tc.method: tc.how, methodConfigure: tc.how}
				if tc.method == methodExtranonces { // which is asked for if configure has not granted it
					p.Unknown[methodConfigure] = "error"
				}
			}
			inBubble(t, change, func(t *testing.T, r *rig) {
				r.pool.Difficulty(easy)
				r.pool.Job(pooltest.Example("first", true))
				time.Sleep(12 * time.Second)
				synctest.Wait()
				if n := r.sessions(); n != tc.sessions {
					t.Errorf("%d connections until there is work, want %d", n, tc.sessions)
				}
				r.submit(find(r.c.State().Job, 0))
				for range 3 { // later sessions find work at once
					time.Sleep(lasting)
					before, now := r.sessions(), time.Now()
					r.pool.Hangup()
					r.expect("closed")
					r.expect("authorized")
					synctest.Wait()
					if n := r.sessions() - before; n != 1 || r.c.State().Job == nil || time.Since(now) > 3*time.Second {
						t.Errorf("%d connections and %v for the next session; state %+v", n, time.Since(now), r.c.State())
					}
				}
				if avoids := r.c.shy.avoids(tc.method, time.Now()); avoids == tc.again {
					t.Errorf("avoids the method: %t", avoids)
				}
				if tc.again {
					return
				}
				time.Sleep(shyAfter)
				synctest.Wait()
				if r.c.shy.avoids(tc.method, time.Now()) {
					t.Error("is never asked again")
				}
			})
		})
	}
}

// A pool that hangs up whatever it is asked is not thought to mind a method.
func TestHangupIsNotShyness(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, _ *Config) {
		p.Unknown = map[string]string{methodConfigure: "hangup", "mining.subscribe": "hangup"}
	}, func(t *testing.T, r *rig) {
		for range 12 {
			r.expect("closed")
		}
		time.Sleep(maxBackoff)
		synctest.Wait()
		r.stop()
		if n := len(r.c.shy); n > 1 {
			t.Errorf("avoids %v", r.c.shy)
		}
		r.c.shy.forget()
		for method, until := range r.c.shy {
			if time.Until(until) < shyAfter-configureTimeout {
				t.Errorf("avoids %s for no reason", method)
			}
		}
	})
}

// A grant that comes late still holds.
func TestLateGrant(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Mask, p.Lag = "1fffe000", 6*time.Second }, func(t *testing.T, r *rig) {
		r.pool.Difficulty(easy)
		r.pool.Job(pooltest.Example("first", true))
		time.Sleep(time.Minute)
		synctest.Wait()
		j := r.c.State().Job
		if j == nil || j.Mask != 0x1fffe000 {
			t.Fatalf("job %+v", j)
		}
		r.submit(findOf(j, j.Version^0x2000, 0))
		if n := r.sessions(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestDenied(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Deny = true }, func(t *testing.T, r *rig) {
		r.expect("closed")
		synctest.Wait()
		s := r.c.State()
		if s.Counts.Faults["refused"] != 1 || s.Err == nil || !strings.Contains(s.Err.Error(), "Unauthorized worker") {
			t.Errorf("state %+v", s)
		}
	})
}
