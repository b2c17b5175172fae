package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/scheduler"
)

func newExplain() *cobra.Command {
	var at, load, dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say why things were as they were, at any time on record",
		Long: "Goes through the record once more, up to the given time, with the config that was in force then, and says what\n" +
			"was known, what was decided, and why: readings, balance, limits, delays, policies and loads.\n" +
			"The daemon may run or not. Where nothing has changed, the last ten seconds are not on disk yet.",
		Example: "  curtaild explain\n  curtaild explain --at 14:05 --load a-1\n" +
			"  curtaild explain --at 2026-04-01T12:05:00Z --json | jq .balance",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var zone *time.Location
			if dir != "" {
				zone = recordedZone(dir)
			} else {
				cfg, faults := loadOffline(configPath(cmd))
				for _, f := range faults {
					fmt.Fprintln(cmd.ErrOrStderr(), f)
				}
				if cfg == nil {
					return statusError{status: 2}
				}
				dir, zone = cfg.Store.Path, cfg.Site.Zone
			}
			now := time.Now()
			t, err := parseAt(at, now, zone)
			if err != nil {
				return statusError{2, err}
			}
			x, err := explain(dir, t)
			if err != nil {
				return err
			}
			if load != "" {
				if err := only(x, load); err != nil {
					return err
				}
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(x)
			}
			_, err = cmd.OutOrStdout().Write(explainText(x, load != "", t))
			return err
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "`time`: 14:05, \"2026-04-01 14:05:30\" (both in the site's time zone), RFC 3339, or an age like 90m; default now")
	cmd.Flags().StringVar(&load, "load", "", "only the load of this `name`")
	cmd.Flags().StringVar(&dir, "store", "", "state `folder` to read, in place of the config's")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, for scripts")
	return cmd
}

// recordedZone is the site's time zone by what is on record in a state folder;
// the machine's where nothing is.
func recordedZone(dir string) *time.Location {
	zone := time.Local
	j, err := openJournal(dir)
	if err != nil {
		return zone
	}
	now := time.Now()
	stream, segment, _, err := j.find(now)
	if err != nil || stream == 0 {
		return zone
	}
	var r scheduler.Replay
	_ = j.frames(stream, segment, func(f scheduler.Frame) (bool, error) { // whoever asks will hear of the fault
		if err := cmp.Or(r.Add(f), r.Until(now)); err != nil {
			return true, err
		}
		x := r.Explain(now)
		if x != nil {
			if loc, err := time.LoadLocation(x.Zone); err == nil {
				zone = loc
			}
		}
		return x != nil, nil
	})
	return zone
}

// parseAt reads a time as people write it. A time of day is the last one of
// that name.
func parseAt(s string, now time.Time, zone *time.Location) (time.Time, error) {
	now = now.Round(0)
	if s == "" {
		return now, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if age, fault := time.ParseDuration(s); err != nil && fault == nil && age >= 0 {
		t, err = now.Add(-age), nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if err != nil {
			t, err = time.ParseInLocation(layout, s, zone)
		}
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if err == nil {
			break
		}
		var clock time.Time
		if clock, err = time.Parse(layout, s); err != nil {
			continue
		}
		y, m, d := now.In(zone).Date()
		t = time.Date(y, m, d, clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
		if t.After(now) {
			t = time.Date(y, m, d-1, clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
		}
	}
	switch {
	case err != nil:
		return t, fmt.Errorf(`--at %q is no time: write 14:05, "2026-04-01 14:05", 2026-04-01T12:05:00Z, or an age like 90m`, s)
	case t.After(now):
		return t, fmt.Errorf("--at %s has not been yet", t.In(zone).Format(time.DateTime))
	}
	return t, nil
}

// quiet is how long a loop that runs may have nothing on disk: it decides at
// least once a minute, and what is decided waits for ten seconds at most.
const quiet = 75 * time.Second

// explain goes through the record in a state folder up to t. Where the record
// of a daemon that runs is not on disk up to then, it tells of the last instant
// that is.
func explain(dir string, t time.Time) (*scheduler.Explanation, error) {
	j, err := openJournal(dir)
	if err != nil {
		return nil, err
	}
	stream, segment, newest, err := j.find(t)
	if err != nil {
		return nil, err
	}
	if stream == 0 {
		return nil, j.before(t)
	}
	var r scheduler.Replay
	fault := j.frames(stream, segment, func(f scheduler.Frame) (bool, error) {
		if err := r.Add(f); err != nil {
			return true, err
		}
		err := r.Until(t)
		return r.Beyond(), err
	})
	if fault != nil && !errors.Is(fault, scheduler.ErrGap) {
		return nil, fmt.Errorf("replay the record: %w", fault)
	}
	last, ended := r.Last()
	x := r.Explain(t)
	switch {
	case ended && t.After(last):
		return nil, fmt.Errorf("%s is not on record: the daemon had ended at %s", stamp(t), stamp(last))
	case fault != nil || x == nil || !r.Beyond() && (r.Rolled() || t.After(last) && !newest) || t.Sub(last) > quiet:
		return nil, fmt.Errorf("%s is not on record: the record of %s ends at %s, because the daemon was killed or records were lost",
			stamp(t), stamp(time.Unix(0, stream)), stamp(last))
	case !r.Beyond() && !ended:
		// What came since is not on disk: nobody knows how it stood then, and a
		// reading would look older than it was.
		x = r.Explain(last)
	}
	return x, nil
}

// before says that the record begins later than t.
func (j *journal) before(t time.Time) error {
	oldest, err := j.oldest()
	switch {
	case err != nil:
		return err
	case oldest.IsZero():
		return errors.New("nothing is on record: the daemon has not run with this state folder yet")
	}
	return fmt.Errorf("%s is not on record: it begins at %s", stamp(t), stamp(oldest))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// only leaves of an explanation what concerns one load.
func only(x *scheduler.Explanation, load string) error {
	i := slices.IndexFunc(x.Loads, func(l scheduler.ExplainedLoad) bool { return l.Name == load })
	if i < 0 {
		var names []string
		for _, l := range x.Loads[:min(len(x.Loads), 8)] {
			names = append(names, l.Name)
		}
		return fmt.Errorf("no load was named %q then; there were %d: %s", load, len(x.Loads), strings.Join(names, ", "))
	}
	x.Loads = x.Loads[i : i+1]
	return nil
}
