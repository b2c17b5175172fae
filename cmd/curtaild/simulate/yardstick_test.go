package simulate

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/days"
)

// asFilter in the environment makes this test program the filter.
const asFilter = "CURTAILD_TEST_FILTER"

func TestMain(m *testing.M) {
	if os.Getenv(asFilter) != "" {
		if err := Filter(os.Stdin, os.Stdout, nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// yardstick runs the evaluator with this filter, and returns what was absorbed
// and imported, in percent.
func yardstick(t *testing.T, args ...string) (absorbed, imported float64) {
	t.Helper()
	e := newEvaluator(t)
	out := e.run(t, append(args, "-exec", "env "+asFilter+"=1 '"+e.self+"'")...)
	m := regexp.MustCompile(`abs +([0-9.]+)% imp +([0-9.]+)%`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("the evaluator says %s", out)
	}
	absorbed, errA := strconv.ParseFloat(string(m[1]), 64)
	imported, errI := strconv.ParseFloat(string(m[2]), 64)
	if errA != nil || errI != nil {
		t.Fatal(errA, errI)
	}
	return absorbed, imported
}

// The plant model agrees with the evaluator's to a tenth of a point: the same
// core decides on the same series of seconds, once in either.
func TestPlantAgreesWithEvaluator(t *testing.T) {
	day := days.Cloudy(11, 150e3)[36_000:46_800]
	path := filepath.Join(t.TempDir(), "series.txt")
	for i, x := range day {
		day[i] = math.Round(x*10) / 10
	}
	writeSeries(t, path, day)
	absorbed, imported := yardstick(t, "-series", path)
	a := played(t, day)
	ours, bought := 100*a.absorbed/a.available, 100*a.imported/a.available
	t.Logf("absorbed %.3f %%, imported %.3f %%; the evaluator says %.2f and %.2f", ours, bought, absorbed, imported)
	if math.Abs(ours-absorbed) > 0.1 || math.Abs(bought-imported) > 0.1 {
		t.Errorf("absorbed %.3f %%, imported %.3f %%; the evaluator says %.2f and %.2f", ours, bought, absorbed, imported)
	}
}

// played has the core that a filter is made of decide for our plant, as the
// evaluator has it for its own: every 5 s, with a latency of 2 s.
func played(t *testing.T, series []float64) account {
	t.Helper()
	loads := fleet(40)
	p := newPlant(loads, 2*time.Second)
	init := `{"type":"init","rigs":40,"levels_w":[0,2400,3000,3500],"levels_ths":[0,150,177.5147928994083,200],"ramp_up_s":120,"ramp_down_s":10,"min_on_s":300,"min_off_s":300,"period_s":5,"latency_s":2}`
	c, err := newCore(parse(t, init), nil)
	if err != nil {
		t.Fatal(err)
	}
	since := make([]time.Duration, len(loads)) // of the last start, or the end of the last stop
	for i := range since {
		since[i] = -time.Hour
	}
	a := account{most: p.most()}
	for s, free := range series {
		from, to := time.Duration(s)*time.Second, time.Duration(s+1)*time.Second
		if s%5 == 0 {
			states := make([]string, len(loads))
			for i := range p.rigs {
				states[i] = stateOf(p, i, since)
			}
			reply, err := c.tick(parse(t, tickLine(float64(s), free, states...)))
			if err != nil {
				t.Fatal(err)
			}
			for i, level := range reply.Levels {
				if level != leave {
					p.send(i, energy.Setpoint{Point: level})
				}
			}
		}
		for p.at < to {
			at := min(max(p.next(), from), to)
			n := (at - p.at).Seconds()
			a.add(n, line{free, free}, line{}, line{p.draw, p.draw + p.slope*n}, prices{})
			started := make([]bool, len(loads))
			for i := range p.rigs {
				started[i] = p.rigs[i].point != energy.Off
			}
			p.advance(at, func(int) {})
			for i := range p.rigs {
				r := &p.rigs[i]
				if r.point != energy.Off && !started[i] || r.point == energy.Off && r.end != forever {
					since[i] = at
				}
			}
		}
	}
	return a
}

// stateOf is rig i as the protocol tells it.
func stateOf(p *plant, i int, since []time.Duration) string {
	r := p.rigs[i]
	r.advance(min(p.at, r.end))
	switch {
	case r.point != energy.Off:
		return rigLine("on", r.point, r.draw, (p.at - since[i]).Seconds())
	case r.end != forever:
		return rigLine("stopping", 0, r.draw, 0)
	default:
		return rigLine("off", 0, 0, (p.at - since[i]).Seconds())
	}
}
