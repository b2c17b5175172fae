package simulate

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/internal/days"
)

var generated = flag.Int("generated", 0, "days of each kind that the reference controllers are compared on; their seeds are new each time")

// score is what a controller made of a series.
type score struct {
	name   string
	net    float64 // %, absorbed less imported
	starts float64 // a rig and day
	levels float64 // changes, a rig and day
}

var rowPattern = regexp.MustCompile(`^(?:X \S+|S\d \S+)\s+(\S.*?)\s+abs.* net +([-0-9.]+)%  imp .* sw +([0-9.]+) lv +([0-9.]+) `)

// scores reads the rows of an evaluator's table.
func scores(t *testing.T, table []byte) []score {
	t.Helper()
	var all []score
	for line := range strings.Lines(string(table)) {
		m := rowPattern.FindStringSubmatch(line)
		if m == nil {
			continue // a bound
		}
		s := score{name: m[1]}
		for i, v := range []*float64{&s.net, &s.starts, &s.levels} {
			var err error
			if *v, err = strconv.ParseFloat(m[i+2], 64); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		t.Fatalf("the evaluator says %s", table)
	}
	return all
}

// ours is our score on what args name.
func (e evaluator) ours(t *testing.T, args ...string) score {
	t.Helper()
	return scores(t, e.run(t, append(args, "-exec", "env "+asFilter+"=1 '"+e.self+"'")...))[0]
}

// On the recorded series the built-in policy is as good as the best reference
// controller by net energy, with no more starts; on the fast one better.
func TestRecordedSeries(t *testing.T) {
	e := newEvaluator(t)
	for _, c := range []struct {
		series      string
		net, starts float64 // at least, at most: of the best reference by net
		long        bool
	}{
		{"S1", 83, 50.42, false},
		{"S2", 98.41, 1.33, false},
		{"S3", 97.89, 3.63, true},
		{"S4", 96.13, 4.40, true},
		{"S5", 98.07 - 0.15, 2.88, false},
		{"S6", 98.75, 1.15, true},
	} {
		if c.long && *generated == 0 {
			continue // days of it: with -generated
		}
		s := e.ours(t, "-scenario", c.series)
		t.Logf("%s: net %.2f %% (%.2f), %.2f starts (%.2f), %.0f level changes", c.series, s.net, c.net, s.starts, c.starts, s.levels)
		if s.net < c.net-1e-9 || s.starts > c.starts+0.005 {
			t.Errorf("%s: net %.2f %% with %.2f starts a rig and day, want %.2f %% with %.2f", c.series, s.net, s.starts, c.net, c.starts)
		}
	}
}

// On days that nobody has seen, the mean over each kind is ahead of every
// reference, with the reference fleet and with a slower one. It takes minutes:
//
//	go test ./cmd/curtaild/simulate -run 'Recorded|Generated' -generated 20 -timeout 2h -v
func TestGeneratedDays(t *testing.T) {
	if *generated == 0 {
		t.Skip("takes minutes: with -generated 20")
	}
	e := newEvaluator(t)
	first := uint64(time.Now().Unix())
	kinds := []struct {
		name string
		make func(uint64, float64) []float64
	}{{"cloudy", days.Cloudy}, {"limited", days.Limited}, {"orders", days.Orders}}
	fleets := []struct {
		name string
		args []string
	}{{"reference fleet", nil}, {"slower fleet", []string{"-rampup", "300", "-minon", "900", "-minoff", "900"}}}
	for _, kind := range kinds {
		for _, fleet := range fleets {
			sums := map[string]*score{}
			gap, worst := math.Inf(1), uint64(0)
			var far []string // days that are two points or more behind the best of theirs
			for seed := first; seed < first+uint64(*generated); seed++ {
				path := filepath.Join(t.TempDir(), fmt.Sprintf("%s-%d", kind.name, seed))
				writeSeries(t, path, kind.make(seed, 150e3))
				rows := scores(t, e.run(t, append(fleet.args, "-series", path)...))
				best := slices.MaxFunc(rows, func(a, b score) int { return int(math.Copysign(1, a.net-b.net)) })
				us := e.ours(t, append(fleet.args, "-series", path)...)
				us.name = "curtaild"
				d := us.net - best.net
				if d < gap {
					gap, worst = d, seed
				}
				if d <= -2 {
					far = append(far, fmt.Sprintf("%d: %.2f %% (%s %.2f %%)", seed, us.net, best.name, best.net))
				}
				for _, s := range append(rows, us) {
					if sums[s.name] == nil {
						sums[s.name] = &score{name: s.name}
					}
					sums[s.name].net += s.net / float64(*generated)
					sums[s.name].starts += s.starts / float64(*generated)
					sums[s.name].levels += s.levels / float64(*generated)
				}
			}
			t.Logf("%s, %s, seeds %d to %d; worst against the best of its day: %+.2f (%d)", kind.name, fleet.name, first, first+uint64(*generated)-1, gap, worst)
			if len(far) > 0 {
				t.Logf("  two points or more behind: %s", strings.Join(far, ", "))
			}
			for _, s := range sums {
				t.Logf("  %-30s net %6.2f %%, %5.2f starts, %4.0f level changes", s.name, s.net, s.starts, s.levels)
				if s.name != "curtaild" && s.net >= sums["curtaild"].net {
					t.Errorf("%s, %s: %s is ahead", kind.name, fleet.name, s.name)
				}
			}
		}
	}
}

// writeSeries writes a series of seconds as an evaluator reads it.
func writeSeries(t *testing.T, path string, series []float64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for _, x := range series {
		fmt.Fprintf(w, "%.1f\n", x)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// evaluator is the program that simulates fleets for controllers.
type evaluator struct{ program, dir, self string }

func newEvaluator(t *testing.T) evaluator {
	t.Helper()
	dir, err := filepath.Abs("../../../../shared/tools/yardstick")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the evaluator is not beside the repository: ../shared/tools/yardstick")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := evaluator{filepath.Join(t.TempDir(), "yardstick"), dir, self}
	build := exec.Command("go", "build", "-o", e.program, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the evaluator: %v: %s", err, out)
	}
	return e
}

func (e evaluator) run(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(e.program, args...)
	cmd.Dir = e.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}
