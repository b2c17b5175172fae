package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

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
			"was understood, and each rig and pool, the broker and the database as reached or not (then 1 if one was not).\n" +
			"With --json it prints one object: ok, faults and, with --live, findings.",
		Example: "  curtaild check -c config.yaml\n  curtaild check -c config.yaml --live",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return checkJSON(cmd, live)
			}
			return checkText(cmd, live)
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "connect to everything that the config names")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	return cmd
}

// checked is what a check has found, as scripts read it.
type checked struct {
	OK       bool          `json:"ok"`
	Faults   strict.Faults `json:"faults"`
	Findings []finding     `json:"findings,omitzero"` // with --live; nil: not looked for
}

// checkJSON prints one object, whatever there is to say.
func checkJSON(cmd *cobra.Command, live bool) error {
	cfg, faults := loadConfig(configPath(cmd))
	out := checked{OK: cfg != nil, Faults: append(strict.Faults{}, faults...)}
	var verdict error
	if cfg == nil {
		verdict = statusError{status: 2}
	}
	if live {
		out.Findings = []finding{}
		if cfg != nil {
			out.Findings = append(out.Findings, checkLive(cmd.Context(), cfg)...)
			verdict = reached(out.Findings)
			out.OK = verdict == nil
		}
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	return verdict
}

// checkText prints faults on standard error, all else on standard output.
func checkText(cmd *cobra.Command, live bool) error {
	cfg, faults := loadConfig(configPath(cmd))
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
	if err := errors.Join(errs...); err != nil {
		return err
	}
	switch {
	case cfg == nil:
		return statusError{status: 2}
	case !live:
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "listening to %d readings for up to %v, asking %d rigs\n", len(cfg.Readings), listenFor, len(cfg.Rigs))
	found := checkLive(cmd.Context(), cfg)
	if err := printFindings(cmd.OutOrStdout(), found); err != nil {
		return err
	}
	return reached(found)
}

func printFindings(w io.Writer, found []finding) error {
	for _, f := range found {
		mark := "ok   "
		if !f.OK {
			mark = "FAULT"
		}
		if _, err := fmt.Fprintf(w, "%s %-8s %s: %s\n", mark, f.Kind, f.Name, plain(f.Says)); err != nil {
			return err
		}
	}
	return nil
}

// plain keeps what a device or a server says from moving the cursor.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// reached is nil if all that was looked for is there.
func reached(found []finding) error {
	for _, f := range found {
		if !f.OK {
			return statusError{1, errors.New("not everything was reached")}
		}
	}
	return nil
}

func loadsOf(cfg *config.Config) int {
	if cfg.Hasher != nil {
		return len(cfg.Rigs) + 1
	}
	return len(cfg.Rigs)
}
