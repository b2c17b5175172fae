package mqtt

import (
	"errors"
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/tidwall/gjson"
)

// maxSteps is how many times a forecast may name: a week of quarter hours, and
// more.
const maxSteps = 1000

// checkForecast says what is wrong with the paths of a forecast, for the
// config's check; nil if nothing is.
func checkForecast(spec *energy.ReadingSpec) error {
	list := spec.Times != "" || spec.Values != ""
	switch {
	case spec.Role != energy.RoleForecast:
		if list || spec.Stamps != "" || spec.Horizon != 0 {
			return errors.New("times, values, stamps and horizon are for the role forecast")
		}
		return nil
	case list && (spec.Times == "" || spec.Values == ""):
		return errors.New("a list has a path to its times and one to its values: give both")
	case list && spec.Value != "":
		return errors.New("value is for a forecast of one value: leave it out, or times and values")
	case list && spec.Decoder != "" && spec.Decoder != DecoderPlain:
		return fmt.Errorf("decoder %s: it knows no lists; leave it out", spec.Decoder)
	case !list && spec.Horizon <= 0:
		return errors.New("one expected value needs a horizon: for how long it holds")
	}
	return nil
}

// understandForecast turns one message into a reading with a forecast. One that
// is broken in any place is refused as a whole.
func understandForecast(spec *energy.ReadingSpec, topic string, payload []byte, retained bool, arrived time.Time) (energy.Reading, *Fault) {
	var steps []energy.ForecastStep
	var end time.Time
	got, f := raw{}, (*Fault)(nil)
	if spec.Times == "" {
		got, f = decodeOne(spec, topic, payload)
	} else {
		steps, end, got.at, f = decodeList(spec, payload)
	}
	if f != nil {
		return energy.Reading{}, f
	}
	at, f := dated(spec, got.at, retained, arrived)
	if f != nil {
		return energy.Reading{}, f
	}
	if spec.Times == "" {
		w, f := scaled(spec, got.value)
		if f != nil {
			return energy.Reading{}, f
		}
		steps, end = []energy.ForecastStep{{At: at, Power: energy.Watts(w)}}, at.Add(spec.Horizon)
	}
	if now := arrived.Round(0).UTC(); !end.After(now) {
		return energy.Reading{}, fault(Old, "it ended "+now.Sub(end).Round(time.Second).String()+" ago")
	}
	fc := &energy.Forecast{Made: at, Steps: steps, End: end}
	return energy.Reading{Name: spec.Name, Part: topic, Value: float64(says(steps, arrived)), At: at, Arrived: arrived, Forecast: fc}, nil
}

func decodeOne(spec *energy.ReadingSpec, topic string, payload []byte) (raw, *Fault) {
	decode, ok := decoderOf(spec.Decoder)
	if !ok {
		return raw{}, fault(NoValue, "there is no decoder "+clip(spec.Decoder))
	}
	return decode(spec, topic, payload)
}

// says is what the steps say of a time; of one before them what the first does.
func says(steps []energy.ForecastStep, t time.Time) energy.Watts {
	w := steps[0].Power
	for _, s := range steps {
		if s.At.After(t) {
			break
		}
		w = s.Power
	}
	return w
}

// decodeList reads a list of times and one of values, and when they were made
// if the payload says so.
func decodeList(spec *energy.ReadingSpec, payload []byte) (steps []energy.ForecastStep, end, made time.Time, f *Fault) {
	doc, f := document(payload)
	if f != nil {
		return nil, end, made, f
	}
	if spec.Time != "" {
		if made, f = sourceTime(doc.Get(spec.Time)); f != nil {
			return nil, end, made, f
		}
	}
	times, values := doc.Get(spec.Times), doc.Get(spec.Values)
	if !times.IsArray() || !values.IsArray() {
		return nil, end, made, fault(NoValue, "no list of times, or none of values")
	}
	at, f := stamps(times.Array())
	if f != nil {
		return nil, end, made, f
	}
	power := values.Array()
	if len(power) != len(at) {
		return nil, end, made, fault(NoValue, fmt.Sprintf("%d times and %d values", len(at), len(power)))
	}
	starts, end, f := periods(spec, at)
	if f != nil {
		return nil, end, made, f
	}
	steps = make([]energy.ForecastStep, len(at))
	for i, r := range power {
		v, f := jsonNumber(r)
		if f == nil {
			v, f = scaled(spec, v)
		}
		if f != nil {
			return nil, end, made, f
		}
		steps[i] = energy.ForecastStep{At: starts[i], Power: energy.Watts(v)}
	}
	return steps, end, made, nil
}

// stamps are the times of a list, which rise.
func stamps(list []gjson.Result) ([]time.Time, *Fault) {
	switch {
	case len(list) == 0:
		return nil, fault(Absent, "the list is empty")
	case len(list) > maxSteps:
		return nil, fault(Oversize, fmt.Sprintf("%d times, more than %d", len(list), maxSteps))
	}
	out := make([]time.Time, len(list))
	for i, r := range list {
		t, f := sourceTime(r)
		if f != nil {
			return nil, f
		}
		if i > 0 && !t.After(out[i-1]) {
			return nil, fault(NoTime, "the times do not rise at "+clip(r.String()))
		}
		out[i] = t
	}
	return out, nil
}

// periods are the starts of the periods that times stand for, and the end of
// the last. A period whose other end is not named is as long as its neighbour;
// one that stands alone lasts for the horizon.
func periods(spec *energy.ReadingSpec, at []time.Time) (starts []time.Time, end time.Time, f *Fault) {
	first, last := spec.Horizon, spec.Horizon
	if n := len(at); n > 1 {
		first, last = at[1].Sub(at[0]), at[n-1].Sub(at[n-2])
	}
	if first <= 0 {
		return nil, end, fault(NoTime, "one time, and no horizon says how long it holds")
	}
	if spec.Stamps != energy.StampEnd {
		return at, at[len(at)-1].Add(last), nil
	}
	starts = append([]time.Time{at[0].Add(-first)}, at[:len(at)-1]...)
	return starts, at[len(at)-1], nil
}
