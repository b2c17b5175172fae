package scheduler

import (
	"flag"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/days"
)

var informedDays = flag.Int("informed", 0, "days of orders on which starts are compared with those of a controller that was told how such days come about")

// One load that is slow to start and must run for a quarter of an hour.
var slowLoad = shape{n: 1, low: 2400, top: 3500, climb: 3500. / 300, fall: 7, minOn: 900, minOff: 900, carry: math.Inf(1)}

const (
	stride  = 30.0 // s, in which an informed controller looks ahead
	strides = 240  // it looks ahead
)

// market is the law of one day of orders: lengths of blocks and of the gaps
// between them are log-normal.
type market struct {
	block, gap law
	lasts      [strides + 1]float64 // chance that a block lasts that many strides
	gain       [strides + 1]float64 // s of the load's top that a start then gains, times that chance
}

type law struct{ mu, sigma float64 }

func (l law) lasts(x float64) float64 {
	return math.Erfc((math.Log(max(x, 1))-l.mu)/(l.sigma*math.Sqrt2)) / 2
}

func (l law) likelihood(x float64) float64 {
	z := (math.Log(max(x, 1)) - l.mu) / l.sigma
	return math.Exp(-z*z/2)/l.sigma + 1e-9
}

// spells are the lengths of the blocks and gaps of a day, s.
func spells(day []float64) (blocks, gaps []float64) {
	since := 0
	for t := 1; t < len(day); t++ {
		if (day[t] > 0) != (day[t-1] > 0) {
			if day[t] > 0 {
				gaps = append(gaps, float64(t-since))
			} else {
				blocks = append(blocks, float64(t-since))
			}
			since = t
		}
	}
	return blocks, gaps
}

func fit(lengths []float64) law {
	l := law{}
	for _, x := range lengths {
		l.mu += math.Log(x) / float64(len(lengths))
	}
	for _, x := range lengths {
		l.sigma += (math.Log(x) - l.mu) * (math.Log(x) - l.mu) / float64(len(lengths))
	}
	l.sigma = max(0.25, math.Sqrt(l.sigma))
	return l
}

func newMarket(day []float64) *market {
	blocks, gaps := spells(day)
	if len(blocks) == 0 || len(gaps) == 0 {
		return nil
	}
	m := &market{block: fit(blocks), gap: fit(gaps)}
	var worth [strides + 1]float64
	for a := range worth {
		worth[a] = m.worth(float64(a) * stride)
		m.lasts[a] = m.block.lasts(float64(a) * stride)
	}
	for a := range m.gain {
		m.gain[a] = m.lasts[strides] * worth[strides-a]
		for k := a; k < strides; k++ {
			m.gain[a] += (m.lasts[k] - m.lasts[k+1]) * (worth[k-a] + worth[k-a+1]) / 2
		}
	}
	return m
}

// worth is what a start gains when the block lasts for another r seconds, and
// the next one comes when the market lets it, in s of the load's top.
func (m *market) worth(r float64) float64 {
	const dt = 10
	g := 0.0
	for x := dt / 2.0; x < max(r, slowLoad.minOn); x += dt {
		p := min(slowLoad.top, x*slowLoad.climb)
		if x < r {
			g += p * dt
			continue
		}
		dark := m.gap.lasts(x - r)
		g += (p*(1-dark) - min(p, slowLoad.low)*dark) * dt
	}
	return g / slowLoad.top
}

// informed knows of what markets days come, infers from the blocks and gaps
// that it has seen which one today's may be, and starts when that gains most:
// now, later in the block, or not at all.
type informed struct {
	markets []*market
	weights []float64
	ok      [strides + 1]bool
	since   float64
	on      bool
}

func (c *informed) weigh() {
	best := 0.0
	for a := strides; a >= 0; a-- {
		gain := 0.0
		for i, w := range c.weights {
			gain += w * (c.markets[i].gain[a] - startCost*c.markets[i].lasts[a])
		}
		c.ok[a] = gain > best
		best = max(best, gain)
	}
}

// starts reports whether the load is to start at t.
func (c *informed) starts(t float64, on bool) bool {
	if on != c.on && c.since > 0 {
		total := 0.0
		for i, m := range c.markets {
			l := m.gap
			if c.on {
				l = m.block
			}
			c.weights[i] *= l.likelihood(t - c.since)
			total += c.weights[i]
		}
		for i := range c.weights {
			c.weights[i] /= total
		}
		c.weigh()
	}
	if on != c.on {
		c.on, c.since = on, t
	}
	return c.ok[min(strides, int((t-c.since)/stride))]
}

// tally compares a way to start with what was better in hindsight: to start in
// every block, or in none.
type tally struct {
	days                int
	mean, behind, worst float64 // %, the first two summed
	two, ten            int     // days that far behind
}

func (y *tally) add(net, best float64) {
	d := net - best
	y.days++
	y.mean += net
	y.behind += max(0, -d)
	y.worst = min(y.worst, d)
	if d < -2 {
		y.two++
	}
	if d < -10 {
		y.ten++
	}
}

func (y tally) String() string {
	n := float64(y.days)
	return fmt.Sprintf("mean %.2f %%, behind by %.2f on average, by 2 or more on %d days, by 10 or more on %d, %.1f at worst; of %d days",
		y.mean/n, y.behind/n, y.two, y.ten, -y.worst, y.days)
}

// switched is a day of orders, taken as all or nothing.
func switched(seed uint64) []float64 {
	day := days.Orders(seed, 1)
	for i, w := range day {
		day[i] = 0
		if w > 0.02 {
			day[i] = slowLoad.top
		}
	}
	return day
}

// Starts that are given up and taken up by what they gained do as well as those
// of a controller that was told from what markets days are drawn, and does what
// then gains most on average: both are now and then far behind what was best in
// hindsight. So that is no fault of the rule.
//
//	go test ./scheduler -run Informed -informed 1000 -timeout 1h -v
func TestInformed(t *testing.T) {
	if *informedDays == 0 {
		t.Skip("takes minutes: with -informed 1000")
	}
	var all []*market
	for seed := range uint64(400) {
		if m := newMarket(switched(1e6 + seed)); m != nil {
			all = append(all, m)
		}
	}
	var always, judged, told tally
	for seed := range uint64(*informedDays) {
		if nets, ok := playStarts(switched(2e6+seed), all); ok {
			best := max(0, nets[0])
			always.add(nets[0], best)
			judged.add(nets[1], best)
			told.add(nets[2], best)
		}
	}
	t.Logf("in every block: %v", always)
	t.Logf("judged by what they gained: %v", judged)
	t.Logf("informed: %v", told)
	const noise = 0.25 // %, of a mean
	if n := float64(told.days); (told.mean-judged.mean)/n > noise || (judged.behind-told.behind)/n > noise {
		t.Error("who knows more does better: starts can be judged better than they are")
	}
}

// playStarts is what starts in every block, starts that are judged and those of
// an informed controller make of a day, in percent of it.
func playStarts(day []float64, all []*market) (net [3]float64, ok bool) {
	const every = 5
	c := &informed{markets: all, weights: make([]float64, len(all))}
	for i := range c.weights {
		c.weights[i] = 1 / float64(len(all))
	}
	c.weigh()
	sh, b, total := slowLoad, Belief{}, 0.0
	begin := time.Unix(1.75e9, 0)
	var loads [3]trial
	for s := 0; s < len(day); s += every {
		now := begin.Add(time.Duration(s) * time.Second)
		at := float64(now.Unix())
		if s == 0 {
			for i := range loads {
				loads[i] = newTrial(at, sh.n)
			}
		}
		b = b.step(now, energy.Watts(day[s]), sh)
		told := c.starts(at, day[s] > 0)
		for i := range loads {
			x := &loads[i]
			if s > 0 {
				net[i] += 100 * x.gain(at, every, day[s-1], sh)
			}
			reach := x.reach(at, sh)
			o := b.outlook(&tenets[b.Lead], reach, sh)
			switch {
			case i == 1:
				o = b.follows(reach, sh)
			case i == 2 && !told:
				o.low = 0
			}
			x.turn(at, o, sh)
		}
		total += every * day[s] / sh.top
	}
	for i := range net {
		net[i] /= total
	}
	return net, total > 0
}
