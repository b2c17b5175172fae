package energy

import "time"

// ReadingSpec is the contract of one reading: how its payloads are understood
// and how long a value may be acted on. It comes from the config, checked.
type ReadingSpec struct {
	Name    string
	Role    Role
	Topic   string  // MQTT filter
	Decoder string  // a ready-made decoder's name; empty: a bare number, or JSON by Value
	Value   string  // gjson path of the value in a JSON payload; empty: a bare number
	Time    string  // gjson path of the source time; empty: arrival time
	Factor  float64 // raw value times Factor is in the program's unit and sign
	Window  time.Duration
	MaxAge  time.Duration
	Min     float64 // outside of Min..Max, in the program's unit, a value is suspect
	Max     float64
	// AcceptRetained lets a retained message in; it then needs a source time.
	AcceptRetained bool
	Combine        Combine
	Availability   *Availability
	Backup         string // the reading that stands in while this one is stale
	// Of the role forecast: gjson paths of a list of times and one of values.
	// Without, one value holds for Horizon.
	Times   string
	Values  string
	Stamps  Stamps
	Horizon time.Duration
}

// Stamps says which end of its period a time in a list stands for.
type Stamps string

// What times may stand for.
const (
	StampStart Stamps = "start"
	StampEnd   Stamps = "end"
)

// Combine says how several topics under one filter make one reading.
type Combine string

// How topics combine.
const (
	CombineNone   Combine = ""
	CombineSum    Combine = "sum"    // every topic heard reports a part; each must be fresh
	CombineLatest Combine = "latest" // the topics report the same; the newest counts
)

// Availability is a topic that says whether a source is there.
type Availability struct {
	Topic  string
	Online string // the payload that means yes; anything else means no
	// Liveness makes the source live by this topic in place of its age: for
	// publishers that speak only when something changes.
	Liveness bool
}
