package store

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Why records are lost, as the markers say it.
const (
	causeSize    = "size"    // the log has reached its size
	causeAge     = "age"     // too old, and a reader has not had them
	causeThin    = "thinned" // the log has reached its size: fewer telemetry records are kept
	causeBuffer  = "buffer"  // the disk took no more, and the memory was full
	causeCorrupt = "corrupt" // a block could not be read back
)

// gap is what one step has lost of one class.
type gap struct {
	loss
	unread int64 // of them, not yet had by some reader
}

// unread is how many of a block's lost records some reader has not had, and
// counts them as missed by that reader.
func (l *Log) unread(h header, lost int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var most int64
	for _, c := range l.cursors {
		if c.Pos < h.end() {
			n := min(lost, int64(h.end()-max(c.Pos, h.first)))
			c.Missed += n
			most = max(most, n)
		}
	}
	return most
}

// recordGaps counts what was dropped, and leaves a marker where it matters:
// old records that every reader has had are no loss.
func (l *Log) recordGaps(gaps [classes]gap, cause string) {
	for class, g := range gaps {
		if g.count == 0 {
			continue
		}
		l.mu.Lock()
		l.stats.Dropped[class] += g.count
		l.mu.Unlock()
		if cause == causeAge && g.unread == 0 {
			continue
		}
		l.Append(l.marker(className(energy.Class(class)), cause, g))
	}
}

// markLosses leaves a marker for what admission refused while the disk took
// nothing.
func (l *Log) markLosses() {
	l.mu.Lock()
	lost := l.lost
	l.lost = [classes]loss{}
	l.mu.Unlock()
	for class, s := range lost {
		if s.count > 0 {
			l.Append(l.marker(className(energy.Class(class)), causeBuffer, gap{loss: s, unread: s.count}))
		}
	}
}

// marker is the record that stands for lost ones.
func (l *Log) marker(class, cause string, g gap) energy.Point {
	return energy.Point{
		Measurement: "spool_gap", Class: energy.Settlement, Time: time.Now(),
		Tags: append([]energy.Tag{{Key: "cause", Value: cause}, {Key: "class", Value: class}}, l.opt.Tags...),
		Fields: []energy.Field{
			energy.Int("dropped", g.count), energy.Int("unread", g.unread),
			energy.Text("from", stamp(g.min)), energy.Text("to", stamp(g.max)),
		},
	}
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }

func className(c energy.Class) string {
	return [classes]string{"settlement", "audit", "telemetry"}[c]
}
