package policies

import (
	"time"

	"github.com/robfig/cron/v3"
)

// gap is a span of wall-clock time that a clock change skips, given as if it
// were UTC.
type gap struct{ from, to time.Time }

// clockGaps are the skipped spans of a zone in the six years after now.
func clockGaps(zone *time.Location, now time.Time) []gap {
	if zone == nil {
		return nil
	}
	var out []gap
	for t := now.Truncate(time.Hour); t.Before(now.AddDate(6, 0, 0)); t = t.Add(12 * time.Hour) {
		_, before := t.In(zone).Zone()
		_, after := t.Add(12 * time.Hour).In(zone).Zone()
		if after <= before {
			continue
		}
		change, _ := t.Add(12 * time.Hour).In(zone).ZoneBounds()
		wall := change.UTC().Add(time.Duration(before) * time.Second)
		out = append(out, gap{wall, wall.Add(time.Duration(after-before) * time.Second)})
	}
	return out
}

// holds reports whether s has an event inside of the gap.
func (g gap) holds(s cron.Schedule) bool {
	next := s.Next(g.from.Add(-time.Second))
	return !next.IsZero() && next.Before(g.to)
}
