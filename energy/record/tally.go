package record

import (
	"sort"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// noPolicy is the policy of what is drawn without one.
const noPolicy = "none"

// use is what energy is accounted by.
type use struct {
	Policy, Group string
}

// quantity is a metered energy, and for how long the meter was heard.
type quantity struct {
	J float64 `json:"j"`
	S float64 `json:"s"`
}

func (q *quantity) add(w, dt float64) {
	q.J += w * dt
	q.S += dt
}

// energies is what one use has had in one interval, in joules.
type energies struct {
	Absorbed     float64          `json:"absorbed"`
	Avoided      float64          `json:"avoided"` // part of Absorbed
	Battery      float64          `json:"battery"`
	Imported     [classes]float64 `json:"imported"`
	Unattributed float64          `json:"unattributed"`
	Hashes       float64          `json:"hashes"`
	Starts       int64            `json:"starts"`
}

func (e *energies) add(s split, c class, j float64) {
	if !s.known {
		e.Unattributed += j
		return
	}
	e.Imported[c] += j * s.imported
	e.Battery += j * s.battery
	e.Absorbed += j * s.absorbed
	e.Avoided += j * s.avoided
}

func (e *energies) imported() float64 {
	var sum float64
	for _, j := range e.Imported {
		sum += j
	}
	return sum
}

func (e *energies) total() float64 { return e.Absorbed + e.Battery + e.imported() + e.Unattributed }

// remove takes j away, from all origins alike, and gives what was not there.
func (e *energies) remove(j float64) (left float64) {
	sum := e.total()
	if sum <= 0 {
		return j
	}
	keep := max(0, 1-j/sum)
	e.Absorbed *= keep
	e.Avoided *= keep
	e.Battery *= keep
	e.Unattributed *= keep
	for c := range e.Imported {
		e.Imported[c] *= keep
	}
	return max(0, j-sum)
}

// tally is one interval.
type tally struct {
	Start      time.Time     `json:"start"`
	Len        time.Duration `json:"len"`
	Revision   int64         `json:"revision"` // how often it was written
	Seconds    float64       `json:"seconds"`  // how long anybody watched
	Covered    float64       `json:"covered"`
	Measured   float64       `json:"measured"` // J of our draw
	Import     quantity      `json:"import"`
	Export     quantity      `json:"export"`
	Generation quantity      `json:"generation"`
	SiteLoad   quantity      `json:"site_load"`
	Curtailed  quantity      `json:"curtailed"`
	Unabsorbed quantity      `json:"unabsorbed"`

	uses map[use]*energies
}

func (t *tally) end() time.Time { return t.Start.Add(t.Len) }

func (t *tally) of(u use) *energies {
	e := t.uses[u]
	if e == nil {
		e = &energies{}
		t.uses[u] = e
	}
	return e
}

// sorted lists the uses in a fixed order: the same run gives the same points.
func (t *tally) sorted() []use {
	out := make([]use, 0, len(t.uses))
	for u := range t.uses {
		out = append(out, u)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Policy != out[j].Policy {
			return out[i].Policy < out[j].Policy
		}
		return out[i].Group < out[j].Group
	})
	return out
}

// write gives out the interval. One that nobody watched and nothing was drawn
// in leaves a gap.
func (r *Recorder) write(t *tally, final bool) {
	var flexible float64
	for _, e := range t.uses {
		flexible += e.total()
	}
	if t.Seconds == 0 && flexible == 0 {
		return
	}
	length := lenName(t.Len)
	fields := make([]energy.Field, 0, 11)
	for _, q := range []struct {
		key string
		q   quantity
	}{
		{"import_wh", t.Import}, {"export_wh", t.Export}, {"generation_wh", t.Generation}, {"site_load_wh", t.SiteLoad},
		{"curtailed_wh", t.Curtailed}, {"unabsorbed_wh", t.Unabsorbed},
	} {
		if q.q.S > 0 {
			fields = append(fields, energy.Float(q.key, wh(q.q.J)))
		}
	}
	fields = append(fields, energy.Float("flexible_wh", wh(flexible)), energy.Float("covered_s", min(t.Covered, t.Len.Seconds())))
	if flexible > 0 {
		fields = append(fields, energy.Float("measured_frac", min(1, max(0, t.Measured/flexible))))
	}
	fields = append(fields, energy.Int("revision", t.Revision), energy.Bool("final", final))
	r.put("site_interval", energy.Settlement, t.Start, tags("len", length, "site", r.cfg.Site), fields)
	for _, u := range t.sorted() {
		e := t.uses[u]
		if e.total() == 0 && e.Hashes == 0 && e.Starts == 0 && t.Revision == 0 {
			continue
		}
		r.put("use_interval", energy.Settlement, t.Start,
			tags("group", u.Group, "len", length, "policy", u.Policy, "site", r.cfg.Site), r.useFields(e))
	}
	t.Revision++
}

func (r *Recorder) useFields(e *energies) []energy.Field {
	f := make([]energy.Field, 0, 12)
	f = append(f, energy.Float("absorbed_wh", wh(e.Absorbed)))
	if r.exportLimit() != nil || e.Avoided > 0 {
		f = append(f, energy.Float("avoided_curtailment_wh", wh(e.Avoided)))
	}
	return append(f,
		energy.Float("displaced_export_wh", wh(e.Absorbed-e.Avoided)),
		energy.Float("battery_wh", wh(e.Battery)),
		energy.Float("imported_wh", wh(e.imported())),
		energy.Float("import_grid_wh", wh(e.Imported[fixed])),
		energy.Float("import_min_on_wh", wh(e.Imported[minOn])),
		energy.Float("import_stale_wh", wh(e.Imported[stale])),
		energy.Float("import_tracking_wh", wh(e.Imported[tracking])),
		energy.Float("unattributed_wh", wh(e.Unattributed)),
		energy.Float("hashes", e.Hashes),
		energy.Int("starts", e.Starts))
}

func wh(j float64) float64 { return energy.Joules(j).WattHours() }
