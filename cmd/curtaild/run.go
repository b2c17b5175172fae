package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/policies/strict"
)

func newRun() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the daemon (the default)",
		Long: "Runs the daemon until SIGTERM, which brings every load to its on_exit state.\n" +
			"SIGHUP reloads the config; a bad one is refused whole.",
		Example: "  curtaild run -c /etc/curtaild/config.yaml",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := configPath(cmd)
			cfg, faults := loadConfig(path)
			for _, f := range faults {
				fmt.Fprintln(cmd.ErrOrStderr(), f)
			}
			if cfg == nil {
				return statusError{status: 2}
			}
			return serve(cmd.Context(), path, cfg, newLog(os.Stderr), nil)
		},
	}
}

func configPath(cmd *cobra.Command) string {
	path, _ := cmd.Flags().GetString("config") // the flag is always defined
	return path
}

func loadConfig(path string) (*config.Config, strict.Faults) {
	return config.Load(path, configOptions())
}

// loadOffline reads the config for a command that connects to nothing.
func loadOffline(path string) (*config.Config, strict.Faults) {
	opts := configOptions()
	opts.Offline = true
	return config.Load(path, opts)
}

func configOptions() config.Options {
	return config.Options{Now: time.Now(), Reading: mqtt.CheckSpec, Payout: payable}
}

// newLog logs as text; under systemd the journal has the time already.
func newLog(f *os.File) *slog.Logger {
	opts := &slog.HandlerOptions{}
	if os.Getenv("JOURNAL_STREAM") != "" {
		opts.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(f, opts))
}
