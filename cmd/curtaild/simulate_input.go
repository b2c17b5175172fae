package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
	"github.com/curtaild/curtaild/scheduler"
)

// runFilter decides for another program's fleet.
func runFilter(cmd *cobra.Command, path string) error {
	var ps []policies.Policy
	if path != "" {
		var faults strict.Faults
		// What the policies name stands for all rigs, so any name will do.
		ps, faults = readPolicies(path, policies.Site{Zone: time.UTC, Now: time.Now(), Partial: true})
		if err := printFaults(cmd, faults); err != nil || faults.Err() != nil {
			return errors.Join(err, statusError{status: 2})
		}
	}
	err := simulate.Filter(cmd.InOrStdin(), cmd.OutOrStdout(), ps)
	var line *simulate.LineError
	if errors.As(err, &line) {
		return statusError{2, err}
	}
	return err
}

// printFaults prints faults, a line each.
func printFaults(cmd *cobra.Command, faults strict.Faults) error {
	for _, f := range faults {
		if _, err := fmt.Fprintln(cmd.ErrOrStderr(), f); err != nil {
			return err
		}
	}
	return nil
}

// readPolicies reads the policies of a file, or of all *.yaml in a folder in
// the order of their names, and holds them against a site.
func readPolicies(path string, site policies.Site) ([]policies.Policy, strict.Faults) {
	fault := func(err error) strict.Faults {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return strict.Faults{strict.At(strict.Pos{File: path, Line: 1, Column: 1}, strict.Error, "cannot be read: %v", err)}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault(err)
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.yaml")); err != nil || len(files) == 0 {
			return nil, fault(errors.New("the folder holds no *.yaml"))
		}
		slices.Sort(files)
	}
	var out []policies.Policy
	var faults strict.Faults
	for _, file := range files {
		src, err := readAtMost(file, strict.MaxSize+1) // one more is refused as too large
		if err != nil {
			return nil, fault(err)
		}
		ps, found := policies.Load(file, src)
		out, faults = append(out, ps...), append(faults, found...)
	}
	if faults.Err() != nil {
		return nil, faults
	}
	for _, f := range policies.Check(out, site) {
		if f.File != "" { // else it is about the config
			faults = append(faults, f)
		}
	}
	return out, faults
}

// readAtMost reads the beginning of a file.
func readAtMost(path string, bytes int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, bytes))
}

// workless finds policies that go by what work says that hashes bring: a
// simulation has none, and they would start nothing.
func workless(ps []policies.Policy) (faults strict.Faults) {
	for i := range ps {
		if p := &ps[i]; p.ByWork {
			faults = append(faults, strict.At(p.Pos("hash_value"), strict.Error,
				"policy %q: a simulation has no work that says what hashes bring: write a value, as in %q", p.Name, "45 EUR/PH/s/d"))
		}
	}
	return faults
}

// siteOf is what policies are checked against.
func siteOf(cfg *config.Config, loads []simulate.Load) policies.Site {
	measures := func(role energy.Role) bool {
		return slices.ContainsFunc(cfg.Readings, func(r energy.ReadingSpec) bool { return r.Role == role })
	}
	s := policies.Site{
		Zone: cfg.Site.Zone, Now: time.Now(), Currency: cfg.Site.Currency,
		ImportPrice: measures(energy.RoleImportPrice), ExportPrice: measures(energy.RoleExportPrice),
		Mined: true, // if not, workless tells
	}
	for _, l := range loads {
		s.Loads = append(s.Loads, policies.SiteLoad{Name: l.Spec.Name, Group: l.Spec.Group, Labels: l.Spec.Labels, Points: l.Points})
	}
	return s
}

func specsOf(loads []simulate.Load) []*energy.LoadSpec {
	out := make([]*energy.LoadSpec, len(loads))
	for i, l := range loads {
		out[i] = l.Spec
	}
	return out
}

// simulatedLoads are the config's loads, with their family's ramps where it
// gives none.
func simulatedLoads(cfg *config.Config, known map[string]scheduler.Known) ([]simulate.Load, error) {
	var out []simulate.Load
	var unknown []string
	for i := range cfg.Rigs {
		r := &cfg.Rigs[i]
		points := r.Points
		if len(points) < 2 {
			points = known[r.Spec.Name].Points
		}
		if len(points) < 2 {
			unknown = append(unknown, r.Spec.Name)
			continue
		}
		fam := families()[r.Spec.Family].defaults
		if r.StartTime > 0 {
			fam.StartTime = r.StartTime
		}
		if r.StopTime > 0 {
			fam.StopTime = r.StopTime
		}
		spec := r.Spec
		spec.Ramp = fam.Ramp(points)
		out = append(out, simulate.Load{Spec: &spec, Points: points})
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("the config gives no points for %s: a simulation cannot ask the rig, and the daemon has not recorded them; list its points (name, draw, rate)", some(unknown))
	}
	if h := cfg.Hasher; h != nil {
		pool, err := localLoad(h)
		if err != nil {
			return nil, err
		}
		out = append(out, simulate.Load{Spec: &h.Spec, Points: pool.Points()})
	}
	if len(out) == 0 {
		return nil, errors.New("the config has no rigs and no hasher: there is nothing to simulate")
	}
	return out, nil
}

// some are the first of a list of names.
func some(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// readSeries reads the file of readings.
func readSeries(cmd *cobra.Command, cfg *config.Config, path string) (*simulate.Series, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, statusError{2, err}
	}
	defer f.Close()
	s, faults := simulate.ReadCSV(path, f, cfg.Readings)
	if err := printFaults(cmd, faults); err != nil || s == nil {
		return nil, errors.Join(err, statusError{status: 2})
	}
	if missing := s.Missing(cfg.Readings); len(missing) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: not in it, and so not on the site: %s\n", path, strings.Join(missing, ", "))
	}
	return s, nil
}

// historyStep is how far apart the rows of a history are.
const historyStep = 5 * time.Second

// readHistory reads what a daemon has recorded.
func readHistory(dir string, cfg *config.Config, c simulate.Config) (*simulate.Series, error) {
	from, to, step := c.From, c.To, c.Every
	if from.IsZero() {
		from = time.Unix(0, 0).AddDate(1, 0, 0) // before anything was recorded
	}
	if to.IsZero() {
		to = time.Now()
	}
	if step <= 0 {
		step = historyStep
	}
	h := simulate.NewHistory(cfg.Readings, cfg.Balance.Aux, step)
	if err := readJournal(dir, from, to, h.Take); err != nil {
		return nil, fmt.Errorf("read the history in %s: %w", dir, err)
	}
	s, err := h.Series()
	if err != nil {
		return nil, fmt.Errorf("read the history in %s: %w", dir, err)
	}
	return s, nil
}
