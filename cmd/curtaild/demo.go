package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/curtaild/curtaild/cmd/curtaild/demo"
)

// demoEnd is how long the demo may take to end: the loads have three seconds
// to stop, and the rest is writing.
const demoEnd = 10 * time.Second

func newDemo() *cobra.Command {
	var opts demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a day of sun and clouds with the real daemon and rigs that are not there",
		Long: "Runs the daemon, a broker, twenty emulated rigs and the real local hasher on one core, on a day of sun\n" +
			"and clouds that passes in five minutes. Needs nothing, installs nothing; everything is on loopback and in\n" +
			"one folder, which is kept to look at. On a terminal it shows the plant; into a pipe it writes lines.",
		Example: "  curtaild demo\n  curtaild demo --for 60s | cat\n  curtaild demo --dir /tmp/my-demo --seed 7",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("for") && opts.length <= 0 {
				return statusError{2, fmt.Errorf("--for %v: want a time above 0, as in 60s", opts.length)}
			}
			return runDemo(cmd.Context(), opts, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.DurationVar(&opts.length, "for", 0, "end after this long (default: at Ctrl-C)")
	f.StringVar(&opts.dir, "dir", "", "`folder` for config, records and log (default: a new one among the temporary files)")
	f.Uint64Var(&opts.seed, "seed", 1, "decides the weather and the rigs")
	f.BoolVar(&opts.lines, "plain", false, "write lines, also on a terminal")
	return cmd
}

type demoOptions struct {
	length time.Duration // 0: until it is interrupted
	dir    string
	seed   uint64
	lines  bool
}

// runDemo runs the demo until ctx ends, its time is over, or the person at the
// terminal has seen enough.
func runDemo(ctx context.Context, opts demoOptions, in io.Reader, out io.Writer) error {
	dir, err := demoDir(opts.dir)
	if err != nil {
		return err
	}
	intro := demo.Intro{Dir: dir, Socket: demoSocket(dir), Rigs: 2 * demoRigs, For: opts.length}
	screen := !opts.lines && isTerminal(in) && isTerminal(out)
	if !screen {
		(&demo.Plain{Out: out}).Begin(intro)
	}
	s, err := newDemoSite(dir, opts.seed)
	if err != nil {
		return err
	}
	defer s.close()
	// A terminal that was closed, and a reader that has gone, end it too.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	if opts.length > 0 {
		ctx, stop = context.WithTimeout(ctx, opts.length)
		defer stop()
	}
	var frame demo.Frame
	if screen {
		frame, err = s.onScreen(ctx, stop, intro, in, out)
	} else {
		frame, err = s.play(ctx, &demo.Plain{Out: out}, intro)
	}
	if err != nil {
		return fmt.Errorf("%w (the log is in %s)", err, s.log.Name())
	}
	records, err := s.records()
	if err != nil {
		return err
	}
	if _, err = fmt.Fprint(out, demo.Summary(frame, records)); errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) {
		return nil // nobody is there to read it
	}
	return err
}

func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
