package luxos

import (
	"context"
	"errors"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/cgminer"
)

// rotation decides what a poll reads where reads cannot be joined. Power is
// read every other time; devices, which bear the temperatures, now and then.
type rotation struct {
	single bool // joined requests are not understood
	step   int
	urgent int // reads to make first: the configuration, then power
}

// rarely is how many rounds of four reads pass between two of the devices.
const rarely = 8

// next is the command to read.
func (r *rotation) next() string {
	if r.urgent > 0 {
		r.urgent--
		return [...]string{"power", "config"}[r.urgent]
	}
	r.step++
	switch {
	case r.step%(4*rarely) == 0:
		return "devs"
	case r.step%4 == 2:
		return "config"
	case r.step%4 == 0:
		return "summary"
	}
	return "power"
}

// changed says that a command is on its way: what was read is out of date.
func (r *rotation) changed() { r.urgent = 2 }

// Status implements [rigs.Driver].
func (d *Driver) Status(ctx context.Context) (rigs.Report, error) {
	for _, s := range []*source{&d.config, &d.summary, &d.power, &d.devs} {
		s.fresh = false
	}
	if !d.polls.single {
		err := d.readJoined(ctx)
		if err == nil {
			return d.report(), nil
		}
		if !refused(err) && !errors.Is(err, cgminer.ErrShape) {
			return rigs.Report{}, err
		}
		d.polls.single = true
	}
	if err := d.readSingle(ctx); err != nil {
		return rigs.Report{}, err
	}
	return d.report(), nil
}

func (d *Driver) readJoined(ctx context.Context) error {
	names := []string{"config", "summary", "power", "devs"}
	replies, err := d.rpc.CallAll(ctx, names...)
	if err != nil {
		return err
	}
	d.polls.urgent = 0
	now := time.Now()
	for _, name := range names {
		s, section := d.source(name)
		if err := s.take(replies[name], section, now); err != nil {
			return err
		}
	}
	return nil
}

// readSingle makes one read; at first, all that a report cannot do without.
func (d *Driver) readSingle(ctx context.Context) error {
	for _, name := range []string{"config", "summary", "power"} {
		if s, _ := d.source(name); s.at.IsZero() {
			if err := d.readOne(ctx, name); err != nil {
				return err
			}
		}
	}
	if d.power.fresh {
		return nil // the first time
	}
	urgent := d.polls.urgent
	if err := d.readOne(ctx, d.polls.next()); err != nil {
		d.polls.urgent = urgent
		return err
	}
	return nil
}

func (d *Driver) readOne(ctx context.Context, name string) error {
	reply, err := d.rpc.Call(ctx, name, "")
	if err != nil {
		return err
	}
	s, section := d.source(name)
	return s.take(reply, section, time.Now())
}

func (d *Driver) source(command string) (s *source, section string) {
	switch command {
	case "config":
		return &d.config, "CONFIG"
	case "summary":
		return &d.summary, "SUMMARY"
	case "power":
		return &d.power, "POWER"
	}
	return &d.devs, "DEVS"
}

func (s *source) take(reply cgminer.Reply, section string, now time.Time) error {
	rec, err := reply.First(section)
	if err != nil {
		return err
	}
	s.rec, s.all, s.at, s.fresh = rec, reply.Section(section), now, true
	return nil
}

// report puts together what the reads say.
func (d *Driver) report() rigs.Report {
	rep := rigs.Report{Level: d.config.rec.Text("Profile"), At: d.power.at, RateAt: d.summary.at}
	if d.config.fresh {
		rep.ID = d.id()
	}
	if w, ok := d.power.rec.Float("Watts"); ok && w >= 0 && w <= float64(rigs.MaxDraw) {
		rep.Draw, rep.Source = energy.Watts(w), energy.Estimated
		if psu, ok := d.power.rec.Bool("PSU"); ok && psu {
			rep.Source = energy.Measured
		}
	}
	if ghs, ok := d.summary.rec.Float("GHS 5s"); ok && ghs >= 0 && ghs <= float64(rigs.MaxRate/1e9) {
		rep.Rate = energy.HashRate(ghs * 1e9)
	}
	rep.Accepted, _ = d.summary.rec.Count("Accepted")
	rep.Rejected, _ = d.summary.rec.Count("Rejected")
	if s, ok := d.summary.rec.Float("Elapsed"); ok && d.summary.fresh && s > 0 && s < 1e9 {
		rep.Uptime = time.Duration(s * float64(time.Second))
	}
	for _, board := range d.devs.all {
		if t, ok := board.Float("Temperature"); ok {
			rep.TempC = max(rep.TempC, t)
		}
	}
	rep.State, rep.Fault = d.state(rep)
	return rep
}
