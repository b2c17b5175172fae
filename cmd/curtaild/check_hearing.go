package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/mqtt"
)

// hearing takes readings in as the daemon does, and knows when it has heard enough.
type hearing struct {
	specs []energy.ReadingSpec
	came  chan struct{} // holds a token when something has

	mu    sync.Mutex
	board *energy.Board
	parts map[topicOf]bool // of sums
	grown time.Time        // when the last of them came first
}

type topicOf struct{ reading, topic string }

func newHearing(specs []energy.ReadingSpec) *hearing {
	return &hearing{
		specs: specs, came: make(chan struct{}, 1),
		board: energy.NewBoard(specs), parts: make(map[topicOf]bool),
	}
}

// Readings is part of [mqtt.Sink].
func (h *hearing) Readings(ctx context.Context, list []energy.Reading) {
	h.take(ctx, func() {
		for _, r := range list {
			if h.board.Take(r) == "" {
				h.note(r)
			}
		}
	})
}

// note remembers the parts of sums: what is bounded by the board.
func (h *hearing) note(r energy.Reading) {
	for i := range h.specs {
		k := topicOf{r.Name, r.Part}
		if s := &h.specs[i]; s.Name == r.Name && s.Combine == energy.CombineSum && !h.parts[k] {
			h.parts[k] = true
			h.grown = time.Now()
		}
	}
}

// Presence is part of [mqtt.Sink].
func (h *hearing) Presence(ctx context.Context, p energy.Presence) {
	h.take(ctx, func() { h.board.Presence(p) })
}

// Signal is part of [mqtt.Sink]. Who looks on is sent none.
func (h *hearing) Signal(context.Context, energy.Signal) error { return nil }

// take does not hear that the client has hung up: that is our doing.
func (h *hearing) take(ctx context.Context, in func()) {
	if ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	in()
	h.mu.Unlock()
	select {
	case h.came <- struct{}{}:
	default:
	}
}

// wait returns when every reading can be acted on and no further topic of a
// sum has come for a while, or when ctx ends.
func (h *hearing) wait(ctx context.Context) {
	for {
		var settled <-chan time.Time
		if left, ok := h.enough(time.Now()); ok && left <= 0 {
			return
		} else if ok {
			settled = time.After(left)
		}
		select {
		case <-ctx.Done():
			return
		case <-h.came:
		case <-settled:
		}
	}
}

// enough reports whether every reading can be acted on, and for how long sums
// may yet grow.
func (h *hearing) enough(now time.Time) (left time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.specs {
		if s := h.board.Sample(h.specs[i].Name, now); !s.OK() || s.By != "" {
			return 0, false
		}
	}
	if h.grown.IsZero() {
		return 0, true
	}
	return settleFor - now.Sub(h.grown), true
}

// report tells of each reading as the daemon would see it at now. stats say
// why there is none.
func (h *hearing) report(now time.Time, stats map[string]mqtt.ReadingStats) []finding {
	h.mu.Lock()
	defer h.mu.Unlock()
	byName := make(map[string]energy.ReadingSpec, len(h.specs))
	for _, s := range h.specs {
		byName[s.Name] = s
	}
	topics := make(map[string]int)
	for k := range h.parts {
		topics[k.reading]++
	}
	out := make([]finding, 0, len(h.specs))
	for _, spec := range h.specs {
		s := h.board.Sample(spec.Name, now)
		f := finding{Kind: "reading", Name: spec.Name, OK: s.OK() && s.By == ""}
		switch {
		case s.By != "":
			f.Says = fmt.Sprintf("%s; its backup %s answers: %s", absent(spec, stats[spec.Name]), s.By, understood(byName[s.By], s, now))
		case s.Quality == "":
			f.Says = absent(spec, stats[spec.Name])
		default:
			f.Says = understood(spec, s, now)
		}
		if n := topics[spec.Name]; n > 0 && s.By == "" {
			f.Says += fmt.Sprintf(", the sum of %d topics", n)
		}
		if n := h.board.Refused(spec.Name)[energy.RefusedParts]; n > 0 {
			f.OK, f.Says = false, f.Says+", and more have come than one reading may have: narrow the filter "+spec.Topic
		}
		out = append(out, f)
	}
	return out
}

// absent says why a reading has no value of its own to act on.
func absent(spec energy.ReadingSpec, st mqtt.ReadingStats) string {
	switch {
	case st.Taken > 0:
		return "stale"
	case st.LastFault != "":
		return "refused: " + st.LastFault
	}
	return "nothing came on " + spec.Topic
}

// understood says what a reading means to us: "importing 3.2 kW, 4 s old".
func understood(spec energy.ReadingSpec, s energy.Sample, now time.Time) string {
	w := s.Watts()
	what := w.String()
	switch {
	case spec.Role == energy.RoleGrid && w >= 0:
		what = "importing " + w.String()
	case spec.Role == energy.RoleGrid:
		what = "exporting " + (-w).String()
	case spec.Role == energy.RoleBattery && w >= 0:
		what = "charging " + w.String()
	case spec.Role == energy.RoleBattery:
		what = "discharging " + (-w).String()
	case spec.Role == energy.RoleSoC:
		what = energy.Pct(s.Value).String()
	case spec.Role == energy.RoleImportPrice, spec.Role == energy.RoleExportPrice, spec.Role == energy.RoleCarbon:
		what = fmt.Sprintf("%g", s.Value)
	}
	age := now.Sub(s.At.Round(0))
	if !s.Until.IsZero() { // the clock may have jumped: the board knows better
		age = spec.MaxAge - s.Until.Sub(now)
	}
	says := fmt.Sprintf("%s, %.0f s old", what, max(0, age.Round(time.Second).Seconds()))
	switch {
	case s.OK():
		return says
	case !s.Until.IsZero() && age >= spec.MaxAge:
		return says + fmt.Sprintf(": stale, max_age is %v", spec.MaxAge)
	case spec.Availability != nil:
		return says + fmt.Sprintf(": %s, %s does not say that its source is there", s.Quality, spec.Availability.Topic)
	}
	return says + ": " + string(s.Quality)
}
