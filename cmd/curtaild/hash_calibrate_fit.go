package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/work"
)

// fitted is a model of the machine's draw: what it draws without workers, and
// what each busy core adds.
type fitted struct {
	Workers   int            `json:"workers"`
	Algorithm work.Algorithm `json:"algorithm"`
	Kernel    string         `json:"kernel"`
	Idle      energy.Watts   `json:"idle_w"` // of the whole machine, without workers
	Core      energy.Watts   `json:"core_w"`
	RMS       energy.Watts   `json:"residual_rms_w"`
	SupplyPct *float64       `json:"supply_pct,omitempty"` // of a watt more at the meter, what the counter showed
	Steps     []step         `json:"steps"`
}

// rough is how large residuals may be, as a part of what the workers add,
// before the fit is doubted.
const rough = 0.1

var errFlat = errors.New("the meter does not rise with the workers: is it the one of this machine, and was it read when asked?")

// fitPower fits a line through the readings of so many workers, by least
// squares.
func fitPower(steps []step, workers int) (*fitted, error) {
	f := &fitted{Workers: workers, Steps: steps}
	var ok bool
	f.Idle, f.Core, ok = line(steps, func(s *step) energy.Watts { return s.Meter })
	if top := steps[len(steps)-1].Cores; !ok || top < float64(workers)/2 {
		return nil, fmt.Errorf("at full duty the workers got %.2f of %d cores, too little to fit anything: other programs use the machine, do it when they do not", top, workers)
	}
	if f.Core <= 0 {
		return nil, errFlat
	}
	sum := 0.0
	shown := true // by a counter, at every step
	for i := range steps {
		s := &steps[i]
		s.Fitted = f.Idle + f.Core*energy.Watts(s.Cores)
		s.Residual = s.Meter - s.Fitted
		sum += float64(s.Residual * s.Residual)
		shown = shown && s.Counter != nil
	}
	f.RMS = energy.Watts(math.Sqrt(sum / float64(len(steps))))
	if shown {
		if _, c, ok := line(steps, func(s *step) energy.Watts { return *s.Counter }); ok && c > 0 && c <= f.Core {
			part := 100 * float64(c/f.Core)
			f.SupplyPct = &part
		}
	}
	return f, nil
}

// line is the straight line of a power over the busy cores: at none, and for
// each. It is false where their number never changes.
func line(steps []step, power func(*step) energy.Watts) (none, each energy.Watts, ok bool) {
	n := float64(len(steps))
	var sx, sy, sxx, sxy float64
	for i := range steps {
		a, b := steps[i].Cores, float64(power(&steps[i]))
		sx, sy, sxx, sxy = sx+a, sy+b, sxx+a*a, sxy+a*b
	}
	spread := n*sxx - sx*sx
	if !(spread > 1e-6) {
		return 0, 0, false
	}
	slope := (n*sxy - sx*sy) / spread
	return energy.Watts((sy - slope*sx) / n), energy.Watts(slope), true
}

// doubt is why the fit should not be trusted; empty if it may.
func (f *fitted) doubt() string {
	top := f.Steps[len(f.Steps)-1]
	switch {
	case float64(f.RMS) > rough*float64(f.Core)*top.Cores:
		return "The readings do not lie on a line: something else ran, or the meter was read too early. Do it again."
	case top.Cores < 0.9*float64(f.Workers):
		return fmt.Sprintf("The workers got %.1f of %d cores only: other programs run. It is better done on a quiet machine.", top.Cores, f.Workers)
	}
	return ""
}

func (f *fitted) writeJSON(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(f)
}

// write prints the readings beside the fit, and the lines for the config.
func (f *fitted) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "DUTY\tBUSY CORES\tMETER\tFITTED\tRESIDUAL\tHASHING")
	for _, s := range f.Steps {
		fmt.Fprintf(w, "%g %%\t%.2f\t%.1f W\t%.1f W\t%+.1f W\t%v\n", s.DutyPct, s.Cores, s.Meter, s.Fitted, s.Residual, energy.HashRate(s.Rate))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nKernel %s. The machine draws %.1f W without workers, and each busy core adds %.2f W.\n", f.Kernel, f.Idle, f.Core)
	if why := f.doubt(); why != "" {
		fmt.Fprintln(out, why)
	}
	fmt.Fprint(out, "\nFor the config, below hasher:\n\n  power:\n")
	if f.SupplyPct != nil {
		fmt.Fprintf(out, "    supply: %.1f %%\n", *f.SupplyPct)
	}
	_, err := fmt.Fprintf(out, "    model:\n      idle: 0 W                 # or %.1f W, if the machine is on for hashing alone\n      core: %.2f W\n", f.Idle, f.Core)
	return err
}
