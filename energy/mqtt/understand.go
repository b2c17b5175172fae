package mqtt

import (
	"math"
	"strconv"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// MaxPayload is the most bytes that a payload may have.
const MaxPayload = 64 << 10

// Understand turns one message on a topic of spec into a reading, in the
// program's unit and sign. arrived is when it came, with a monotonic clock
// reading. An error is a [*Fault].
func Understand(spec *energy.ReadingSpec, topic string, payload []byte, retained bool, arrived time.Time) (energy.Reading, error) {
	r, f := understand(spec, topic, payload, retained, arrived)
	if f != nil {
		return energy.Reading{}, f
	}
	return r, nil
}

func understand(spec *energy.ReadingSpec, topic string, payload []byte, retained bool, arrived time.Time) (energy.Reading, *Fault) {
	if retained && !spec.AcceptRetained {
		return energy.Reading{}, fault(Retained, "")
	}
	if len(payload) > MaxPayload {
		return energy.Reading{}, fault(Oversize, "")
	}
	if spec.Role == energy.RoleForecast {
		return understandForecast(spec, topic, payload, retained, arrived)
	}
	decode, ok := decoderOf(spec.Decoder)
	if !ok {
		return energy.Reading{}, fault(NoValue, "there is no decoder "+clip(spec.Decoder))
	}
	got, f := decode(spec, topic, payload)
	if f != nil {
		return energy.Reading{}, f
	}
	at, f := dated(spec, got.at, retained, arrived)
	if f != nil {
		return energy.Reading{}, f
	}
	value, f := scaled(spec, got.value)
	if f != nil {
		return energy.Reading{}, f
	}
	return energy.Reading{Name: spec.Name, Part: topic, Value: value, At: at, Arrived: arrived}, nil
}

// dated is the source time of a value: its own, or that of its arrival.
func dated(spec *energy.ReadingSpec, at time.Time, retained bool, arrived time.Time) (time.Time, *Fault) {
	if at.IsZero() {
		if retained {
			return at, fault(Retained, "without a source time its age is not known")
		}
		return arrived.Round(0).UTC(), nil
	}
	age := arrived.Round(0).Sub(at)
	if age < -skew {
		return at, fault(Future, (-age).Round(time.Second).String()+" ahead")
	}
	live := spec.Availability != nil && spec.Availability.Liveness
	if spec.MaxAge > 0 && age > spec.MaxAge && !live {
		return at, fault(Old, age.Round(time.Second).String()+" old")
	}
	return at, nil
}

// scaled brings a raw value into the program's unit and sign. A spec without a
// factor is taken as it is, one without a range has none.
func scaled(spec *energy.ReadingSpec, v float64) (float64, *Fault) {
	if spec.Factor != 0 {
		v *= spec.Factor
	}
	v += 0 // no negative zero
	if math.IsNaN(v) {
		return 0, fault(NotANumber, "")
	}
	if math.IsInf(v, 0) || (spec.Min < spec.Max && (v < spec.Min || v > spec.Max)) {
		return 0, fault(OutOfRange, strconv.FormatFloat(v, 'g', 6, 64))
	}
	return v, nil
}
