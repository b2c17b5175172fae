package energy

import "time"

// Role is what a reading measures.
type Role string

// The roles a reading may have.
const (
	RoleGrid        Role = "grid"          // W at the point of connection, import positive
	RoleFlexible    Role = "flexible"      // W that our loads draw, by a sub-meter
	RoleSurplus     Role = "surplus"       // W that the site has left over
	RoleGeneration  Role = "generation"    // W that the plant makes
	RoleLoad        Role = "load"          // W that the site draws
	RoleCurtailed   Role = "curtailed"     // W that the plant holds back now
	RolePotential   Role = "potential"     // W that the plant could make now
	RoleExportLimit Role = "export_limit"  // W, the most that may leave the site
	RoleBattery     Role = "battery_power" // W, charging positive
	RoleSoC         Role = "battery_soc"   // %
	RoleImportPrice Role = "import_price"  // currency per MWh
	RoleExportPrice Role = "export_price"  // currency per MWh
	RoleForecast    Role = "forecast"      // W that our loads may draw in the time to come
	RoleCarbon      Role = "carbon"        // g/kWh
)

// Quality says how far a value may be trusted.
type Quality string

// The qualities, best first.
const (
	Good    Quality = "good"
	Suspect Quality = "suspect" // out of range, or a part is missing; never acted on
	Stale   Quality = "stale"   // older than its max age; never acted on
)

// Reading is one measured value as it came from one topic, already in the
// program's unit and sign.
type Reading struct {
	Name    string    // of the reading in the config
	Part    string    // the topic, where several topics make one reading
	Value   float64   // W, %, or the price's unit
	At      time.Time // source time: when it was measured
	Arrived time.Time // when we had it, with a monotonic clock reading
	// Forecast is what a reading of the role forecast says of the time to come;
	// its Value is what it says of the time of its arrival.
	Forecast *Forecast `json:",omitempty"`
}

// Presence tells that a reading's source came or went: its availability topic
// spoke.
type Presence struct {
	Name   string
	Online bool
	At     time.Time
}

// Age is how old something from source time at, arrived at arrived, is: the
// larger of the wall clock's and the monotonic clock's answer, so that neither
// a jump of the clock nor a suspended machine makes an old value young.
func Age(now, at, arrived time.Time) time.Duration {
	wall := now.Round(0).Sub(at.Round(0))
	if arrived.IsZero() {
		return wall
	}
	return max(wall, now.Sub(arrived))
}

// Sample is the value of a reading, or of something made of readings, at an
// instant, with the time until which it may be acted on.
type Sample struct {
	Value   float64
	At      time.Time
	Until   time.Time // At plus max age; the sample is stale from then on. Zero: it does not age
	Window  time.Duration
	Quality Quality // the zero value: never heard
	By      string  // the backup that answered; empty: the reading itself
}

// OKAt reports whether s may be acted on at t, if nothing newer comes.
func (s Sample) OKAt(t time.Time) bool {
	return s.Quality == Good && (s.Until.IsZero() || t.Before(s.Until))
}

// OK reports whether s may be acted on.
func (s Sample) OK() bool { return s.Quality == Good }

// Watts is the sample's value as power.
func (s Sample) Watts() Watts { return Watts(s.Value) }
