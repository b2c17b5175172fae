package simulate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Named is what became of one set of policies, under the name that the operator
// knows it by.
type Named struct {
	Name string `json:"policies_from"`
	*Result
}

// WriteTable prints runs side by side.
func WriteTable(w io.Writer, zone *time.Location, runs ...Named) error {
	r := runs[0]
	first := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }
	if _, err := fmt.Fprintf(w, "%s to %s (%s), %.4g days, %d loads\n\n", first(r.From), first(r.To), zone, r.Days, r.Loads); err != nil {
		return err
	}
	const widest = 30 // of the names, which stand on the left
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, cell func(*Result) string) {
		line := []string{fmt.Sprintf("%-*s", widest, name)}
		for _, r := range runs {
			line = append(line, cell(r.Result))
		}
		fmt.Fprintln(t, strings.Join(line, "\t")+"\t")
	}
	if len(runs) > 1 {
		line := []string{strings.Repeat(" ", widest)}
		for _, r := range runs {
			line = append(line, r.Name)
		}
		fmt.Fprintln(t, strings.Join(line, "\t")+"\t")
	}
	share := func(kwh func(*Result) float64) func(*Result) string {
		return func(r *Result) string {
			return fmt.Sprintf("%s  %6.2f %%", amount(kwh(r), r.AvailableKWh), pct(kwh(r), r.AvailableKWh))
		}
	}
	row("available", share(func(r *Result) float64 { return r.AvailableKWh }))
	row("absorbed", share(func(r *Result) float64 { return r.AbsorbedKWh }))
	row("imported", share(func(r *Result) float64 { return r.ImportedKWh }))
	row("net (absorbed less imported)", share(func(r *Result) float64 { return r.NetKWh }))
	row("left unabsorbed", share(func(r *Result) float64 { return r.LeftKWh }))
	if r.CurtailedKWh+r.AvoidedKWh > 0 {
		row("curtailed still", share(func(r *Result) float64 { return r.CurtailedKWh }))
	}
	row("most imported at once", func(r *Result) string { return fmt.Sprintf("%.1f kW", r.PeakImportKW) })
	row("RMSE of the draw", func(r *Result) string { return fmt.Sprintf("%.2f kW", r.RMSEKW) })
	row("starts per load and day", func(r *Result) string { return fmt.Sprintf("%.2f", r.Starts) })
	row("level changes per load and day", func(r *Result) string { return fmt.Sprintf("%.1f", r.Changes) })
	row("hashes", func(r *Result) string { return hashes(r.Hashes) })
	row("efficiency", func(r *Result) string { return efficiency(r.JTH) })
	if r.ImportCost != nil {
		row("paid for import", func(r *Result) string { return money(*r.ImportCost, r.Currency, r.UnpaidKWh) })
	}
	if r.Forgone != nil {
		row("export forgone", func(r *Result) string { return money(*r.Forgone, r.Currency, r.UnsoldKWh) })
	}
	return t.Flush()
}

func pct(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * part / whole
}

// amount is an energy in kWh, as finely as the whole asks for.
func amount(kwh, whole float64) string {
	if whole < 100 {
		return fmt.Sprintf("%.3f kWh", kwh)
	}
	return fmt.Sprintf("%.1f kWh", kwh)
}

// hashes are counted in exahashes, which a person can compare.
func hashes(n float64) string { return fmt.Sprintf("%.4g EH", n/1e18) }

func efficiency(jth float64) string {
	if jth == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f J/TH", jth)
}

// money is an amount, and what energy it leaves out for want of a price.
func money(v float64, currency string, without float64) string {
	if without > 0 {
		return fmt.Sprintf("%.2f %s, no price for %.1f kWh", v, currency, without)
	}
	return fmt.Sprintf("%.2f %s", v, currency)
}
