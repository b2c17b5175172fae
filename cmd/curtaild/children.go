package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/rigs/emulate"
)

func newEmulate() *cobra.Command {
	var cfg emulate.Config
	var running bool
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Run emulated rigs that speak their wire protocol",
		Long: "Runs rigs that are not there, on loopback ports, until it is interrupted: to try a config, or to load a\n" +
			"daemon. Prints one line of JSON for each.",
		Example: "  curtaild emulate --rigs 20 --family luxos --time-scale 10",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkEmulate(cfg); err != nil {
				return statusError{2, err}
			}
			cfg.Out = cmd.OutOrStdout()
			cfg.Fleet.Rig.Running = running
			return emulate.Serve(cmd.Context(), cfg)
		},
	}
	f := cmd.Flags()
	f.IntVar(&cfg.Fleet.Rigs, "rigs", 20, "how many")
	f.StringSliceVar(&cfg.Fleet.Families, "family", emulate.Families(), "families; several take turns")
	f.IntVar(&cfg.Fleet.BasePort, "port", 0, "port of the first, the others follow; 0: any free ones")
	f.Uint64Var(&cfg.Fleet.Seed, "seed", 1, "decides models, addresses and all that looks random")
	f.Float64Var(&cfg.Fleet.Rig.TimeScale, "time-scale", 1, "how many times faster than real ones they ramp")
	f.BoolVar(&running, "running", false, "they hash from the start")
	f.StringVar(&cfg.Control, "control", "", "loopback `address` where meters are read and faults are injected")
	return cmd
}

// checkEmulate reports the first flag that is wrong, by its name.
func checkEmulate(cfg emulate.Config) error {
	fleet := cfg.Fleet
	if fleet.Rigs < 1 || fleet.Rigs > emulate.MaxRigs {
		return fmt.Errorf("--rigs %d: want 1 to %d", fleet.Rigs, emulate.MaxRigs)
	}
	if len(fleet.Families) == 0 {
		return fmt.Errorf("--family: want some of %q", emulate.Families())
	}
	for _, name := range fleet.Families {
		if !slices.Contains(emulate.Families(), name) {
			return fmt.Errorf("--family %q: want one of %q", name, emulate.Families())
		}
	}
	if port := fleet.BasePort; port < 0 || port > 65535 || port > 0 && port+fleet.Rigs-1 > 65535 {
		return fmt.Errorf("--port %d: %d rigs need as many ports up to 65535", port, fleet.Rigs)
	}
	if scale := fleet.Rig.TimeScale; !(scale > 0) || math.IsInf(scale, 0) {
		return fmt.Errorf("--time-scale %v: want a number above 0", scale)
	}
	if cfg.Control == "" {
		return nil
	}
	if err := emulate.CheckControl(cfg.Control); err != nil {
		return fmt.Errorf("--control: %w", err)
	}
	return nil
}
