package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
)

// dial returns a client of the daemon that the command line means.
func dial(cmd *cobra.Command) *api.Client {
	socket, _ := cmd.Flags().GetString("socket") // the flag is always defined
	return api.Dial(socket)
}

func newHold() *cobra.Command {
	var all string
	var release bool
	cmd := &cobra.Command{
		Use:     "hold",
		Short:   "Stop all loads until released, also over restarts",
		Example: "  curtaild hold --all off\n  curtaild hold --release",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			did := "all loads are held off, until: curtaild hold --release"
			switch {
			case release && all == "":
				err, did = dial(cmd).Release(cmd.Context()), "released"
			case all == "off" && !release:
				err = dial(cmd).Hold(cmd.Context())
			default:
				return statusError{2, errors.New("say what to hold: hold --all off, or hold --release")}
			}
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), did)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&all, "all", "", "what all loads are held at: `off`")
	cmd.Flags().BoolVar(&release, "release", false, "end the hold")
	return cmd
}

func newDrain() *cobra.Command {
	return &cobra.Command{
		Use:   "drain",
		Short: "Stop all loads, then end the daemon",
		Long: "Stops all loads, whatever their on_exit state, and ends the daemon once they have confirmed it or\n" +
			"exit_within has passed. For work on the plant, or before the box is switched off.",
		Example: "  curtaild drain",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := dial(cmd)
			if _, err := c.Status(cmd.Context()); err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "draining: waiting for the loads to stop")
			if err := c.Drain(cmd.Context()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "drained: the daemon has ended")
			return err
		},
	}
}

func newStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show what the daemon sees and does, and why",
		Example: "  curtaild status\n  curtaild status --json | jq .power",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := dial(cmd).Status(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(s)
			}
			return printStatus(cmd.OutOrStdout(), s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	return cmd
}

func printStatus(out io.Writer, s api.Status) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	row := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	row("%s\t%s, up %v, version %s", s.Site, s.Mode, s.At.Sub(s.Started).Round(time.Second), s.Version)
	if s.Hold != nil {
		row("HOLD\tall loads are off since %s, by %s (curtaild hold --release ends it)", s.Hold.Since.Format(time.RFC3339), s.Hold.By)
	}
	power := fmt.Sprintf("available %v, granted %v, draw %v (by %s)", energy.Watts(s.Power.AvailableW), energy.Watts(s.Power.GrantedW), energy.Watts(s.Power.DrawW), s.Power.DrawBy)
	if !s.Power.OK {
		power = "nothing to act on: " + string(s.Power.Reason)
	}
	row("power\t%s", power)
	if f := s.Forecast; f != nil {
		next := "does not reach an hour ahead"
		if f.NextHourW != nil {
			next = fmt.Sprintf("%v in the next hour", energy.Watts(*f.NextHourW))
		}
		row("forecast\t%s, trusted to %.0f %%", next, 100*f.Trust)
	}
	row("hashing\t%v", energy.HashRate(s.Power.HashrateHS))
	row("broker\t%s\t%s", s.MQTT.Broker, upDown(s.MQTT.Connected, s.MQTT.Error))
	row("records\t%d written, %d waiting for the disk\t%s", s.Spool.Written, s.Spool.Buffered, s.Spool.Error)
	if s.Influx != nil {
		row("influxdb\t%s, %d written, %d behind, %d set aside\t%s", s.Influx.State, s.Influx.Written, s.Influx.Behind, s.Influx.Rejected, s.Influx.Error)
	}
	row("\nREADING\tROLE\tVALUE\tAGE\tQUALITY\tREFUSED")
	for _, in := range s.Inputs {
		refused := uint64(0)
		for _, n := range in.Refused {
			refused += n
		}
		quality, age := string(in.Quality), fmt.Sprintf("%.0f s", in.AgeS)
		if quality == "" {
			quality, age = "never heard", "-"
		}
		row("%s\t%s\t%.1f\t%s\t%s\t%d", in.Name, in.Role, in.Value, age, quality, refused)
	}
	row("\nLOAD\tSTATE\tSET TO\tDRAW\tHASHING\tPOLICY\tREASON\t")
	for _, l := range s.Loads {
		row("%s\t%s\t%s\t%v\t%v\t%s\t%s\t%s", l.Name, l.State, l.Point, energy.Watts(l.DrawW), energy.HashRate(l.HashrateHS), l.Policy, l.Reason, l.Error)
	}
	printPools(row, s.Loads)
	printYield(row, s.Loads)
	if len(s.Signals) > 0 {
		row("\nSIGNAL\tID\tKIND\tSTATE\tREASON")
	}
	for _, g := range s.Signals {
		row("%s\t%s@%d\t%s\t%s\t%s", g.Source, g.Status.ID, g.Status.Revision, g.Kind, g.Status.State, g.Status.Reason)
	}
	return w.Flush()
}

func upDown(up bool, why string) string {
	if up {
		return "connected"
	}
	return "not connected: " + why
}
