// Command curtaild turns power that nobody may use into hashes: a daemon that
// runs flexible loads on a plant's surplus.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, newRoot()))
}

// statusError is an error that decides the exit status. Its text has been
// printed already where it is empty.
type statusError struct {
	status int
	err    error
}

func (e statusError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// execute runs the command line and returns the exit status: 0 for success, 2
// for a config or a command line that is wrong, 1 for all else.
func execute(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintln(root.ErrOrStderr(), "curtaild:", msg)
	}
	var s statusError
	if errors.As(err, &s) {
		return s.status
	}
	return 1
}

// newRoot is the command line.
func newRoot() *cobra.Command {
	run := newRun()
	root := &cobra.Command{
		Use:   "curtaild",
		Short: "Runs flexible loads on power that would otherwise be curtailed",
		Long: "curtaild subscribes to surplus readings and grid signals over MQTT, applies YAML policies to start,\n" +
			"throttle and stop local hashing workers and mining rigs, and writes energy use and hashes to InfluxDB.\n" +
			"Without a command it runs the daemon.",
		Example:       "  curtaild demo\n  curtaild check -c /etc/curtaild/config.yaml\n  curtaild run -c /etc/curtaild/config.yaml",
		Args:          noArgs,
		RunE:          run.RunE,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return statusError{2, err} })
	root.PersistentFlags().StringP("config", "c", "/etc/curtaild/config.yaml", "config `file`")
	root.PersistentFlags().String("socket", "/run/curtaild/api.sock", "`path` of the daemon's socket")
	root.AddCommand(run, newCheck(), newStatus(), newHold(), newDrain(), newDemo(), newSimulate(), newExplain(), newEmulate(), newHash(), newVersion())
	return root
}

// noArgs refuses arguments, and with them commands that there are not: a
// command line that is wrong ends with 2.
func noArgs(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return statusError{2, fmt.Errorf("%w (%s --help)", err, cmd.CommandPath())}
	}
	return nil
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  curtaild version", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "curtaild", version())
			return err
		},
	}
}

// version is what the build says of itself: the module's version, and the
// commit where there is one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value[:min(12, len(s.Value))]
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			v += " (modified)"
		}
	}
	return v + " " + info.GoVersion
}
