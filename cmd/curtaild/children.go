package main

import (
	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/rigs/emulate"
)

func newHash() *cobra.Command {
	var worker bool
	cmd := &cobra.Command{
		Use:     "hash",
		Short:   "The local hashing workers, as the daemon starts them",
		Example: "  curtaild hash --worker",
		Hidden:  true,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !worker {
				return cmd.Help()
			}
			return hasher.Worker(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&worker, "worker", false, "work for a daemon that speaks over the pipes")
	return cmd
}

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
	f.StringVar(&cfg.Control, "control", "", "`address` where meters are read and faults are injected")
	return cmd
}
