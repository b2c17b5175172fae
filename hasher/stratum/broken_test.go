package stratum

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

// What breaks the protocol ends the session: there is no work, the cause is
// counted, and the client comes back.
func TestBrokenProtocol(t *testing.T) {
	long := `{"id":null,"method":"mining.notify","params":["` + strings.Repeat("x", 1<<20)
	for name, tc := range map[string]struct{ raw, cause string }{
		"garbage":               {"\x00\xff\x16\x03 hello\n", "protocol"},
		"half a document":       {`{"id":null,"method":` + "\n", "protocol"},
		"an array":              {"[1,2]\n", "protocol"},
		"an empty object":       {"{}\n", "protocol"},
		"an empty line":         {"\n", "protocol"},
		"a megabyte, no line":   {long, "protocol"},
		"answer nobody wanted":  {`{"id":77,"result":true,"error":null}` + "\n", "protocol"},
		"answer with a name":    {`{"id":"x","result":true,"error":null}` + "\n", "protocol"},
		"difficulty negative":   {`{"id":null,"method":"mining.set_difficulty","params":[-1]}` + "\n", "difficulty"},
		"difficulty zero":       {`{"id":null,"method":"mining.set_difficulty","params":[0]}` + "\n", "difficulty"},
		"difficulty absurd":     {`{"id":null,"method":"mining.set_difficulty","params":[1e300]}` + "\n", "difficulty"},
		"difficulty huge text":  {`{"id":null,"method":"mining.set_difficulty","params":[1e999999999]}` + "\n", "difficulty"},
		"difficulty missing":    {`{"id":null,"method":"mining.set_difficulty","params":[]}` + "\n", "protocol"},
		"job of nothing":        {`{"id":null,"method":"mining.notify","params":[]}` + "\n", "protocol"},
		"reconnect nowhere":     {`{"id":null,"method":"client.reconnect","params":["",99999,0]}` + "\n", "protocol"},
		"reconnect in the past": {`{"id":null,"method":"client.reconnect","params":["",3333,-5]}` + "\n", "protocol"},
		"difficulty text":       {`{"id":null,"method":"mining.set_difficulty","params":["much"]}` + "\n", "difficulty"},
		"difficulty 1e400":      {`{"id":null,"method":"mining.set_difficulty","params":[1e400]}` + "\n", "difficulty"},
		"deep":                  {`{"id":null,"method":"x","params":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}\n", "protocol"},
		"invalid UTF-8":         {"{\"id\":null,\"method\":\"mining.notify\",\"params\":[\"\xff\"]}\n", "protocol"},
		"parameters no list":    {`{"id":null,"method":"mining.set_difficulty","params":{"difficulty":1}}` + "\n", "protocol"},
		"method no text":        {`{"id":null,"method":7,"params":[]}` + "\n", "protocol"},
		"extranonce missing":    {`{"id":null,"method":"mining.set_extranonce","params":["00"]}` + "\n", "protocol"},
		"extranonce of 64":      {`{"id":null,"method":"mining.set_extranonce","params":["` + strings.Repeat("00", 64) + `",4]}` + "\n", "protocol"},
		"extranonce2 of 64":     {`{"id":null,"method":"mining.set_extranonce","params":["00",64]}` + "\n", "protocol"},
		"mask of 7 digits":      {`{"id":null,"method":"mining.set_version_mask","params":["1fffe00"]}` + "\n", "protocol"},
		"mask a number":         {`{"id":null,"method":"mining.set_version_mask","params":[536862720]}` + "\n", "protocol"},
		"mask missing":          {`{"id":null,"method":"mining.set_version_mask","params":[]}` + "\n", "protocol"},
		"message no text":       {`{"id":null,"method":"client.show_message","params":[{}]}` + "\n", "protocol"},
		"ping with a novel":     {`{"id":"` + strings.Repeat("x", 100) + `","method":"mining.ping"}` + "\n", "protocol"},
		"pool refuses":          {`{"id":null,"result":null,"error":[20,"go away",null]}` + "\n", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, r *rig) {
				r.open()
				r.pool.Send([]byte(tc.raw))
				r.expect("closed")
				synctest.Wait()
				if s := r.c.State(); s.Job != nil || s.Err == nil || s.Counts.Faults[tc.cause] != 1 {
					t.Errorf("state %+v, want no job and one fault %q", s, tc.cause)
				}
				r.expect("authorized")
				r.job("again", true)
			})
		})
	}
}

// What must not come before the subscription ends the session, too.
func TestTooEarly(t *testing.T) {
	for name, raw := range map[string]string{
		"job":        `{"id":null,"method":"mining.notify","params":["j"]}`,
		"extranonce": `{"id":null,"method":"mining.set_extranonce","params":["00",4]}`,
		"mask":       `{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1f"},"error":null}`,
		"no mask":    `{"id":1,"result":{"version-rolling":true},"error":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Mute(true) }, func(t *testing.T, r *rig) {
				r.expect("connected")
				r.pool.Send([]byte(raw + "\n"))
				r.expect("closed")
				synctest.Wait()
				if s := r.c.State(); s.Job != nil || s.Counts.Faults["protocol"] != 1 {
					t.Errorf("state %+v", s)
				}
			})
		})
	}
}

func TestSubscriptionBounds(t *testing.T) {
	for raw, ok := range map[string]bool{
		`[[["mining.notify","x"]],"08000002",4]`: true,
		`[[],"",0]`:                              true,
		`[null,"00",16]`:                         true,
		`[[],"00",17]`:                           false,
		`[[],"00",64]`:                           false,
		`[[],"00",-1]`:                           false,
		`[[],"00",1.5]`:                          false,
		`[[],"00","4"]`:                          false,
		`[[],"0",4]`:                             false,
		`[[],"` + strings.Repeat("00", 33) + `",4]`: false,
		`[[],null,4]`: false,
		`[[],null]`:   false,
		`{}`:          false,
		`null`:        false,
	} {
		if _, err := parseSubscription([]byte(raw)); (err == nil) != ok {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// Lines may come in pieces or several at once.
func TestSplitAndGluedLines(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		line := `{"id":null,"method":"mining.set_difficulty","params":[4]}` + "\n"
		for i := range len(line) {
			r.pool.Send([]byte{line[i]})
		}
		if j := r.job("split", true); j.Target != work.SHA256d.DifficultyTarget(4) {
			t.Errorf("target %x", j.Target)
		}
		r.pool.Send([]byte(strings.Repeat(line, 3) + `{"id":null,"method":"mining.set_difficulty","params":[8]}` + "\n" + `{"id":9,"method":"client.show_message","params":["hi"]}` + "\n"))
		if j := r.job("glued", true); j.Target != work.SHA256d.DifficultyTarget(8) {
			t.Errorf("target %x", j.Target)
		}
	})
}

func TestSilence(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*pooltest.Pool, *Config)
		open   bool
		after  time.Duration
	}{
		"from the start": {func(p *pooltest.Pool, _ *Config) { p.Mute(true) }, false, configureTimeout + handshakeTimeout},
		"later": {func(p *pooltest.Pool, c *Config) {
			c.Silence = time.Minute
			p.Unknown = map[string]string{methodPing: "silence"}
		}, true, time.Minute},
		"of one that has answered a ping": {func(p *pooltest.Pool, _ *Config) { p.Difficulty(easy) }, true, 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tc.change, func(t *testing.T, r *rig) {
				if tc.open {
					r.open()
				}
				if strings.HasPrefix(name, "of one") {
					r.expect("pinged")
					r.pool.Mute(true)
				}
				began := time.Now()
				r.expect("closed")
				if d := time.Since(began).Round(2 * time.Second); d < tc.after || d > tc.after+2*time.Second {
					t.Errorf("dropped after %v, want %v", d, tc.after)
				}
				synctest.Wait()
				if s := r.c.State(); s.Job != nil || s.Counts.Faults["silence"] != 1 {
					t.Errorf("state %+v", s)
				}
			})
		})
	}
}

// A pool that has nothing to say and still answers is not gone.
func TestKeepalive(t *testing.T) {
	for name, unknown := range map[string]map[string]string{"knows ping": nil, "does not": {methodPing: "error"}, "minds it": {methodPing: "hangup"}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Unknown = unknown }, func(t *testing.T, r *rig) {
				r.open()
				faults := 0
				if name == "minds it" { // then it is not asked again that day
					faults = 1
				}
				for range 24 * 60 { // a job a minute
					time.Sleep(time.Minute - time.Second)
					r.pool.Job(pooltest.Example("next", true))
					synctest.Wait()
				}
				s := r.c.State()
				if s.Job == nil || s.Counts.Faults["hung-up"] != uint64(faults) || len(s.Counts.Faults) != faults {
					t.Fatalf("state %+v", s)
				}
				if err := r.c.Submit(find(s.Job, 0)); err != nil {
					t.Error(err)
				}
				r.expect("accepted")
			})
		})
	}
}

// A pool that never ends its line is as silent as one that says nothing.
func TestDribble(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, c *Config) {
		c.Silence = time.Minute
		p.Unknown = map[string]string{methodPing: "silence"}
	}, func(t *testing.T, r *rig) {
		r.open()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			for ctx.Err() == nil {
				r.pool.Send([]byte{' '})
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		})
		r.expect("closed")
		cancel()
		wg.Wait()
		synctest.Wait()
		if n := r.c.State().Counts.Faults["silence"]; n != 1 {
			t.Errorf("%d silences: %+v", n, r.c.State())
		}
	})
}
