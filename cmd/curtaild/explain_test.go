package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// situations are what an operator may ask about: what happened before, and
// the question is asked at its end.
func situations() map[string]func(p *past) {
	return map[string]func(p *past){
		"start-delay": func(p *past) {
			p.readings <- energy.Reading{Name: "price", Value: 43.21, At: time.Now(), Arrived: time.Now()}
			p.sun(900, time.Minute)
			p.sun(2300, time.Minute)
		},
		"min-on": func(p *past) {
			p.sun(2300, 3*time.Minute)
			p.sun(-1200, 2*time.Minute)
		},
		"signal": func(p *past) {
			p.sun(5000, 3*time.Minute)
			p.signals <- scheduler.Delivery{Signal: energy.Signal{
				Source: "dso", ID: "ev-17", Revision: 1, Kind: energy.KindLimit, At: energy.AtFlexible, Max: 2500,
				Start: time.Now(), End: time.Now().Add(30 * time.Minute), Received: time.Now(),
			}}
			p.sun(5000, time.Minute)
		},
		"stale-keep": func(p *past) {
			p.sun(2300, 3*time.Minute)
			time.Sleep(90 * time.Second)
		},
		"hold": func(p *past) {
			p.sun(2300, 3*time.Minute)
			if err := p.loop.Hold(p.t.Context(), true, "ann"); err != nil {
				p.t.Error(err)
			}
			p.sun(2300, 20*time.Second)
		},
		"unreachable": func(p *past) {
			p.sun(4000, 3*time.Minute)
			p.says("a-2", 1<<40, func(st *energy.Status) {
				st.State, st.Err = energy.StateUnreachable, "no route to host"
			})
			p.sun(4000, 30*time.Second)
		},
		"started": func(p *past) {
			p.sun(2300, 2*time.Minute)
			p.sun(2300, 10*time.Second)
		},
	}
}

// Each situation is told in the sentences of its golden file, while the daemon
// runs and after it has ended.
func TestExplain(t *testing.T) {
	for name, play := range situations() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := openPast(t, dir)
				play(p)
				time.Sleep(1500 * time.Millisecond)
				asked := time.Now().Add(-1500 * time.Millisecond)
				live, err := explain(dir, asked)
				if err != nil {
					t.Fatal(err)
				}
				p.stop(scheduler.ErrHandOver)
				for at, want := range map[time.Time]string{asked: "", live.At: string(explainText(live, false, live.At))} {
					after, err := explain(dir, at)
					if err != nil {
						t.Fatal(err)
					}
					got := string(explainText(after, false, at))
					if at == asked {
						golden(t, name, got)
					} else if got != want {
						t.Errorf("while the daemon ran it said:\n%s\nand after the end:\n%s", want, got)
					}
				}
			})
		})
	}
}

// Of what is not on disk yet nothing is said: a meter that has spoken since is
// not called stale.
func TestExplainNow(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := openPast(t, dir)
		p.sun(900, 2*time.Minute)
		begun := time.Now()
		late := 0
		for range 30 {
			p.sun(900, time.Second)
			x, err := explain(dir, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			text := string(explainText(x, false, time.Now()))
			if x.Inputs[0].Quality != energy.Good || x.At.Sub(x.Inputs[0].At) > time.Second {
				t.Errorf("%v on: %s", time.Since(begun), text)
			}
			if waits := time.Since(x.At) > time.Second; waits != strings.Contains(text, "What came since is not on disk yet") {
				t.Errorf("%v since what it tells of: %s", time.Since(x.At), text)
			} else if waits {
				late++
			}
		}
		if late == 0 {
			t.Error("all was on disk at once")
		}
		p.stop(scheduler.ErrHandOver)
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "explain", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
	}
}

// What is not on record is said not to be, and not guessed.
func TestExplainNotOnRecord(t *testing.T) {
	dir := t.TempDir()
	if _, err := explain(dir, time.Now()); err == nil || !strings.Contains(err.Error(), "has not run with the state folder "+dir) {
		t.Errorf("of an empty folder: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		p := openPast(t, dir)
		p.sun(2300, 3*time.Minute)
		p.stop(nil)
		time.Sleep(time.Hour)
		p = openPast(t, dir)
		p.sun(900, time.Minute)
		p.stop(scheduler.ErrHandOver)
		for _, c := range []struct {
			at   time.Duration
			want string
		}{
			{-time.Second, "it begins at"},
			{time.Minute, ""},
			{30 * time.Minute, "the daemon had ended at 2000-01-01 00:03:"},
			{63*time.Minute + 30*time.Second, ""},
			{3 * time.Hour, "the daemon had ended at 2000-01-01 01:04:"},
		} {
			x, err := explain(dir, begun.Add(c.at))
			switch {
			case c.want == "" && (err != nil || !x.At.Equal(begun.Add(c.at))):
				t.Errorf("at %v: %v", c.at, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("at %v: %v, want %q", c.at, err, c.want)
			}
		}
		kinds := map[scheduler.EventKind]int{}
		if err := readJournal(dir, begun.Add(time.Minute), begun.Add(2*time.Hour), func(e scheduler.Event) error {
			kinds[e.Kind]++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if kinds[scheduler.EventReading] != 12+6 || kinds[scheduler.EventEnd] != 2 {
			t.Errorf("events %v", kinds)
		}
	})
}

func TestParseAt(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC) // 14:00 there
	for s, want := range map[string]string{
		"":                          "2026-04-01T12:00:00Z",
		"13:30":                     "2026-04-01T11:30:00Z",
		"14:30":                     "2026-03-31T12:30:00Z",
		"13:30:15":                  "2026-04-01T11:30:15Z",
		"2026-03-28 10:00":          "2026-03-28T09:00:00Z",
		"2026-03-30 10:00:01":       "2026-03-30T08:00:01Z",
		"2026-03-30T10:00":          "2026-03-30T08:00:00Z",
		"2026-04-01T10:00:00+02:00": "2026-04-01T08:00:00Z",
		"90m":                       "2026-04-01T10:30:00Z",
		"yesterday":                 "is no time",
		"-5m":                       "is no time",
		"2026-04-02 10:00":          "has not been yet",
	} {
		at, err := parseAt(s, now, berlin)
		got := at.UTC().Format(time.RFC3339)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("--at %q: %s, want %s", s, got, want)
		}
	}
}

func TestExplainCommand(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		zone, err := time.LoadLocation("Asia/Kathmandu")
		if err != nil {
			t.Fatal(err)
		}
		p := openPast(t, dir, func(l *scheduler.Loop) { l.Setup.Location = zone })
		p.sun(900, time.Minute)
		p.stop(scheduler.ErrHandOver)
		if status, out, complaint := runLine(t, "explain", "--store", dir, "--at", "05:45:30"); status != 0 || !strings.HasPrefix(out, "At 05:45:30 on Saturday 2000-01-01 (Asia/Kathmandu)") {
			t.Errorf("in the site's time zone: status %d, %s%s", status, complaint, out)
		}
		status, out, complaint := runLine(t, "explain", "--store", dir, "--at", "2000-01-01T00:00:30Z", "--load", "a-2", "--json")
		var x scheduler.Explanation
		if err := json.Unmarshal([]byte(out), &x); status != 0 || err != nil || len(x.Loads) != 1 || x.Loads[0].Name != "a-2" || x.Balance.Available != 900 {
			t.Errorf("status %d, %v, %s\n%s", status, err, complaint, out)
		}
		for line, want := range map[string]struct {
			status int
			says   string
		}{
			"--at 2000-01-01T00:00:30Z --load a-3": {1, `no load was named "a-3" then; there were 2: a-1, a-2`},
			"--at yesterday":                       {2, "is no time"},
			"--at 2000-01-01T00:01:30Z":            {2, "has not been yet"},
			"extra":                                {2, "extra"},
		} {
			args := append([]string{"explain", "--store", dir}, strings.Fields(line)...)
			if status, _, complaint := runLine(t, args...); status != want.status || !strings.Contains(complaint, want.says) {
				t.Errorf("%s: status %d, %s", line, status, complaint)
			}
		}
	})
}

// Many loads are told of together, where the same holds for them.
func TestExplainGroups(t *testing.T) {
	x := &scheduler.Explanation{At: time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC), Zone: "UTC"}
	for i := range 9 {
		l := scheduler.ExplainedLoad{
			Name: string(rune('a' + i)), Policy: "soak", Reason: energy.Surplus,
			Before: scheduler.ExplainedPoint{Name: "off"}, After: scheduler.ExplainedPoint{Name: "on", Draw: 1000},
		}
		if i == 8 {
			l.Policy, l.Reason, l.After = "", energy.MinOff, l.Before
		}
		x.Loads = append(x.Loads, l)
	}
	text := string(explainText(x, false, x.At))
	for _, want := range []string{
		"8 loads (a, b, c, 5 more) each: starts, from 0 W to 8 kW in all, under soak: enough power was available [surplus].",
		"i: set-point stays at off: stopped too lately to be started [min-off].",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Every reading has its unit.
func TestExplainAmount(t *testing.T) {
	for role, want := range map[energy.Role]string{
		energy.RoleGrid: "importing 3 kW", energy.RoleForecast: "3 kW", energy.RolePotential: "3 kW", energy.RoleExportLimit: "3 kW",
		energy.RoleCarbon: "3000 g/kWh", energy.RoleImportPrice: "3000 per MWh",
	} {
		if got := amount(role, 3000); got != want {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
}
