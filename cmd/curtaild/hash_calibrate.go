package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/power"
	"github.com/curtaild/curtaild/hasher/work"
)

// calibration is what `curtaild hash --calibrate` is asked for.
type calibration struct {
	workers   int
	algorithm string
	counter   bool // go by the machine's counter in place of asking
	asJSON    bool
}

// hashCalibrate runs the real workers at some duties, and fits what the machine
// draws then.
func hashCalibrate(cmd *cobra.Command, c calibration) error {
	var algorithm work.Algorithm
	if err := algorithm.UnmarshalText([]byte(c.algorithm)); err != nil {
		return statusError{2, err}
	}
	ctx, errOut := cmd.Context(), cmd.ErrOrStderr()
	counter, err := power.Find(os.DirFS("/"), power.Auto, time.Now())
	if c.counter && err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	var meter wattmeter = &asked{lines: readAnswers(ctx, cmd.InOrStdin()), out: errOut}
	if c.counter {
		meter, counter = &counted{counter: counter, over: settling}, nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("calibrate: find our own program for the workers: %w", err)
	}
	b, err := startBench(ctx, self, c.workers, algorithm)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	defer b.stop()
	steps, err := climb(ctx, b, meter, counter, errOut)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	f, err := fitPower(steps, c.workers)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	f.Algorithm, f.Kernel = algorithm, b.kernel()
	if c.asJSON {
		return f.writeJSON(cmd.OutOrStdout())
	}
	return f.write(cmd.OutOrStdout())
}

// wattmeter tells what the machine draws.
type wattmeter interface {
	watts(ctx context.Context) (energy.Watts, error)
}

// asked is a meter that a person reads.
type asked struct {
	lines <-chan string // closed at the end of what is typed
	out   io.Writer
}

// mostAsked is more than a machine with a worker of ours draws.
const mostAsked = energy.Watts(20e3)

// watts asks until the answer is a power.
func (a *asked) watts(ctx context.Context) (energy.Watts, error) {
	for {
		fmt.Fprint(a.out, "What does the meter show, as in 43.5 W? ")
		var line string
		var more bool
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case line, more = <-a.lines:
		}
		if !more {
			return 0, errors.New("no answer: it needs somebody to read a meter, or --counter")
		}
		w, err := energy.ParseWatts(line)
		if err == nil && (w <= 0 || w > mostAsked) {
			err = fmt.Errorf("power %q: want more than 0 W, and at most %v", line, mostAsked)
		}
		if err == nil {
			return w, nil
		}
		fmt.Fprintln(a.out, err)
	}
}

// longestAnswer bounds a line that is typed.
const longestAnswer = 4096

// readAnswers hands out lines until the input, or the context, ends.
func readAnswers(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() { // ends with the program, at the latest: reading a terminal cannot be called off
		defer close(lines)
		sc := bufio.NewScanner(in)
		sc.Buffer(nil, longestAnswer)
		for sc.Scan() {
			select {
			case lines <- sc.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// counted is the machine's own counter as a meter.
type counted struct {
	counter power.Counter
	over    time.Duration
}

func (c *counted) watts(ctx context.Context) (energy.Watts, error) {
	from, err := readCounter(c.counter)
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(c.over):
	}
	to, err := readCounter(c.counter)
	if err != nil {
		return 0, err
	}
	return from.until(to), nil
}

// tally is what a counter shows at a time.
type tally struct {
	total energy.Joules
	at    time.Time
}

func readCounter(c power.Counter) (tally, error) {
	now := time.Now()
	total, err := c.Energy(now)
	return tally{total, now}, err
}

// until is the mean power between two tallies.
func (t tally) until(later tally) energy.Watts {
	return energy.Watts(float64(later.total-t.total) / later.at.Sub(t.at).Seconds())
}
