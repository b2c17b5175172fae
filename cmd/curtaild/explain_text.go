package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// teller writes an explanation as sentences, with times on the site's clock.
type teller struct {
	bytes.Buffer
	x     *scheduler.Explanation
	asked time.Time
	zone  *time.Location
}

// explainText is an explanation for people who asked for a time; of a single
// load, without the policies that it has nothing to do with.
func explainText(x *scheduler.Explanation, single bool, asked time.Time) []byte {
	zone, err := time.LoadLocation(x.Zone)
	if err != nil {
		zone = time.UTC
	}
	t := &teller{x: x, asked: asked, zone: zone}
	t.heading()
	t.inputs()
	t.balance()
	t.limits()
	t.policies(single)
	t.loads()
	return t.Bytes()
}

func (t *teller) say(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

// clock is a time of day; with the date where that is another one.
func (t *teller) clock(at time.Time) string {
	at = at.In(t.zone)
	if y, m, d := t.x.At.In(t.zone).Date(); at.Year() == y && at.Month() == m && at.Day() == d {
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}

// lately is how long before the instant something was.
func (t *teller) lately(at time.Time) string {
	d := t.x.At.Sub(at)
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

func (t *teller) heading() {
	x := t.x
	t.say("At %s (%s). The decision in force was made at %s.", x.At.In(t.zone).Format("15:04:05 on Monday 2006-01-02"), x.Zone, t.clock(x.Decided))
	if t.asked.Sub(x.At) > time.Second {
		t.say("What came since is not on disk yet: what changes something takes a second, the rest ten.")
	}
	if x.Observe {
		t.say("The daemon only observed: nothing of this was commanded.")
	}
	if !x.Differs.IsZero() {
		t.say("CAREFUL: since %s this version does not decide as the one on record did (%s): what follows is not exact.", t.clock(x.Differs), x.Version)
	}
	switch {
	case x.Hold != nil:
		t.say("All loads were held off by %s, since %s.", x.Hold.By, t.clock(x.Hold.Since))
	case x.Stop != "":
		t.say("Everything was being stopped: %s.", phrase(x.Stop))
	}
}

func (t *teller) inputs() {
	t.say("\nREADINGS")
	if len(t.x.Inputs) == 0 {
		t.say("  There were none.")
	}
	for _, in := range t.x.Inputs {
		name := in.Name
		if string(in.Role) != in.Name {
			name += " (" + string(in.Role) + ")"
		}
		if in.Quality == "" {
			t.say("  %s had never been heard.", name)
			continue
		}
		by, verdict := "", "good"
		if in.By != "" {
			by = ", by its backup " + in.By
		}
		switch {
		case in.Quality == energy.Stale && t.x.At.Sub(in.At).Seconds() >= in.MaxAgeS:
			verdict = fmt.Sprintf("stale: older than its max_age of %s, so it was not acted on", brief(seconds(in.MaxAgeS)))
		case in.Quality != energy.Good:
			verdict = string(in.Quality) + ", so it was not acted on"
		}
		t.say("  %s: %s%s, measured at %s, %s old: %s.", name, amount(in.Role, in.Value), by, t.clock(in.At), t.lately(in.At), verdict)
	}
}

// amount is a reading in words.
func amount(role energy.Role, v float64) string {
	w := energy.Watts(v)
	switch role {
	case energy.RoleGrid:
		if v < 0 {
			return "exporting " + (-w).String()
		}
		return "importing " + w.String()
	case energy.RoleBattery:
		if v < 0 {
			return "discharging " + (-w).String()
		}
		return "charging " + w.String()
	case energy.RoleSoC:
		return fmt.Sprintf("%.4g %%", v)
	case energy.RoleImportPrice, energy.RoleExportPrice:
		return fmt.Sprintf("%.4g per MWh", v)
	case energy.RoleCarbon:
		return fmt.Sprintf("%.4g g/kWh", v)
	}
	return w.String() // all others are powers
}

func (t *teller) balance() {
	b := &t.x.Balance
	t.say("\nBALANCE")
	if !b.OK {
		t.say("  What was available was not known: %s.", phrase(b.Reason))
		return
	}
	by := map[string]string{energy.DrawByMeter: "by the sub-meter", energy.DrawByRigs: "by what they report", energy.DrawByEstimate: "as estimated"}[b.DrawBy]
	t.say("  Our loads drew %v, %s.", b.Draw, cmp.Or(by, b.DrawBy))
	t.net(b)
	switch diff := b.Available - b.Net; {
	case b.Available == 0 && b.Net < 0:
		t.say("  That is less than nothing, so none was available.")
	case diff > 1:
		t.say("  With %v more that was held back, or went into the battery, %v was available.", diff, b.Available)
	case diff < -1:
		t.say("  Less %v for the battery, %v was available.", -diff, b.Available)
	default:
		t.say("  So %v was available.", b.Available)
	}
	if b.Reason != "" {
		t.say("  A part was left out: %s.", phrase(b.Reason))
	}
}

// net says what our loads could draw at which grid power would be zero, and how
// that came about.
func (t *teller) net(b *scheduler.ExplainedBalance) {
	switch {
	case b.Kind == energy.BalanceGrid && b.Grid != nil:
		g := *b.Grid
		way := fmt.Sprintf("and %v was exported", -g)
		if g >= 0 {
			way = fmt.Sprintf("and %v was imported", g)
		}
		t.say("  When the grid was measured they drew %v, %s: so without import they could draw %v.", b.Net+g, way, b.Net)
	case b.Kind == energy.BalanceSurplus && b.Surplus != nil:
		t.say("  The surplus was %v, and what they had taken of it already %v: so they could draw %v.", *b.Surplus, b.Net-*b.Surplus, b.Net)
	case b.Generation != nil && b.Load != nil:
		t.say("  Generation was %v and the site's load %v, of which ours was %v: so they could draw %v.",
			*b.Generation, *b.Load, b.Net-(*b.Generation-*b.Load), b.Net)
	default:
		t.say("  Without import they could draw %v.", b.Net)
	}
}

func (t *teller) limits() {
	if len(t.x.Limits) == 0 {
		return
	}
	t.say("\nLIMITS")
	for _, l := range t.x.Limits {
		who, what := "The site's import limit", fmt.Sprintf("no more than %v drawn by all loads", l.Max)
		if l.At == energy.AtPCCImport {
			what = fmt.Sprintf("no more than %v imported", l.Max)
		}
		if l.Source != "" {
			who = fmt.Sprintf("Signal %s of %s", l.ID, l.Source)
		}
		if l.Reason == energy.SignalStop {
			what = "everything off, until it is released"
		}
		if !l.Until.IsZero() {
			what += ", until " + t.clock(l.Until)
		}
		bound := "It did not bind."
		if l.Binds {
			bound = "It bound."
		}
		t.say("  %s: %s. %s", who, what, bound)
	}
}

func (t *teller) policies(single bool) {
	t.say("\nPOLICIES")
	if len(t.x.Policy) == 0 {
		t.say("  There were none.")
	}
	for i := range t.x.Policy {
		p := &t.x.Policy[i]
		if single && p.Name != t.x.Loads[0].Policy && t.x.Loads[0].Policy != "" {
			continue
		}
		t.policy(p)
	}
}

func (t *teller) policy(p *scheduler.ExplainedPolicy) {
	state := "was closed"
	if p.Open {
		state = fmt.Sprintf("was open and ran %s with %v", plural(p.Loads, "load"), p.Granted)
	}
	t.say("  %s %s: %s.", p.Name, state, phrase(p.Reason))
	if p.Gated && p.Reason != energy.Closed && p.Reason != energy.Clock && p.Reason != energy.StaleInput && p.Reason != energy.StaleKeep && t.x.Stop == "" {
		less := ""
		if p.Reserve > 0 {
			less = fmt.Sprintf(" after its reserve of %v", p.Reserve)
		}
		t.say("    It saw %v%s; it starts above %v%s, and stops below %v%s.",
			p.Left, less, p.Start.Power, lasting(p.Start.ForS), p.Stop.Power, lasting(p.Stop.ForS))
	}
	if d := p.Timer; d != nil {
		switch d.Reason {
		case energy.StartDelay:
			t.say("    There has been enough since %s; its start delay ends at %s.", t.clock(d.Since), t.clock(d.Until))
		case energy.StopDelay:
			t.say("    There has been too little since %s; its stop delay ends at %s.", t.clock(d.Since), t.clock(d.Until))
		case energy.StaleKeep:
			verb := "ends"
			if !d.Until.After(t.x.At) {
				verb = "ended"
			}
			t.say("    Its inputs have been stale since %s; its keep %s at %s.", t.clock(d.Since), verb, t.clock(d.Until))
		}
	}
	if !p.Next.IsZero() {
		verb := "opens"
		if p.Reason != energy.Closed {
			verb = "changes"
		}
		t.say("    Its schedule %s next at %s.", verb, t.clock(p.Next))
	}
}

func lasting(s float64) string {
	if s <= 0 {
		return ""
	}
	return " for " + brief(seconds(s))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// brief is a duration without its zeroes: 10m, not 10m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
