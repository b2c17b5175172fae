package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

func newSimulate() *cobra.Command {
	var opts simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Try policies on recorded readings, without a rig",
		Long: "Plays readings from a file against the config's loads, on a virtual clock, and prints what would have been\n" +
			"absorbed, imported and hashed. The file is CSV: a header, whose first column is time (RFC 3339, or seconds\n" +
			"of the Unix clock) and whose others are called after a reading, its topic or its role, in the payloads' unit and sign;\n" +
			"an empty cell is a gap. It says what the site would read without our loads, unless --loads-included.\n\n" +
			"With --exec-protocol it is a filter instead: JSON lines in, one that describes a fleet and one for each tick,\n" +
			"and a line of levels out for each tick (docs/operating.md). In policies every name then stands for all rigs.",
		Example: "  curtaild simulate -c config.yaml --readings day.csv --plot day.svg\n" +
			"  curtaild simulate -c config.yaml --readings day.csv --policies bold/ --against careful/ --plot both.png\n" +
			"  curtaild simulate -c config.yaml --history --from 2026-04-01 --to 2026-04-02 --policies bold/\n" +
			"  curtaild simulate --exec-protocol",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(opts.check(), opts.filters(cmd)); err != nil {
				return statusError{2, err}
			}
			if opts.filter {
				return runFilter(cmd, opts.policies)
			}
			return runSimulate(cmd, &opts)
		},
	}
	opts.flags(cmd)
	return cmd
}

type simulateOptions struct {
	filter   bool
	policies string
	against  string
	readings string
	history  string
	plots    []string
	asJSON   bool
	included bool
	between  string
	latency  time.Duration
	every    time.Duration
	from, to string
	untaught bool
}

// loads are the config's, with what the daemon has learned of them.
func (o *simulateOptions) loads(cmd *cobra.Command, cfg *config.Config) ([]simulate.Load, error) {
	dir := cfg.Store.Path
	if o.history != "" && o.history != ownStore {
		dir = o.history
	}
	var known map[string]scheduler.Known
	var at time.Time
	if _, err := os.Stat(dir); err == nil && dir != "" && !o.untaught {
		if known, at, err = knownLoads(dir); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "what the daemon has learned of the loads is left out: %v\n", err)
		}
	}
	loads, err := simulatedLoads(cfg, known)
	if err != nil {
		return nil, err
	}
	if n := teach(loads, known, cfg); n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "ramps and draws of %d of %d loads as learned by %s\n", n, len(loads), at.In(cfg.Site.Zone).Format("2006-01-02 15:04"))
	}
	return loads, nil
}

func (o *simulateOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.readings, "readings", "", "CSV `file` of what the meters read")
	f.StringVar(&o.history, "history", "", "play what the daemon recorded in this state `folder` (default: the config's)")
	f.Lookup("history").NoOptDefVal = ownStore
	f.StringVar(&o.policies, "policies", "", "policies in this `folder` or file, in place of the config's")
	f.StringVar(&o.against, "against", "", "compare with those in this `folder` or file")
	f.StringArrayVar(&o.plots, "plot", nil, "write a plot to this `file`, .svg or .png (may be given several times)")
	f.BoolVar(&o.asJSON, "json", false, "print JSON, for scripts")
	f.DurationVar(&o.latency, "latency", time.Second, "from a set-point to its effect")
	f.DurationVar(&o.every, "every", 0, "how often meters speak between two rows (default: so that no reading goes stale)")
	f.StringVar(&o.between, "between", string(simulate.Linear), "how the power goes between two rows: linear or held")
	f.BoolVar(&o.included, "loads-included", false, "loads ran while this was read, and drew what the column of role flexible says")
	f.StringVar(&o.from, "from", "", "begin at this `time`: RFC 3339, or 2026-04-01 or \"2026-04-01 12:00\" in the site's time zone")
	f.StringVar(&o.to, "to", "", "end at this `time`")
	f.BoolVar(&o.untaught, "untaught", false, "take the config's and the family's ramps and points, not those that the daemon has learned")
	f.BoolVar(&o.filter, "exec-protocol", false, "decide for a program that simulates the fleet itself")
}

// check finds what is wrong with the command line alone.
func (o *simulateOptions) check() error {
	switch {
	case o.readings != "" && o.history != "", o.filter && o.readings+o.history != "":
		return errors.New("--readings, --history and --exec-protocol: give one of them")
	case !o.filter && o.readings == "" && o.history == "":
		return errors.New("nothing to simulate: give --readings day.csv, or --history (curtaild simulate --help)")
	case o.between != string(simulate.Linear) && o.between != string(simulate.Held):
		return fmt.Errorf("--between %q: want linear or held", o.between)
	case o.latency < 0:
		return fmt.Errorf("--latency %v: want a time of 0s or more", o.latency)
	case o.every < 0:
		return fmt.Errorf("--every %v: want a time above 0s", o.every)
	}
	for _, p := range o.plots {
		if ext := strings.ToLower(filepath.Ext(p)); ext != ".svg" && ext != ".png" {
			return fmt.Errorf("--plot %q: want a file that ends in .svg or .png", p)
		}
	}
	return nil
}

// filters finds flags that mean nothing to the filter, whose fleet is another
// program's.
func (o *simulateOptions) filters(cmd *cobra.Command) error {
	if !o.filter {
		return nil
	}
	for _, name := range []string{"against", "plot", "json", "latency", "every", "between", "loads-included", "from", "to", "untaught"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s does nothing with --exec-protocol: leave it out", name)
		}
	}
	return nil
}

// gcPercent spends some memory on the time of a run that is soon over.
const gcPercent = 400

// runSimulate plays the readings once for each set of policies.
func runSimulate(cmd *cobra.Command, opts *simulateOptions) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	cfg, faults := loadOffline(configPath(cmd))
	if err := printFaults(cmd, faults); err != nil || cfg == nil {
		return errors.Join(err, statusError{status: 2})
	}
	loads, err := opts.loads(cmd, cfg)
	if err != nil {
		return statusError{2, err}
	}
	base, err := opts.config(cfg, loads)
	if err != nil {
		return statusError{2, err}
	}
	series, err := opts.series(cmd, cfg, base)
	if err != nil {
		return err
	}
	runs, err := opts.runs(cmd, cfg, loads)
	if err != nil {
		return err
	}
	for i := range runs {
		c := base
		c.Setup.Policies = borne(runs[i].policies, specsOf(loads))
		show := newProgress(cmd.ErrOrStderr(), runs[i].Name)
		c.Progress = show.at
		if runs[i].Result, err = simulate.Run(cmd.Context(), c, series); err != nil {
			show.end()
			if cmd.Context().Err() == nil { // it is about what was given
				return statusError{2, fmt.Errorf("simulate: %w", err)}
			}
			return fmt.Errorf("simulate: %w", err)
		}
		show.end()
		runs[i].Currency = cfg.Site.Currency
	}
	return opts.report(cmd, cfg, runs)
}

// ownStore stands for the config's state folder.
const ownStore = "the config's"

// series is what is to be played.
func (o *simulateOptions) series(cmd *cobra.Command, cfg *config.Config, c simulate.Config) (*simulate.Series, error) {
	if o.history == "" {
		return readSeries(cmd, cfg, o.readings)
	}
	dir := o.history
	if dir == ownStore {
		dir = cfg.Store.Path
	}
	return readHistory(dir, cfg, c)
}

// named is a set of policies and, in the end, its result.
type named struct {
	simulate.Named
	policies []policies.Policy
}

// runs are the sets of policies to try.
func (o *simulateOptions) runs(cmd *cobra.Command, cfg *config.Config, loads []simulate.Load) ([]named, error) {
	out := []named{{simulate.Named{Name: "the config's policies"}, cfg.Policies}}
	for i, path := range []string{o.policies, o.against} {
		if path == "" {
			continue
		}
		ps, faults := readPolicies(path, siteOf(cfg, loads))
		if err := printFaults(cmd, faults); err != nil || faults.Err() != nil {
			return nil, errors.Join(err, statusError{status: 2})
		}
		n := named{simulate.Named{Name: path}, ps}
		if i == 0 {
			out[0] = n
		} else {
			out = append(out, n)
		}
	}
	for i := range out {
		faults := workless(out[i].policies)
		if err := printFaults(cmd, faults); err != nil || faults.Err() != nil {
			return nil, errors.Join(err, statusError{status: 2})
		}
	}
	return out, nil
}

// config is what all runs have in common.
func (o *simulateOptions) config(cfg *config.Config, loads []simulate.Load) (simulate.Config, error) {
	c := simulate.Config{
		Setup: setup(cfg, specsOf(loads)), Loads: loads, Latency: o.latency, Every: o.every,
		Between: simulate.Between(o.between), Included: o.included || o.history != "",
	}
	c.Setup.Observe, c.Setup.Sources = false, nil
	var err error
	if c.From, err = localTime("--from", o.from, cfg.Site.Zone); err != nil {
		return c, err
	}
	c.To, err = localTime("--to", o.to, cfg.Site.Zone)
	return c, err
}

// localTime reads a time from the command line.
func localTime(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04", "2006-01-02T15:04", time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(`%s %q: want a time as in 2026-04-01T12:00:00Z, 2026-04-01 or "2026-04-01 12:00"`, flag, text)
}

// report prints what the runs have come to.
func (o *simulateOptions) report(cmd *cobra.Command, cfg *config.Config, runs []named) error {
	results := make([]simulate.Named, len(runs))
	for i := range runs {
		results[i] = runs[i].Named
	}
	for _, path := range o.plots {
		if err := writePlot(path, cfg, results); err != nil {
			return err
		}
	}
	if o.asJSON {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"site": cfg.Site.Name, "runs": results})
	}
	return simulate.WriteTable(cmd.OutOrStdout(), cfg.Site.Zone, results...)
}

func writePlot(path string, cfg *config.Config, runs []simulate.Named) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the plot: %w", err)
	}
	kind := strings.ToLower(filepath.Ext(path)[1:])
	if err := simulate.WritePlot(f, kind, cfg.Site.Name, cfg.Site.Zone, runs...); err != nil {
		return errors.Join(fmt.Errorf("write the plot: %w", err), f.Close())
	}
	return f.Close()
}
