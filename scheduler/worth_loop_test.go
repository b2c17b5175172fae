package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// What one load says of its work is what the hashes of all are held against:
// rigs start when it is known to pay, and stop when it does so no more.
func TestLoopGoesByTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(l *Loop) {
			l.Setup.Coin = 60000 / 1e8
			p := &l.Setup.Policies[0]
			p.Objective, p.ByWork = policies.Profit, true
			l.Setup.Readings = append(l.Setup.Readings, energy.ReadingSpec{Name: "price", Role: energy.RoleExportPrice, Factor: 1, MaxAge: time.Hour, Min: -1e6, Max: 1e6})
		})
		defer b.run()(ErrHandOver)
		b.readings <- energy.Reading{Name: "price", Value: 100, At: time.Now(), Arrived: time.Now()}
		b.surplus(5000, 30)
		b.expect("nothing is known of the work", "")
		say := func(each float64) {
			b.mu.Lock()
			b.rigs["b"].earns = each
			b.mu.Unlock()
			b.rigs["b"].say(0)
		}
		// 16.7 J/TH at first, then 25: 0.46 and 0.69 money a PH where a MWh sells
		// for 100.
		say(0.0009e-12)
		b.surplus(5000, 30)
		b.expect("it pays up to the first point", "a:low b:low")
		say(0.0012e-12)
		b.surplus(5000, 15)
		b.expect("it pays", "a:high b:high")
		say(0.0005e-12)
		b.surplus(5000, 15)
		b.expect("it does not", "a:off b:off")
	})
}
