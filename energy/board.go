package energy

import (
	"math"
	"time"
)

// maxParts bounds how many topics may make one reading: a wildcard filter on
// a broker that others write to must not grow without end.
const maxParts = 256

// maxSkew is how far ahead of our clock a source time is believed to be.
const maxSkew = 5 * time.Second

// Refusal says why a board did not take a reading. Empty: it did.
type Refusal string

// The refusals.
const (
	RefusedUnknown Refusal = "unknown" // no reading of that name
	RefusedOlder   Refusal = "older"   // older than the last one
	RefusedValue   Refusal = "value"   // not a number, or infinite
	RefusedRange   Refusal = "range"   // outside of the range in its contract
	RefusedParts   Refusal = "parts"   // more topics than one reading may have
)

// Board is all that is known of the readings. One goroutine owns it; it has
// no locks, starts nothing and reads no clock. Its memory is bounded by the
// contracts it was made from.
type Board struct {
	lines   []line
	byName  map[string]int
	byRole  map[Role]int
	unknown uint64
}

// line is one reading of the contract, with the last value of each part.
type line struct {
	spec    ReadingSpec
	backup  int // index of the backup, or -1
	parts   []part
	byTopic map[string]int
	online  bool
	offline bool // said to be away; neither: nothing was heard of it
	refused map[Refusal]uint64
}

// part is the last value from one topic.
type part struct {
	value   float64
	at      time.Time
	arrived time.Time
	gone    bool // its source has been away since
	said    *Forecast
}

// NewBoard makes a board of the contracts, which have been checked: names are
// unique, and backups exist.
func NewBoard(specs []ReadingSpec) *Board {
	b := &Board{lines: make([]line, len(specs)), byName: map[string]int{}, byRole: map[Role]int{}}
	for i, s := range specs {
		b.lines[i] = line{spec: s, backup: -1, byTopic: map[string]int{}, refused: map[Refusal]uint64{}}
		b.byName[s.Name] = i
	}
	second := map[int]bool{}
	for i := range b.lines {
		if j, ok := b.byName[b.lines[i].spec.Backup]; ok && j != i {
			b.lines[i].backup = j
			second[j] = true
		}
	}
	// A role is answered by the first reading that is nobody's backup.
	for _, want := range []bool{false, true} {
		for i := range b.lines {
			role := b.lines[i].spec.Role
			if _, taken := b.byRole[role]; !taken && second[i] == want {
				b.byRole[role] = i
			}
		}
	}
	return b
}

// Take takes in one reading, or says why not, and counts it. The last good
// value ages on when a reading is refused.
func (b *Board) Take(r Reading) Refusal {
	i, ok := b.byName[r.Name]
	if !ok {
		b.unknown++
		return RefusedUnknown
	}
	l := &b.lines[i]
	why := l.take(r)
	if why != "" {
		l.refused[why]++
	}
	return why
}

func (l *line) take(r Reading) Refusal {
	if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		return RefusedValue
	}
	if l.spec.Min < l.spec.Max && (r.Value < l.spec.Min || r.Value > l.spec.Max) {
		return RefusedRange
	}
	topic := r.Part
	if l.spec.Combine != CombineSum {
		topic = "" // whoever speaks last counts
	}
	i, known := l.byTopic[topic]
	if !known {
		if len(l.parts) >= maxParts {
			return RefusedParts
		}
		i = len(l.parts)
		l.byTopic[topic] = i
		l.parts = append(l.parts, part{})
	} else if older(r, l.parts[i]) {
		return RefusedOlder
	}
	l.parts[i] = part{value: r.Value, at: r.At, arrived: r.Arrived, said: r.Forecast}
	return ""
}

// older reports whether r was measured before what we have. A value from well
// ahead of the clock was taken before the clock was set back: it must not shut
// out all that comes until the clock is there again.
func older(r Reading, p part) bool {
	if !r.At.Round(0).Before(p.at.Round(0)) {
		return false
	}
	return r.Arrived.IsZero() || !p.at.Round(0).After(r.Arrived.Round(0).Add(maxSkew))
}

// Presence takes in what an availability topic said. A source that goes makes
// its reading stale at once; after it has come back, a value is needed that
// arrived since.
func (b *Board) Presence(p Presence) {
	i, ok := b.byName[p.Name]
	if !ok {
		b.unknown++
		return
	}
	l := &b.lines[i]
	l.online, l.offline = p.Online, !p.Online
	if l.offline {
		for j := range l.parts {
			l.parts[j].gone = true
		}
	}
}

// Refused is how many readings of the name were refused, by cause.
func (b *Board) Refused(name string) map[Refusal]uint64 {
	i, ok := b.byName[name]
	if !ok {
		return map[Refusal]uint64{RefusedUnknown: b.unknown}
	}
	out := make(map[Refusal]uint64, len(b.lines[i].refused))
	for k, v := range b.lines[i].refused {
		out[k] = v
	}
	return out
}

// Has reports whether any reading has the role.
func (b *Board) Has(r Role) bool {
	_, ok := b.byRole[r]
	return ok
}

// Role is the value at now of the reading that has the role, or of its
// backups.
func (b *Board) Role(r Role, now time.Time) Sample {
	i, ok := b.byRole[r]
	if !ok {
		return Sample{}
	}
	return b.sample(i, now)
}

// Sample is the value at now of the reading by that name, or of its backups
// while it is stale. [Sample.By] names the backup that answered. When none can
// stand in, the reading's own stale value is given.
func (b *Board) Sample(name string, now time.Time) Sample {
	i, ok := b.byName[name]
	if !ok {
		return Sample{}
	}
	return b.sample(i, now)
}

// Forecast is the forecast at now, or that of its backups; nil if there is
// none, or it is stale.
func (b *Board) Forecast(now time.Time) *Forecast {
	i, ok := b.byRole[RoleForecast]
	if !ok {
		return nil
	}
	s := b.sample(i, now)
	if !s.OK() {
		return nil
	}
	if s.By != "" {
		i = b.byName[s.By]
	}
	return b.lines[i].parts[0].said
}

func (b *Board) sample(i int, now time.Time) Sample {
	own := b.lines[i].sample(now)
	if own.OK() {
		return own
	}
	for j, n := b.lines[i].backup, 0; j >= 0 && n < len(b.lines); j, n = b.lines[j].backup, n+1 {
		if s := b.lines[j].sample(now); s.OK() {
			s.By = b.lines[j].spec.Name
			return s
		}
	}
	return own
}

// sample combines the parts. A sum is as old as its oldest part, and stale as
// soon as any part is.
func (l *line) sample(now time.Time) Sample {
	if len(l.parts) == 0 {
		return Sample{}
	}
	s := Sample{Window: l.spec.Window, Quality: Good}
	left := time.Duration(math.MaxInt64)
	for i, p := range l.parts {
		s.Value += p.value
		if i == 0 || p.at.Before(s.At) {
			s.At = p.at
		}
		left = min(left, l.spec.MaxAge-Age(now, p.at, p.arrived))
		if p.gone {
			s.Quality = Stale
		}
	}
	if l.offline {
		s.Quality = Stale
	}
	if l.spec.Availability != nil && l.spec.Availability.Liveness {
		if !l.online {
			s.Quality = Stale
		}
		return s
	}
	s.Until = now.Add(left)
	if left <= 0 {
		s.Quality = Stale
	}
	return s
}
