package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/kernel"
	"github.com/curtaild/curtaild/hasher/work"
)

func newHash() *cobra.Command {
	var worker, kernels, calibrate, asJSON bool
	c := calibration{}
	cmd := &cobra.Command{
		Use:   "hash",
		Short: "What this machine can hash, and how fast",
		Long: "With --kernels it lists the ways to hash that this program has, holds each that the CPU supports against\n" +
			"plain Go, and times it on one core, half a second each. The daemon's workers use the first of each\n" +
			"algorithm that is supported.\n\n" +
			"With --calibrate it runs the workers at 0, 25, 50 and 100 % of the cores, asks what a meter shows, and fits\n" +
			"what the machine draws without them and what each busy core adds. It takes a minute and a half.\n\n" +
			"With --worker it is such a worker, as the daemon starts it.",
		Example: "  curtaild hash --kernels\n  curtaild hash --kernels --json | jq '.[] | select(.verified)'\n" +
			"  curtaild hash --calibrate --workers 2",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case worker && kernels, worker && calibrate, kernels && calibrate:
				return statusError{2, errors.New("--worker, --kernels and --calibrate: one at a time")}
			case asJSON && !kernels && !calibrate:
				return statusError{2, errors.New("--json: only with --kernels or --calibrate")}
			case calibrate:
				c.asJSON = asJSON
				return hashCalibrate(cmd, c)
			case worker:
				return hasher.Worker(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
			case kernels:
				return hashKernels(cmd, asJSON)
			}
			return cmd.Help()
		},
	}
	cmd.Flags().BoolVar(&kernels, "kernels", false, "list, verify and time the ways to hash")
	cmd.Flags().BoolVar(&calibrate, "calibrate", false, "fit the power model against a meter")
	cmd.Flags().IntVar(&c.workers, "workers", runtime.NumCPU(), "calibrate with so many `workers`")
	cmd.Flags().StringVar(&c.algorithm, "algorithm", work.SHA256d.String(), "calibrate with this `algorithm`: sha256d or scrypt")
	cmd.Flags().BoolVar(&c.counter, "counter", false, "calibrate against the machine's own energy counter, and ask nobody")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	cmd.Flags().BoolVar(&worker, "worker", false, "work for a daemon that speaks over the pipes")
	return cmd
}

// timedKernel is a kernel on this machine, as scripts read it.
type timedKernel struct {
	Name            string         `json:"name"`
	Algorithm       work.Algorithm `json:"algorithm"`
	Supported       bool           `json:"supported"`         // by the CPU
	Verified        bool           `json:"verified"`          // against plain Go, just now
	CyclesPerHash   *float64       `json:"cycles_per_hash"`   // of the core's clock; null where it is not known
	HashesPerSecond *float64       `json:"hashes_per_second"` // of one core's time; null where it was not timed
}

func hashKernels(cmd *cobra.Command, asJSON bool) error {
	rows, failed := timeKernels(cmd.Context(), kernel.Kinds(), kernel.Measure, cmd.ErrOrStderr())
	if rows == nil {
		return failed
	}
	if asJSON {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return errors.Join(enc.Encode(rows), failed)
	}
	return errors.Join(printKernels(cmd.OutOrStdout(), rows), failed)
}

// measure is [kernel.Measure].
type measure func(kind kernel.Kind, progress func(part float64)) (kernel.Speed, error)

// timeKernels times each kind, and tells on progress which one. What
// fails is in the error, and in the rows all the same; there are none when it
// was interrupted.
func timeKernels(ctx context.Context, kinds []kernel.Kind, measure measure, out io.Writer) (rows []timedKernel, err error) {
	show := newProgress(out, "")
	defer show.end()
	for i, kind := range kinds {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		row := timedKernel{Name: kind.Name, Algorithm: kind.Algorithm, Supported: kind.Supported}
		if kind.Supported {
			show.name = "timing " + kind.Name
			if !show.terminal {
				fmt.Fprintf(out, "%s, %d of %d\n", show.name, i+1, len(kinds))
			}
			speed, failed := measure(kind, func(part float64) { show.at((float64(i) + part) / float64(len(kinds))) })
			err = errors.Join(err, failed)
			row.take(speed, failed)
		}
		rows = append(rows, row)
	}
	return rows, err
}

func (r *timedKernel) take(s kernel.Speed, failed error) {
	r.Verified = failed == nil
	if s.HashesPerSecond > 0 {
		r.HashesPerSecond = &s.HashesPerSecond
	}
	if s.CyclesPerHash > 0 {
		r.CyclesPerHash = &s.CyclesPerHash
	}
}

func printKernels(out io.Writer, rows []timedKernel) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "KERNEL\tALGORITHM\tCYCLES A HASH\tONE CORE\tSTATE")
	for _, r := range rows {
		state, cycles, rate := "verified", "-", "-"
		switch {
		case !r.Supported:
			state = "not supported by this CPU"
		case !r.Verified:
			state = "WRONG: not used"
		}
		if r.CyclesPerHash != nil {
			cycles = fmt.Sprintf("%.1f", *r.CyclesPerHash)
		}
		if r.HashesPerSecond != nil {
			rate = energy.HashRate(*r.HashesPerSecond).String()
		}
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%s\n", r.Name, r.Algorithm, cycles, rate, state)
	}
	return w.Flush()
}
