package mqtt

import (
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/tidwall/gjson"
)

// decodeVictron reads what dbus-flashmq on a Victron GX device publishes:
// {"value": x} under N/<portal>/…. null is a value that is invalid now, and an
// empty payload a device that has gone.
func decodeVictron(_ *energy.ReadingSpec, _ string, payload []byte) (raw, *Fault) {
	if len(payload) == 0 {
		return raw{}, fault(Gone, "")
	}
	doc, f := document(payload)
	if f != nil {
		return raw{}, f
	}
	r := doc.Get("value")
	if r.Exists() && r.Type == gjson.Null {
		return raw{}, fault(Absent, "null")
	}
	v, f := jsonNumber(r)
	return raw{value: v}, f
}

// decodeTasmota reads tele/<topic>/SENSOR: ENERGY.Power, which is a list where
// the device has several phases, and then their sum. The payload's Time is
// local and has no zone, so the time of arrival is the better one.
func decodeTasmota(spec *energy.ReadingSpec, _ string, payload []byte) (raw, *Fault) {
	doc, f := document(payload)
	if f != nil {
		return raw{}, f
	}
	if !doc.IsObject() {
		return raw{}, fault(WrongType, "not an object")
	}
	path := "ENERGY.Power"
	if spec.Value != "" {
		path = spec.Value
	} else if !doc.Get("ENERGY").Exists() {
		return raw{}, fault(Absent, "") // the telemetry of another sensor
	}
	r := doc.Get(path)
	if !r.IsArray() {
		v, f := jsonNumber(r)
		return raw{value: v}, f
	}
	phases := r.Array()
	if len(phases) == 0 {
		return raw{}, fault(NoValue, "an empty list")
	}
	sum := 0.0
	for _, p := range phases {
		v, f := jsonNumber(p)
		if f != nil {
			return raw{}, f
		}
		sum += v
	}
	return raw{value: sum}, nil
}

// decodeShelly reads Shelly Gen 2 and later: <id>/events/rpc, whose
// NotifyStatus holds only the components that changed, and <id>/status/<component>.
// The path of the reading, where it has one, is relative to the components
// ("switch:1.apower"), or to the one component of a status topic ("apower").
func decodeShelly(spec *energy.ReadingSpec, topic string, payload []byte) (raw, *Fault) {
	doc, f := document(payload)
	if f != nil {
		return raw{}, f
	}
	if !doc.IsObject() {
		return raw{}, fault(WrongType, "not an object")
	}
	method := doc.Get("method")
	if !method.Exists() {
		return shellyStatus(spec, topic, doc)
	}
	if m := method.Str; m != "NotifyStatus" && m != "NotifyFullStatus" {
		return raw{}, fault(Absent, "") // events and the like
	}
	params := doc.Get("params")
	r := shellyPower(params, spec.Value)
	if !r.Exists() {
		return raw{}, fault(Absent, "")
	}
	v, f := jsonNumber(r)
	if f != nil {
		return raw{}, f
	}
	out := raw{value: v}
	if ts := params.Get("ts"); ts.Type == gjson.Number && ts.Num > 0 { // none before the device has the time
		if out.at, f = sourceTime(ts); f != nil {
			return raw{}, f
		}
	}
	return out, nil
}

func shellyStatus(spec *energy.ReadingSpec, topic string, doc gjson.Result) (raw, *Fault) {
	component := topic[strings.LastIndexByte(topic, '/')+1:]
	path := spec.Value
	if path == "" {
		path = shellyField(component)
	}
	path = strings.TrimPrefix(path, component+".")
	v, f := jsonNumber(doc.Get(path))
	return raw{value: v}, f
}

// shellyPower finds the power among the components of a notification: at path,
// or in the first component of a kind that measures power.
func shellyPower(params gjson.Result, path string) gjson.Result {
	if path != "" {
		return params.Get(path)
	}
	for _, component := range []string{"em:0", "em1:0", "pm1:0", "switch:0"} {
		if c := params.Get(component); c.Exists() {
			return c.Get(shellyField(component))
		}
	}
	return gjson.Result{}
}

// shellyField is the field of a component that holds its active power.
func shellyField(component string) string {
	kind, _, _ := strings.Cut(component, ":")
	switch kind {
	case "em":
		return "total_act_power"
	case "em1":
		return "act_power"
	}
	return "apower"
}
