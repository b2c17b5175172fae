package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

func newSimulate() *cobra.Command {
	var opts simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Try policies on recorded readings",
		Long: "With --exec-protocol it is a filter: JSON lines in, one that describes a fleet and one for each tick,\n" +
			"and a line of levels out for each tick (docs/operating.md). In policies every name then stands for all rigs.",
		Example: "  curtaild simulate --exec-protocol",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runSimulate(cmd, opts) },
	}
	f := cmd.Flags()
	f.BoolVar(&opts.filter, "exec-protocol", false, "decide for a program that simulates the fleet itself")
	f.StringVar(&opts.policies, "policies", "", "policies in this `folder` or file, in place of the config's")
	return cmd
}

type simulateOptions struct {
	filter   bool
	policies string
}

func runSimulate(cmd *cobra.Command, opts simulateOptions) error {
	if !opts.filter {
		return statusError{2, errors.New("nothing to simulate: give --exec-protocol")}
	}
	var ps []policies.Policy
	if opts.policies != "" {
		var faults strict.Faults
		if ps, faults = readPolicies(opts.policies); faults.Err() != nil {
			return statusError{2, faults}
		}
	}
	err := simulate.Filter(cmd.InOrStdin(), cmd.OutOrStdout(), ps)
	var line *simulate.LineError
	if errors.As(err, &line) {
		return statusError{2, err}
	}
	return err
}

// readPolicies reads the policies of a file, or of all *.yaml in a folder in
// the order of their names.
func readPolicies(path string) ([]policies.Policy, strict.Faults) {
	fault := func(err error) strict.Faults {
		return strict.Faults{strict.At(strict.Pos{File: path, Line: 1, Column: 1}, strict.Error, "cannot be read: %v", err)}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault(err)
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.yaml")); err != nil || len(files) == 0 {
			return nil, fault(fmt.Errorf("holds no *.yaml"))
		}
		slices.Sort(files)
	}
	var out []policies.Policy
	var faults strict.Faults
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, fault(err)
		}
		ps, found := policies.Load(file, src)
		out, faults = append(out, ps...), append(faults, found...)
	}
	if faults.Err() == nil {
		// What the policies name is for whoever has the loads to judge.
		faults = append(faults, policies.Check(out, policies.Site{Zone: time.UTC, Now: time.Now(), Partial: true})...)
	}
	return out, faults
}
