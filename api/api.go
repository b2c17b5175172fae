// Package api is the daemon's HTTP API and the client that the command line
// speaks it with. The full API stands on a local socket, where the file's mode
// says who may call and the kernel says who did; what only reads can stand on
// a TCP address too.
package api

import (
	"context"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Daemon is what the API needs of the running program.
type Daemon interface {
	// Status must not block.
	Status() Status
	// Hold stops all loads until released, or releases them. It returns once
	// the change is on disk.
	Hold(ctx context.Context, off bool, who string) error
	// Drain stops all loads and then ends the daemon. It returns once the
	// loads are off or the deadline has passed.
	Drain(ctx context.Context, who string) error
	// Alive fails if the loop that decides does not answer.
	Alive(ctx context.Context) error
}

// Status is the answer to GET /v1/status.
type Status struct {
	Site    string    `json:"site"`
	Mode    string    `json:"mode"` // control or observe
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	At      time.Time `json:"at"`
	Hold    *Hold     `json:"hold,omitempty"`

	Power    Power     `json:"power"`
	Forecast *Forecast `json:"forecast,omitempty"` // the one that counts now
	Inputs   []Input   `json:"inputs"`
	Loads    []Load    `json:"loads"`
	Signals  []Signal  `json:"signals"`
	MQTT     MQTT      `json:"mqtt"`
	Spool    Spool     `json:"spool"`
	Influx   *Influx   `json:"influxdb,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
}

// Hold is an operator's stop of all loads.
type Hold struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
}

// Power is the site's balance, in watts. What is not measured is left out.
type Power struct {
	OK         bool          `json:"ok"`
	Reason     energy.Reason `json:"reason,omitempty"`
	AvailableW float64       `json:"available_w"`
	GrantedW   float64       `json:"granted_w"`
	DrawW      float64       `json:"draw_w"`
	DrawBy     string        `json:"draw_by"`
	GridW      *float64      `json:"grid_w,omitempty"`
	HashrateHS float64       `json:"hashrate_hs"`
}

// Forecast is what is said of the time to come, and how far it is trusted.
type Forecast struct {
	Made      time.Time `json:"made"`
	End       time.Time `json:"end"`
	NextHourW *float64  `json:"next_hour_w,omitempty"` // the mean; absent if it does not reach so far
	Trust     float64   `json:"trust"`                 // 0 to 1
}

// Input is one reading as it stands.
type Input struct {
	Name    string            `json:"name"`
	Role    energy.Role       `json:"role"`
	Value   float64           `json:"value"`
	AgeS    float64           `json:"age_s"`
	Quality energy.Quality    `json:"quality"` // empty: never heard
	Taken   uint64            `json:"taken"`
	Refused map[string]uint64 `json:"refused,omitempty"` // by cause
}

// Load is one load as it stands.
type Load struct {
	Name       string        `json:"name"`
	Group      string        `json:"group,omitempty"`
	Family     string        `json:"family"`
	State      energy.State  `json:"state"`
	Policy     string        `json:"policy,omitempty"`
	Reason     energy.Reason `json:"reason"`
	Point      string        `json:"point"` // the operating point it was last told to take
	SetpointW  float64       `json:"setpoint_w"`
	DrawW      float64       `json:"draw_w"`
	HashrateHS float64       `json:"hashrate_hs"`
	TempC      float64       `json:"temp_c,omitempty"`
	EnergyWh   float64       `json:"energy_wh_total"`
	Hashes     float64       `json:"hashes_total"`
	Accepted   uint64        `json:"accepted_total"`
	Rejected   uint64        `json:"rejected_total"`
	Starts     uint64        `json:"starts_total"`
	YieldTH    float64       `json:"yield_sat_th,omitempty"`    // what 10^12 hashes are expected to bring, in the coin's smallest unit
	YieldKWh   float64       `json:"yield_sat_kwh,omitempty"`   // and a kWh
	YieldTotal float64       `json:"yield_sat_total,omitempty"` // and all so far
	ValueMWh   float64       `json:"value_per_mwh,omitempty"`   // what a MWh is expected to bring, in the site's currency; absent without a coin's price
	HashValue  string        `json:"hash_value,omitempty"`      // the same for hashes, as policies write it
	Error      string        `json:"error,omitempty"`
	Pools      []Pool        `json:"pools,omitempty"` // of the local workers, the preferred one first
}

// Pool is one of the places that the local workers' work comes from. Counts are
// since the config in force was taken up.
type Pool struct {
	Name       string            `json:"name"` // host:port
	State      PoolState         `json:"state"`
	Error      string            `json:"error,omitempty"`    // why it has no work
	Accepted   uint64            `json:"accepted"`           // shares
	Rejected   map[string]uint64 `json:"rejected,omitempty"` // by cause
	Unsent     map[string]uint64 `json:"unsent,omitempty"`   // by cause
	Unanswered uint64            `json:"unanswered"`
	Sessions   uint64            `json:"sessions"`         // that had work
	Faults     map[string]uint64 `json:"faults,omitempty"` // ends of sessions and the like, by cause
	// How long the last shares, 256 at most, waited for their answer.
	AnswerP50S float64 `json:"answer_p50_s,omitempty"`
	AnswerP95S float64 `json:"answer_p95_s,omitempty"`
	Block      *Block  `json:"block,omitempty"` // what it has us look for; absent if it does not say
}

// Block is the block that a job is for, by what the job itself says.
type Block struct {
	Height     int64   `json:"height,omitempty"`
	Difficulty float64 `json:"difficulty"`
	RewardSat  float64 `json:"reward_sat"` // with fees, in the coin's smallest unit
}

// PoolState says what a pool is to us.
type PoolState string

// The states of a pool.
const (
	PoolInUse PoolState = "in use"
	PoolReady PoolState = "ready" // has work, and is not worked for
	PoolDown  PoolState = "down"  // is tried, and has no work
	PoolSpare PoolState = "spare" // is not connected
)

// Signal is one signal as it stands.
type Signal struct {
	Source string              `json:"source"`
	Kind   energy.SignalKind   `json:"kind"`
	Status energy.SignalStatus `json:"status"`
}

// MQTT is the link to the broker.
type MQTT struct {
	Broker    string `json:"broker"`
	Connected bool   `json:"connected"`
	Error     string `json:"error,omitempty"`
}

// Spool is the log of records on disk.
type Spool struct {
	Bytes    int64             `json:"bytes"`
	Buffered int               `json:"buffered"`
	Written  uint64            `json:"written"`
	Dropped  map[string]uint64 `json:"dropped,omitempty"` // by class
	Error    string            `json:"error,omitempty"`
}

// Influx is the way of the records into InfluxDB.
type Influx struct {
	URL      string `json:"url"`
	Written  uint64 `json:"written"`
	Rejected uint64 `json:"rejected"`
	State    string `json:"state"`
	Behind   int64  `json:"behind"` // records on disk that it does not have yet
	Error    string `json:"error,omitempty"`
}
