package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const totalsEvery = 5 * time.Second

// Plain writes lines, for a pipe, a file or a terminal that can do no more.
type Plain struct {
	Out io.Writer

	next time.Duration
}

// Begin writes what the demo is, before anything runs.
func (p *Plain) Begin(in Intro) {
	end := "Ctrl-C ends it"
	if in.For > 0 {
		end = "it ends after " + in.For.String()
	}
	p.line("curtaild demo: %d emulated rigs, one real hashing worker, and a day of sun that passes in 5 minutes; %s", in.Rigs, end)
	p.line("       all of it is in %s; look on with: curtaild status --socket %s", in.Dir, in.Socket)
}

func (p *Plain) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.Out, format+"\n", args...) // who does not listen any more is not told
}

// Tell is part of [View].
func (p *Plain) Tell(events []Event) {
	for _, e := range events {
		for _, l := range e.Lines() {
			p.line("%s  %s", e.Moment.Clock(), l)
		}
	}
}

// Show is part of [View].
func (p *Plain) Show(f Frame) {
	if f.Elapsed < p.next || !f.Heard {
		return
	}
	p.next = f.Elapsed.Truncate(totalsEvery) + totalsEvery
	p.line("%s  == %s", f.Power.Moment.Clock(), totalsLine(f))
}

func totalsLine(f Frame) string {
	w := &f.Power
	grid := "export " + watts(-w.Grid)
	if w.Grid > 0 {
		grid = "import " + watts(w.Grid)
	}
	parts := []string{"sun " + watts(w.Made()), "site " + watts(w.Sky.Load), "loads " + watts(w.Ours), grid}
	if w.Curtailed > 0 {
		parts = append(parts, "curtailed "+watts(w.Curtailed))
	}
	return fmt.Sprintf("%s; %d of %d on, %s; so far %s, %s imported, %d shares", strings.Join(parts, ", "),
		f.Totals.On, len(f.Loads), rate(f.Totals.Rate), wattHours(f.Sums.Ours), wattHours(f.Sums.OursImported), f.Totals.Accepted)
}

// Records is what the demo has left on disk.
type Records struct {
	Count int
	Bytes int64
	Dir   string
}

// Summary is what the demo came to, in a few lines.
func Summary(f Frame, r Records) string {
	played := (f.Elapsed * Speed).Round(time.Minute)
	absorbed := f.Sums.Ours - f.Sums.OursImported
	cost := "no hashes yet"
	if j := f.Totals.JoulesPerTH(); j > 0 {
		cost = fmt.Sprintf("%.1f J/TH", j)
	}
	rows := [][2]string{
		{"time", fmt.Sprintf("%v, in which %.1f h of daylight were played", f.Elapsed.Round(time.Second), played.Hours())},
		{"decisions", fmt.Sprintf("%d set-points, each with its reason", f.Totals.Changes)},
		{"energy", fmt.Sprintf("%s of surplus absorbed, %s imported for it; %s exported, %s curtailed",
			wattHours(absorbed), wattHours(f.Sums.OursImported), wattHours(f.Sums.Exported), wattHours(f.Sums.Curtailed))},
		{"hashing", fmt.Sprintf("%s, %s; %d shares accepted", hashes(f.Totals.Hashes), cost, f.Totals.Accepted)},
		{"records", fmt.Sprintf("%d, %d kB, in %s", r.Count, (r.Bytes+999)/1000, r.Dir)},
		{"look at", fmt.Sprintf("%s: config.yaml, policies and curtaild.log", f.Intro.Dir)},
	}
	var b strings.Builder
	b.WriteString("The demo has ended.\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "  %-10s %s\n", row[0], row[1])
	}
	return b.String()
}
