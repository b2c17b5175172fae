package energy

import (
	"math"
	"time"
)

const (
	// claimEvery is how often a forecast is taken at its word, and claimFor the
	// time ahead that it is asked of: that of a decision to start a rig.
	claimEvery = 5 * time.Minute
	claimFor   = 30 * time.Minute
	// claimHold is how long a measured value stands for what came.
	claimHold = time.Minute
	// skillMemory is how many claims the past is worth: half a day of light.
	// The peak is remembered over a whole day.
	skillMemory, peakMemory = 72, 288
	// proven is how many claims must have come due until a forecast is trusted
	// as it deserves.
	proven = 12
	// slight is the share of the highest power of late below which a claim
	// tells nothing: forecasts are right at night.
	slight = 0.02
	// coarse is the least error, as a share of what came, that a forecast is
	// measured against: while all stays as it is, nothing beats supposing so.
	coarse = 0.1
)

// ForecastSkill is how well forecasts have foretold what came, against
// supposing that all stays as it is. It is a value, stepped by what is
// available, and survives a restart as JSON. The zero value trusts nothing.
type ForecastSkill struct {
	Claims []ForecastClaim `json:"claims,omitempty"` // not due yet, the oldest first
	Err    float64         `json:"err_w,omitempty"`  // mean error of forecasts
	Stay   float64         `json:"stay_w,omitempty"` // mean error of supposing that all stays
	Mean   float64         `json:"mean_w,omitempty"` // of what came
	Peak   float64         `json:"peak_w,omitempty"` // of late
	N      int             `json:"n,omitempty"`      // claims that came due

	At      time.Time `json:"at,omitzero"`         // of the last step
	Last    float64   `json:"last_w,omitempty"`    // available then
	Known   bool      `json:"known,omitempty"`     // it was
	Sum     float64   `json:"sum_j,omitempty"`     // what came since the oldest claim
	Covered float64   `json:"covered_s,omitempty"` // seconds of that
}

// ForecastClaim is what was said of the time ahead.
type ForecastClaim struct {
	From    time.Time `json:"from"`
	Said    float64   `json:"said_w"`
	Was     float64   `json:"was_w"` // available when it was said
	Sum     float64   `json:"sum_j"`
	Covered float64   `json:"covered_s"`
}

// Step returns the skill after one more look: a forecast (nil: none that may be
// relied on) and the power that is available now, if known.
func (s ForecastSkill) Step(now time.Time, f *Forecast, available Watts, known bool) ForecastSkill {
	now, a := now.Round(0), float64(available)
	known = known && !math.IsNaN(a) && !math.IsInf(a, 0)
	if gap := now.Sub(s.At); gap < 0 || gap > claimFor {
		s.Claims, s.Sum, s.Covered, s.Known = nil, 0, 0, false // away, or the clock was set
	}
	if s.Known {
		d := min(now.Sub(s.At), claimHold).Seconds()
		s.Sum += s.Last * d
		s.Covered += d
	}
	s.At, s.Known, s.Last = now, known, 0
	if known {
		s.Last = a
	}
	for len(s.Claims) > 0 && !now.Before(s.Claims[0].From.Add(claimFor)) {
		s.judge(s.Claims[0])
		s.Claims = s.Claims[1:]
	}
	if n := len(s.Claims); n > 0 && now.Sub(s.Claims[n-1].From) < claimEvery || !known {
		return s
	}
	said, ok := f.Expected(now, now.Add(claimFor))
	if !ok {
		return s
	}
	if len(s.Claims) == 0 {
		s.Sum, s.Covered = 0, 0
	}
	claims := make([]ForecastClaim, 0, len(s.Claims)+1) // what was handed out is not written to
	s.Claims = append(append(claims, s.Claims...), ForecastClaim{From: now, Said: float64(said), Was: a, Sum: s.Sum, Covered: s.Covered})
	return s
}

// judge compares a claim that has come due with what came.
func (s *ForecastSkill) judge(c ForecastClaim) {
	covered := s.Covered - c.Covered
	if covered < 0.8*claimFor.Seconds() {
		return // too little is known of what came
	}
	came := (s.Sum - c.Sum) / covered
	s.Peak = max(math.Abs(came), s.Peak*(1-1.0/peakMemory))
	if max(math.Abs(came), math.Abs(c.Said), math.Abs(c.Was)) <= slight*s.Peak {
		return
	}
	s.N++
	share := 1 / float64(min(s.N, skillMemory))
	s.Err += share * (math.Abs(c.Said-came) - s.Err)
	s.Stay += share * (math.Abs(c.Was-came) - s.Stay)
	s.Mean += share * (math.Abs(came) - s.Mean)
	s.N = min(s.N, skillMemory)
}

// Trust is how far forecasts are to be trusted, from 0 to 1.
func (s ForecastSkill) Trust() float64 {
	against := max(s.Stay, coarse*s.Mean)
	if s.N == 0 || !(against > 0) {
		return 0
	}
	return max(0, 1-s.Err/against) * min(1, float64(s.N)/proven)
}
