package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

const initTwo = `{"type":"init","rigs":2,"levels_w":[0,2400,3000,3500],"levels_ths":[0,150,177.5,200],"ramp_up_s":120,"ramp_down_s":10,"min_on_s":300,"min_off_s":300,"period_s":5,"latency_s":2}`

// rigLine is one rig of a tick.
func rigLine(state string, level int, power, forS float64) string {
	return fmt.Sprintf(`{"state":%q,"level":%d,"power_w":%v,"for_s":%v,"can_start":%v,"can_stop":%v}`,
		state, level, power, forS, state == "off" && forS >= 300, state == "on" && forS >= 300)
}

func tickLine(t, surplus float64, rigs ...string) string {
	return fmt.Sprintf(`{"type":"tick","t":%v,"surplus_w":%v,"fleet_w":0,"rigs":[%s]}`, t, surplus, strings.Join(rigs, ","))
}

func TestFilter(t *testing.T) {
	idle := rigLine("off", 0, 0, 9999)
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"no surplus", []string{tickLine(0, 0, idle, idle)}, []string{"-1 -1"}},
		{"one starts", []string{tickLine(0, 2700, idle, idle)}, []string{"1 -1"}},
		{"all start", []string{tickLine(0, 9000, idle, idle)}, []string{"3 3"}},
		{"a running one is trimmed", []string{tickLine(0, 2500, rigLine("on", 3, 3500, 900), idle)}, []string{"1 -1"}},
		{"off too short", []string{tickLine(0, 9000, rigLine("off", 0, 0, 297), rigLine("off", 0, 0, 298))}, []string{"-1 3"}},
		{"on too short", []string{tickLine(0, 0, rigLine("on", 1, 2400, 297), rigLine("on", 1, 2400, 298))}, []string{"-1 0"}},
		{"stopping", []string{tickLine(0, 9000, rigLine("stopping", 0, 100, 500), idle)}, []string{"-1 3"}},
		{"an empty line, and what the protocol may come to say", []string{"", " \t", strings.Replace(tickLine(0, 2700, idle, idle), "{", `{"v":2,`, 1)}, []string{"1 -1"}},
		{"said once while it is on its way", []string{tickLine(0, 2700, idle, idle), tickLine(1, 2700, idle, idle), tickLine(5, 2700, rigLine("on", 1, 87, 3), idle)}, []string{"1 -1", "-1 -1", "-1 -1"}},
		{"said again where it was refused", []string{tickLine(0, 2700, idle, idle), tickLine(5, 2700, idle, idle)}, []string{"1 -1", "1 -1"}},
		{"another fleet", []string{tickLine(0, 0, idle, idle), strings.Replace(initTwo, `"rigs":2`, `"rigs":1`, 1), tickLine(0, 9000, idle)}, []string{"-1 -1", "3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Filter(strings.NewReader(initTwo+"\n"+strings.Join(c.lines, "\n")), &out, []policies.Policy{plain()}); err != nil {
				t.Fatal(err)
			}
			if got := replies(t, &out); !slices.Equal(got, c.want) {
				t.Errorf("levels %q, want %q", got, c.want)
			}
		})
	}
}

// plain is a policy whose every decision can be told by hand.
func plain() policies.Policy {
	return policies.Policy{Name: "p", Loads: []string{"whatever"}, Use: policies.Use{Available: true}, Objective: policies.Hashes}
}

func replies(t *testing.T, out *bytes.Buffer) (list []string) {
	t.Helper()
	for line := range strings.Lines(out.String()) {
		var r struct{ Levels []int }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, strings.Trim(fmt.Sprint(r.Levels), "[]"))
	}
	return list
}

func TestFilterRefuses(t *testing.T) {
	idle := rigLine("off", 0, 0, 9999)
	bad := func(old, with string) string { return strings.Replace(initTwo, old, with, 1) }
	for _, c := range []struct {
		name, in, want string
	}{
		{"garbage", initTwo + "\nhello", "line 2: not a message"},
		{"a half line", initTwo[:40], "line 1: not a message"},
		{"a tick first", tickLine(0, 0, idle, idle), "line 1: a tick before any init"},
		{"another type", `{"type":"stop"}`, `line 1: type "stop"`},
		{"no rigs", bad(`"rigs":2`, `"rigs":0`), `line 1: init: "rigs"`},
		{"too many rigs", bad(`"rigs":2`, `"rigs":1e9`), `line 1: init: "rigs"`},
		{"one level", bad("[0,2400,3000,3500]", "[0]"), "levels_w"},
		{"levels fall", bad("2400", "4000"), "levels_w must rise"},
		{"rates missing", bad("[0,150,177.5,200]", "[0,150]"), "levels_ths"},
		{"a negative time", bad(`"min_on_s":300`, `"min_on_s":-1`), "no time"},
		{"a rig too few", initTwo + "\n" + tickLine(0, 0, idle), "line 2: tick: 1 rigs"},
		{"a state", initTwo + "\n" + tickLine(0, 0, idle, rigLine("dead", 0, 0, 0)), `rig 1: state "dead"`},
		{"a level", initTwo + "\n" + tickLine(0, 0, idle, rigLine("on", 4, 0, 0)), "level 4"},
		{"on at level 0", initTwo + "\n" + tickLine(0, 0, rigLine("on", 0, 0, 0), idle), "rig 0 is on at level 0"},
		{"a negative power", initTwo + "\n" + tickLine(0, 0, rigLine("on", 1, -1, 0), idle), "negative"},
		{"no list of rigs", initTwo + "\n" + `{"type":"tick","t":0,"surplus_w":0}`, `line 2: tick: "rigs" is missing`},
		{"a wrong type", initTwo + "\n" + strings.Replace(tickLine(0, 0, idle, idle), `"surplus_w":0`, `"surplus_w":"0"`, 1), `"surplus_w" is string: want a number`},
		{"a wrong type of a rig", initTwo + "\n" + tickLine(0, 0, idle, strings.Replace(idle, `"level":0`, `"level":0.5`, 1)), `"level" is number 0.5: want a whole number`},
		{"no object", "[]", "found array, want an object"},
		{"too long", initTwo + "\n" + strings.Repeat("x", maxLine), "line 2: longer than 32 MB"},
		{"no surplus", initTwo + "\n" + strings.Replace(tickLine(0, 0, idle, idle), `"surplus_w":0,`, "", 1), `"surplus_w" is missing`},
		{"time stands still", initTwo + "\n" + tickLine(5, 0, idle, idle) + "\n" + tickLine(5, 0, idle, idle), "line 3: tick: t 5 does not come after 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			err := Filter(strings.NewReader(c.in+"\n"), &out, nil)
			var line *LineError
			if !errors.As(err, &line) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about a line with %q", err, c.want)
			}
		})
	}
}

// Whatever the fleet, each tick has one answer, with a level for each rig that
// the rig has.
func TestFilterFleets(t *testing.T) {
	for _, c := range []struct{ rigs, levels int }{{1, 2}, {1, 10}, {3, 2}, {40, 4}, {1000, 10}} {
		t.Run(fmt.Sprintf("%d rigs, %d levels", c.rigs, c.levels), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(c.rigs), uint64(c.levels)))
			var in, out bytes.Buffer
			watts, rates := []float64{5}, []float64{0}
			for i := range c.levels - 1 {
				watts, rates = append(watts, float64(1000+500*i)), append(rates, float64(60+30*i))
			}
			init := map[string]any{"type": "init", "rigs": c.rigs, "levels_w": watts, "levels_ths": rates, "ramp_up_s": 60,
				"ramp_down_s": 0, "min_on_s": 0, "min_off_s": 60, "period_s": 1, "latency_s": 3}
			if err := json.NewEncoder(&in).Encode(init); err != nil {
				t.Fatal(err)
			}
			const ticks = 20
			for k := range ticks {
				rigs := make([]string, c.rigs)
				for i := range rigs {
					state := []string{"off", "on", "stopping"}[r.IntN(3)]
					level := 0
					if state == "on" {
						level = 1 + r.IntN(c.levels-1)
					}
					rigs[i] = rigLine(state, level, r.Float64()*2000, float64(r.IntN(200)))
				}
				fmt.Fprintln(&in, tickLine(float64(k), r.Float64()*float64(c.rigs)*3000-100, rigs...))
			}
			if err := Filter(&in, &out, nil); err != nil {
				t.Fatal(err)
			}
			got := replies(t, &out)
			if len(got) != ticks {
				t.Fatalf("%d replies to %d ticks", len(got), ticks)
			}
			for _, line := range got {
				levels := strings.Fields(line)
				if len(levels) != c.rigs {
					t.Fatalf("%d levels for %d rigs", len(levels), c.rigs)
				}
				for _, l := range levels {
					if n, err := strconv.Atoi(l); err != nil || n < leave || n >= c.levels {
						t.Fatalf("level %q", l)
					}
				}
			}
		})
	}
}

// A command that is on its way counts as the loop counts it: the rig goes to
// where it was told to, from when it hears of it.
func TestInFlight(t *testing.T) {
	c, err := newCore(parse(t, strings.Replace(initTwo, `"latency_s":2`, `"latency_s":20`, 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	idle := rigLine("off", 0, 0, 9999)
	if _, err := c.tick(parse(t, tickLine(0, 9000, idle, idle))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.tick(parse(t, tickLine(5, 9000, idle, idle))); err != nil {
		t.Fatal(err)
	}
	st := c.in.Loads[0]
	if st.Setpoint != 3 || !st.Since.Equal(epoch()) {
		t.Errorf("set-point %d since %v, want 3 since %v", st.Setpoint, st.Since, epoch())
	}
	for s, want := range map[float64]energy.Watts{5: 0, 20: 0, 80: 1750, 140: 3500} {
		if got := st.Course.At(epoch().Add(seconds(s))); got != want {
			t.Errorf("expected draw after %v s: %v, want %v", s, got, want)
		}
	}
}

func parse(t *testing.T, line string) *message {
	t.Helper()
	var m message
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatal(err)
	}
	return &m
}

func FuzzFilter(f *testing.F) {
	f.Add(initTwo + "\n" + tickLine(0, 9000, rigLine("off", 0, 0, 9999), rigLine("on", 2, 3000, 20)))
	f.Add(`{"type":"tick"}`)
	f.Fuzz(func(t *testing.T, in string) {
		var out bytes.Buffer
		err := Filter(strings.NewReader(in), &out, nil)
		var line *LineError
		if err != nil && !errors.As(err, &line) {
			t.Fatal(err)
		}
	})
}
