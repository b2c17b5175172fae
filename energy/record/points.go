package record

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Meta is the point that says what wrote the others.
func (r *Recorder) Meta(at time.Time, version, configSHA string) energy.Point {
	return energy.Point{
		Measurement: "meta", Class: energy.Audit, Time: at.Round(0).UTC(), Tags: tags("site", r.cfg.Site),
		Fields: texts([]energy.Field{energy.Int("schema", SchemaVersion)},
			"version", version, "config_sha", configSHA, "tz", r.cfg.Zone, "currency", r.cfg.Currency),
	}
}

// signalKey is what tells signal points of one instant apart.
type signalKey struct {
	source string
	kind   energy.SignalKind
	state  energy.SignalState
}

// maxSignalKeys bounds what is remembered to keep points apart.
const maxSignalKeys = 4096

// Signal is the point of a signal that entered a state.
func (r *Recorder) Signal(s energy.SignalStatus) []energy.Point {
	key := signalKey{s.Source, s.Kind, s.State}
	if len(r.signals) > maxSignalKeys {
		clear(r.signals)
	}
	at := s.At
	if at.IsZero() {
		at = s.Received
	}
	at = apart(at, r.signals[key])
	r.signals[key] = at
	f := texts(nil, "id", s.ID)
	f = append(f, energy.Int("revision", int64(s.Revision)))
	f = texts(f, "reason", s.Reason)
	for _, x := range []struct {
		key   string
		v     *float64
		scale float64
	}{
		{"asked_w", s.AskedKW, 1000}, {"measured_w", s.MeasuredKW, 1000}, {"baseline_w", s.BaselineKW, 1000},
		{"delivered_w", s.Delivered, 1000}, {"latency_s", s.AchievedS, 1},
	} {
		if x.v != nil {
			f = append(f, energy.Float(x.key, *x.v*x.scale))
		}
	}
	return []energy.Point{{
		Measurement: "signal", Class: energy.Settlement, Time: at, Fields: f,
		Tags: tags("kind", string(s.Kind), "site", r.cfg.Site, "source", s.Source, "state", string(s.State)),
	}}
}

// writeSite gives the site as it stands at the cursor. What is stale is absent.
func (r *Recorder) writeSite() {
	b := &r.last.Balance
	f := make([]energy.Field, 0, 14)
	for _, x := range [...]struct {
		key string
		s   *energy.Sample
	}{
		{"grid_w", &b.Grid}, {"generation_w", &b.Generation}, {"load_w", &b.Load}, {"curtailed_w", &b.Curtailed},
		{"battery_w", &b.Battery}, {"soc_pct", &b.SoC}, {"import_price", &b.ImportPrice}, {"export_price", &b.ExportPrice},
		{"carbon_g_kwh", &b.Carbon},
	} {
		if x.s.OKAt(r.cursor) {
			f = append(f, energy.Float(x.key, x.s.Value))
		}
	}
	quality := energy.Stale
	if b.OK && r.mainKnown() {
		quality = energy.Good
		f = append(f, energy.Float("available_w", float64(b.Available)))
	}
	if x := r.exportLimit(); x != nil {
		f = append(f, energy.Float("export_limit_w", float64(*x)))
	}
	f = append(f, energy.Float("granted_w", float64(r.last.Granted)), energy.Float("flexible_w", float64(b.Draw)), energy.Text("quality", string(quality)))
	r.put("site", energy.Telemetry, r.cursor, tags("site", r.cfg.Site), f)
}

// writeRigs gives every load as it stands at the cursor.
func (r *Recorder) writeRigs() {
	for i := range r.last.Loads {
		r.writeRig(r.order[i], &r.last.Loads[i], r.cursor)
	}
}

// writeChanges gives a load's points that are due because something changed.
func (r *Recorder) writeChanges(l *load, v *energy.LoadView) {
	k := rigKey{v.Status.State, v.Setpoint.Seq, v.Setpoint.Policy, v.Status.Source}
	if k != l.written {
		l.written = k
		r.writeRig(l, v, r.last.At)
	}
	d := decisionKey{v.Decision.To, v.Decision.Reason, v.Decision.Policy}
	if d == l.decided || d.reason == "" {
		return
	}
	l.decided = d
	l.decision = apart(r.last.At, l.decision)
	f := texts(nil, "policy", v.Decision.Policy, "reason", string(v.Decision.Reason))
	f = append(f, energy.Float("from_w", float64(v.Decision.FromW)), energy.Float("to_w", float64(v.Decision.ToW)), energy.Int("plan", int64(r.last.Plan)))
	r.put("decision", energy.Audit, l.decision, tags("rig", l.name, "site", r.cfg.Site), f)
}

func (r *Recorder) writeRig(l *load, v *energy.LoadView, at time.Time) {
	s := &v.Status
	if l.tags == nil || l.model != s.Model || l.family != v.Spec.Family || l.use.Group != v.Spec.Group {
		l.model, l.family = s.Model, v.Spec.Family
		l.tags = tags("family", l.family, "group", v.Spec.Group, "model", l.model, "rig", l.name, "site", r.cfg.Site)
	}
	f := make([]energy.Field, 0, 14)
	if s.Source != "" {
		f = append(f, energy.Float("power_w", float64(s.Draw)), energy.Text("power_src", string(s.Source)))
	}
	f = append(f, energy.Float("setpoint_w", float64(v.Setpoint.Draw)))
	if s.Heard() {
		f = append(f, energy.Float("hashrate_hs", float64(s.Rate)))
	}
	if !s.At.IsZero() {
		f = append(f,
			energy.Float("energy_wh_total", s.Energy.WattHours()), energy.Float("hashes_total", s.Hashes),
			energy.Int("accepted_total", int64(s.Accepted)), energy.Int("rejected_total", int64(s.Rejected)))
	}
	if s.PerHash > 0 {
		f = append(f, energy.Float("yield_sat_th", s.PerTerahash()), energy.Float("yield_sat_kwh", s.PerKWh()))
	}
	if s.Earned > 0 {
		f = append(f, energy.Float("yield_sat_total", s.Earned))
	}
	if s.TempC != 0 {
		f = append(f, energy.Float("temp_c", s.TempC))
	}
	r.put("rig", energy.Telemetry, at, l.tags, texts(f, "state", string(s.State), "policy", v.Setpoint.Policy))
}

func (r *Recorder) put(name string, c energy.Class, at time.Time, t []energy.Tag, f []energy.Field) {
	r.out = append(r.out, energy.Point{Measurement: name, Class: c, Tags: t, Fields: f, Time: at.Round(0).UTC()})
}

// apart is at, or just after last: two points with the same tags at the same
// instant would be one.
func apart(at, last time.Time) time.Time {
	at = at.Round(0).UTC()
	if at.Equal(last) {
		return at.Add(1)
	}
	return at
}

// tags makes tags of keys in order and their values; empty ones are left out.
func tags(pairs ...string) []energy.Tag {
	out := make([]energy.Tag, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, energy.Tag{Key: pairs[i], Value: pairs[i+1]})
		}
	}
	return out
}

// texts appends text fields of keys and their values; empty ones are left out.
func texts(f []energy.Field, pairs ...string) []energy.Field {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			f = append(f, energy.Text(pairs[i], pairs[i+1]))
		}
	}
	return f
}
