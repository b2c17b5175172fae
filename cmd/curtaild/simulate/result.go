package simulate

import (
	"time"
)

// Result is what became of a run. Its names in JSON are documented and do not
// change. Energies are in kWh, percentages in those of the energy available.
type Result struct {
	From         time.Time    `json:"from"`
	To           time.Time    `json:"to"`
	Days         float64      `json:"days"` // for which what is available was known
	Loads        int          `json:"loads"`
	AvailableKWh float64      `json:"available_kwh"`
	AbsorbedKWh  float64      `json:"absorbed_kwh"`
	ImportedKWh  float64      `json:"imported_kwh"`
	NetKWh       float64      `json:"net_kwh"` // absorbed less imported
	LeftKWh      float64      `json:"unabsorbed_kwh"`
	CurtailedKWh float64      `json:"curtailed_kwh"` // held back by the plant still
	AvoidedKWh   float64      `json:"avoided_curtailment_kwh"`
	AbsorbedPct  float64      `json:"absorbed_pct"`
	ImportedPct  float64      `json:"imported_pct"`
	NetPct       float64      `json:"net_pct"`
	PeakImportKW float64      `json:"peak_import_kw"`
	RMSEKW       float64      `json:"rmse_kw"`        // of the draw against what could be absorbed
	Starts       float64      `json:"starts_per_day"` // of each load
	Changes      float64      `json:"changes_per_day"`
	Hashes       float64      `json:"hashes"`
	JTH          float64      `json:"j_per_th"` // 0 without hashes
	Currency     string       `json:"currency,omitempty"`
	ImportCost   *float64     `json:"import_cost,omitempty"`         // nil: no prices were given
	Forgone      *float64     `json:"export_forgone,omitempty"`      // what export would have brought
	UnpaidKWh    float64      `json:"import_unpriced_kwh,omitempty"` // of it the cost leaves out: no price was known
	UnsoldKWh    float64      `json:"export_unpriced_kwh,omitempty"`
	Policies     []string     `json:"policies"`
	Rigs         []LoadResult `json:"rigs"`
	Passes       int          `json:"decisions"`

	trace *trace
}

// LoadResult is what became of one load.
type LoadResult struct {
	Name    string  `json:"name"`
	KWh     float64 `json:"kwh"`
	Hours   float64 `json:"hours"` // not at off
	Starts  int     `json:"starts"`
	Changes int     `json:"changes"` // from one running point to another
	Hashes  float64 `json:"hashes"`
}

const kWh = 3.6e6 // J

// result is what the run has come to.
func (r *run) result() *Result {
	r.plant.finish()
	c := &r.account
	out := &Result{
		From: r.site.start.UTC(), To: r.wall(r.now).UTC(), Days: c.covered / 86400, Loads: len(r.plant.rigs),
		AvailableKWh: c.available / kWh, AbsorbedKWh: c.absorbed / kWh, ImportedKWh: c.imported / kWh,
		NetKWh: (c.absorbed - c.imported) / kWh, LeftKWh: (c.available - c.absorbed) / kWh,
		CurtailedKWh: c.lost / kWh, AvoidedKWh: c.given / kWh,
		PeakImportKW: c.peak / 1000, RMSEKW: c.rmse() / 1000, Passes: r.passes, trace: r.trace,
	}
	if c.available > 0 {
		out.AbsorbedPct = 100 * c.absorbed / c.available
		out.ImportedPct = 100 * c.imported / c.available
		out.NetPct = out.AbsorbedPct - out.ImportedPct
	}
	for i := range r.cfg.Setup.Policies {
		out.Policies = append(out.Policies, r.cfg.Setup.Policies[i].Name)
	}
	used := 0.0
	for i := range r.plant.rigs {
		g := &r.plant.rigs[i]
		out.Rigs = append(out.Rigs, LoadResult{
			Name: g.Spec.Name, KWh: g.energy / kWh, Hours: g.running / 3600, Starts: g.starts, Changes: g.changes, Hashes: g.hashes,
		})
		used += g.energy
		out.Hashes += g.hashes
		out.Starts += float64(g.starts)
		out.Changes += float64(g.changes)
	}
	if rigDays := float64(out.Loads) * (r.now.Hours() / 24); rigDays > 0 {
		out.Starts /= rigDays
		out.Changes /= rigDays
	}
	if out.Hashes > 0 {
		out.JTH = used * r.gross / (out.Hashes / 1e12)
	}
	r.money(out)
	return out
}

// money is in the result only where prices were given.
func (r *run) money(out *Result) {
	if r.site.price[0] != nil {
		out.ImportCost, out.UnpaidKWh = &r.account.paid, r.account.unpaid/kWh
	}
	if r.site.price[1] != nil {
		out.Forgone, out.UnsoldKWh = &r.account.forgone, r.account.unsold/kWh
	}
}
