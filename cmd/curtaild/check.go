package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/policies/strict"
)

func newCheck() *cobra.Command {
	var live, asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the config and the policies it names",
		Long: "Prints every fault on a line of its own, as file:line:column: message, on standard error.\n" +
			"The exit status is 0, or 2 if there is a fault. With --live it also connects: it shows each reading as it\n" +
			"was understood, and each rig, the broker and the database as reached or not (then 1 if one was not).",
		Example: "  curtaild check -c config.yaml\n  curtaild check -c config.yaml --live",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, faults := loadConfig(configPath(cmd))
			if err := printFaults(cmd, cfg, faults, asJSON && !live); err != nil {
				return err
			}
			switch {
			case cfg == nil:
				return statusError{status: 2}
			case live:
				return checkLive(cmd, cfg, asJSON)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "connect to everything that the config names")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	return cmd
}

func printFaults(cmd *cobra.Command, cfg *config.Config, faults strict.Faults, asJSON bool) error {
	if asJSON {
		if faults == nil {
			faults = strict.Faults{}
		}
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			OK     bool          `json:"ok"`
			Faults strict.Faults `json:"faults"`
		}{cfg != nil, faults})
	}
	var errs []error
	for _, f := range faults {
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), f)
		errs = append(errs, err)
	}
	if cfg != nil {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: ok: %d readings, %d loads, %d policies\n",
			configPath(cmd), len(cfg.Readings), loadsOf(cfg), len(cfg.Policies))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func loadsOf(cfg *config.Config) int {
	if cfg.Hasher != nil {
		return len(cfg.Rigs) + 1
	}
	return len(cfg.Rigs)
}
