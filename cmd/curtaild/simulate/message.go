package simulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// message is one line that a filter reads: an init, or a tick.
type message struct {
	Type string `json:"type"`
	fleetMessage
	tickMessage
	Rigs json.RawMessage `json:"rigs"` // their number in an init, their states in a tick
}

// fleetMessage says what the rigs, which are all alike, can do. Level 0 is off.
type fleetMessage struct {
	LevelsW   []float64 `json:"levels_w"`
	LevelsTHs []float64 `json:"levels_ths"`
	RampUpS   float64   `json:"ramp_up_s"` // from off to the top level
	RampDownS float64   `json:"ramp_down_s"`
	MinOnS    float64   `json:"min_on_s"`
	MinOffS   float64   `json:"min_off_s"`
	PeriodS   float64   `json:"period_s"`  // between ticks
	LatencyS  float64   `json:"latency_s"` // from a reply to its effect
}

// tickMessage is the site at one instant.
type tickMessage struct {
	T       *float64 `json:"t"` // seconds since some start
	Surplus *float64 `json:"surplus_w"`
	Fleet   float64  `json:"fleet_w"` // what the rigs drew
}

// rigMessage is one rig at one instant.
type rigMessage struct {
	State    string  `json:"state"` // off, on or stopping
	Level    int     `json:"level"`
	PowerW   float64 `json:"power_w"`
	ForS     float64 `json:"for_s"` // on: since it was started; off: since it drew nothing
	CanStart bool    `json:"can_start"`
	CanStop  bool    `json:"can_stop"`
}

// maxRigs bounds what an init may ask for.
const maxRigs = 100_000

// rigs is how many rigs an init names.
func (m *message) rigs() (int, error) {
	var n int
	if err := json.Unmarshal(m.Rigs, &n); err != nil || n < 1 || n > maxRigs {
		return 0, fmt.Errorf(`init: "rigs" is %s: want how many there are, 1 to %d`, brief(m.Rigs), maxRigs)
	}
	return n, nil
}

// states reads the rigs of a tick into list.
func (m *message) states(list []rigMessage, levels int) error {
	var got []rigMessage
	if m.Rigs == nil {
		return errors.New(`tick: "rigs" is missing`)
	}
	if err := json.Unmarshal(m.Rigs, &got); err != nil {
		return fmt.Errorf(`tick: "rigs" is no list of rigs: %w`, plainly(err))
	}
	if len(got) != len(list) {
		return fmt.Errorf("tick: %d rigs, where the init said %d", len(got), len(list))
	}
	for i, r := range got {
		switch {
		case r.State != "off" && r.State != "on" && r.State != "stopping":
			return fmt.Errorf(`tick: rig %d: state %q: want "off", "on" or "stopping"`, i, r.State)
		case r.Level < 0 || r.Level >= levels:
			return fmt.Errorf("tick: rig %d: level %d: want 0 to %d", i, r.Level, levels-1)
		case r.State == "on" && r.Level == 0:
			return fmt.Errorf("tick: rig %d is on at level 0", i)
		case r.PowerW < 0 || r.ForS < 0:
			return fmt.Errorf("tick: rig %d: a negative power_w or for_s", i)
		}
	}
	copy(list, got)
	return nil
}

// check finds what no fleet can be like.
func (f *fleetMessage) check() error {
	switch {
	case len(f.LevelsW) < 2:
		return errors.New(`init: "levels_w" needs off and one level more`)
	case len(f.LevelsTHs) != len(f.LevelsW):
		return fmt.Errorf("init: %d levels_ths for %d levels_w", len(f.LevelsTHs), len(f.LevelsW))
	case f.LevelsW[0] < 0:
		return errors.New("init: levels_w[0] is negative")
	}
	for i := 1; i < len(f.LevelsW); i++ {
		if f.LevelsW[i] <= f.LevelsW[i-1] || f.LevelsTHs[i] < 0 {
			return fmt.Errorf("init: levels_w must rise and levels_ths not be negative, and level %d is %v W, %v TH/s", i, f.LevelsW[i], f.LevelsTHs[i])
		}
	}
	for _, s := range []float64{f.RampUpS, f.RampDownS, f.MinOnS, f.MinOffS, f.PeriodS, f.LatencyS} {
		if s < 0 || s > math.MaxInt32 {
			return fmt.Errorf("init: %v is no time in seconds", s)
		}
	}
	return nil
}

// points are the levels as operating points.
func (f *fleetMessage) points() []energy.OperatingPoint {
	out := make([]energy.OperatingPoint, len(f.LevelsW))
	for i, w := range f.LevelsW {
		out[i] = energy.OperatingPoint{Name: fmt.Sprintf("%d", i), Draw: energy.Watts(w), Rate: energy.HashRate(f.LevelsTHs[i] * 1e12)}
	}
	out[energy.Off].Name, out[energy.Off].Rate = "off", 0
	return out
}

// ramp is how fast a rig's draw follows; zero times are at once.
func (f *fleetMessage) ramp() (r energy.Ramp) {
	span := energy.Watts(f.LevelsW[len(f.LevelsW)-1] - f.LevelsW[0])
	if f.RampUpS > 0 {
		r.Up = span / energy.Watts(f.RampUpS)
	}
	if f.RampDownS > 0 {
		r.Down = span / energy.Watts(f.RampDownS)
	}
	return r
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// brief is the beginning of what a message says.
func brief(b []byte) string {
	const most = 40
	if len(b) == 0 {
		return "missing"
	}
	return fmt.Sprintf("%.*q", most, b)
}

// plainly says what JSON cannot be read for, in words of the protocol.
func plainly(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	want := map[reflect.Kind]string{
		reflect.Float64: "a number", reflect.Int: "a whole number", reflect.String: "a string", reflect.Bool: "true or false",
		reflect.Slice: "a list", reflect.Struct: "an object",
	}[wrong.Type.Kind()]
	field := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
	if field == "" {
		return fmt.Errorf("found %s, want %s", wrong.Value, want)
	}
	return fmt.Errorf("%q is %s: want %s", field, wrong.Value, want)
}
