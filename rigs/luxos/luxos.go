package luxos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/cgminer"
)

// Options of a driver. The zero value is good.
type Options struct {
	// Overclock offers profiles above the nominal one too. Without it they are
	// offered only up to the profile that was set when the rig was first read.
	Overclock bool
	RPC       cgminer.Options
}

// Driver talks to one rig.
type Driver struct {
	rpc     *cgminer.Client
	opts    Options
	session session
	polls   rotation

	config, summary, power, devs source
	atmWas                       *bool // as it was before we changed it; nil: not changed
	atmOff                       bool  // known to be off
}

// source is the latest answer to one read.
type source struct {
	rec   cgminer.Record
	all   []cgminer.Record
	at    time.Time
	fresh bool // read in this poll
}

var (
	_ rigs.Driver  = (*Driver)(nil)
	_ rigs.Leveler = (*Driver)(nil)
	_ rigs.Readier = (*Driver)(nil)
	_ rigs.Closer  = (*Driver)(nil)
)

// New returns a driver for the rig at addr, host or host:port. It opens no
// connection.
func New(addr string, o Options) *Driver {
	return &Driver{rpc: cgminer.New(addr, o.RPC), opts: o}
}

// RPC is the client, for its counters.
func (d *Driver) RPC() *cgminer.Client { return d.rpc }

// Identify implements [rigs.Driver]. It reads the configuration, which bears
// all of it.
func (d *Driver) Identify(ctx context.Context) (rigs.Identity, error) {
	reply, err := d.rpc.Call(ctx, "config", "")
	if err != nil {
		return rigs.Identity{}, err
	}
	if err := d.config.take(reply, "CONFIG", time.Now()); err != nil {
		return rigs.Identity{}, err
	}
	who := rigs.Identity{ID: d.id(), Model: d.config.rec.Text("Model"), Firmware: reply.Desc}
	if who.ID == "" {
		return who, fmt.Errorf("config: no MACAddr: %w", cgminer.ErrShape)
	}
	return who, nil
}

func (d *Driver) id() string { return strings.ToLower(d.config.rec.Text("MACAddr")) }

// Pause implements [rigs.Driver] by curtailment sleep.
func (d *Driver) Pause(ctx context.Context) error { return d.curtail(ctx, "sleep") }

// Resume implements [rigs.Driver] by waking up.
func (d *Driver) Resume(ctx context.Context) error { return d.curtail(ctx, "wakeup") }

func (d *Driver) curtail(ctx context.Context, action string) error {
	d.polls.changed()
	return d.write(ctx, "curtail", action)
}

// Levels implements [rigs.Leveler]: the profiles, up to the nominal one.
func (d *Driver) Levels(ctx context.Context) ([]energy.OperatingPoint, error) {
	reply, err := d.rpc.Call(ctx, "profiles", "")
	if err != nil {
		return nil, err
	}
	points := levels(reply.Section("PROFILES"), d.config.rec.Text("Profile"), d.opts.Overclock)
	if len(points) == 0 {
		return nil, fmt.Errorf("profiles: none with watts: %w", cgminer.ErrShape)
	}
	return points, nil
}

// SetLevel implements [rigs.Leveler] by setting the profile of that name.
func (d *Driver) SetLevel(ctx context.Context, name string) error {
	if strings.ContainsAny(name, ", ") || strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return fmt.Errorf("profile %q: not a name: %w", name, rigs.ErrUnsupported)
	}
	if err := d.atmAside(ctx); err != nil {
		return err
	}
	d.polls.changed()
	return d.write(ctx, "profileset", name)
}

// atmAside switches the firmware's own profile switching off, once, and
// remembers how it was.
func (d *Driver) atmAside(ctx context.Context) error {
	if d.atmOff {
		return nil
	}
	reply, err := d.rpc.Call(ctx, "atm", "")
	if err != nil {
		if refused(err) { // a model without it
			d.atmOff = true
			return nil
		}
		return err
	}
	rec, err := reply.First("ATM")
	if err != nil {
		return err
	}
	on, ok := rec.Bool("Enabled")
	if !ok {
		return fmt.Errorf("atm: no Enabled: %w", cgminer.ErrShape)
	}
	if on {
		if err := d.write(ctx, "atmset", "enabled=false"); err != nil {
			return err
		}
		if d.atmWas == nil {
			d.atmWas = &on
		}
	}
	d.atmOff = true
	return nil
}

// Ready implements [rigs.Readier]: it sees to it that a session is open and
// has some time left.
func (d *Driver) Ready(ctx context.Context) error { return d.keepSession(ctx) }

// Close implements [rigs.Closer]: ATM as it was, and the session given back.
func (d *Driver) Close(ctx context.Context) error {
	var errs []error
	if d.atmWas != nil {
		if err := d.write(ctx, "atmset", fmt.Sprintf("enabled=%t", *d.atmWas)); err != nil {
			errs = append(errs, err)
		} else {
			d.atmWas, d.atmOff = nil, false
		}
	}
	return errors.Join(append(errs, d.logoff(ctx))...)
}

func refused(err error) bool { return errors.Is(err, rigs.ErrRefused) }
