package stratum

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

func TestReconnect(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		elsewhere := `{"id":null,"method":"client.reconnect","params":["evil.example",3333,0]}` + "\n"
		r.pool.Send([]byte(elsewhere))
		r.job("still here", true)
		if n := r.c.State().Counts.Faults["reconnect-elsewhere"]; n != 1 {
			t.Errorf("%d moves refused", n)
		}
		r.pool.Send([]byte(`{"id":null,"method":"client.reconnect","params":["POOL.example","4444",7]}` + "\n"))
		began := time.Now()
		r.expect("closed")
		r.expect("authorized")
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("came back after %v", d)
		}
		r.mu.Lock()
		if got := r.dials[len(r.dials)-1]; got != "pool.example:4444" {
			t.Errorf("came back to %s", got)
		}
		r.mu.Unlock()
		r.pool.Hangup() // the new port is for once
		r.expect("authorized")
		r.mu.Lock()
		defer r.mu.Unlock()
		if got := r.dials[len(r.dials)-1]; got != "pool.example:3333" {
			t.Errorf("then to %s", got)
		}
	})
}

// A pool that sends us on and on is followed ever more slowly.
func TestReconnectAgainAndAgain(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		began := time.Now()
		for range 20 {
			r.expect("authorized")
			r.pool.Notify("client.reconnect", "[]")
			r.expect("closed")
		}
		if d := time.Since(began); d < 10*maxBackoff/2 {
			t.Errorf("20 reconnects in %v", d)
		}
	})
}

func TestBackoff(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Deny = true }, func(t *testing.T, r *rig) {
		for range 12 {
			r.expect("closed")
		}
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := 1; i < len(r.at); i++ {
			gap := r.at[i].Sub(r.at[i-1])
			if gap < minBackoff || gap > maxBackoff {
				t.Errorf("gap %d of %v", i, gap)
			}
			if i > 6 && gap < maxBackoff/2 {
				t.Errorf("gap %d still %v", i, gap)
			}
		}
		if n := r.c.State().Counts.Faults["refused"]; n < 11 {
			t.Errorf("%d refusals", n)
		}
	})
}

// A session's jobs end with it: the extranonce was its own.
func TestHangupEndsJobs(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		s := find(j, 0)
		r.pool.Hangup()
		r.expect("closed")
		synctest.Wait()
		if st := r.c.State(); st.Job != nil || st.Err == nil || st.Counts.Faults["hung-up"] != 1 {
			t.Errorf("state %+v", st)
		}
		r.expect("authorized")
		synctest.Wait()
		if err := r.c.Submit(s); !errors.Is(err, work.ErrStale) {
			t.Errorf("share of the last session: %v", err)
		}
	})
}
