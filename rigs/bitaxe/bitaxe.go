package bitaxe

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
)

// Driver talks to one miner, over one connection that is kept alive.
type Driver struct {
	client client
	last   info // the last one read
	read   bool
	asic   *asic                   // read once
	named  []energy.OperatingPoint // by the operator; none: estimated
}

var (
	_ rigs.Driver  = (*Driver)(nil)
	_ rigs.Leveler = (*Driver)(nil)
	_ rigs.Closer  = (*Driver)(nil)
)

// Options of a driver. The zero value is good.
type Options struct {
	// Points are the operating points that the operator has named, by their
	// frequency ("525MHz"). They are the levels then, in place of the estimate.
	Points []energy.OperatingPoint
}

// New returns a driver for the miner at addr, host or host:port. It opens no
// connection.
func New(addr string, o Options) *Driver {
	return &Driver{client: newClient(addr), named: named(o.Points)}
}

// named are the points that are frequencies, under the driver's own spelling.
func named(points []energy.OperatingPoint) []energy.OperatingPoint {
	var levels []energy.OperatingPoint
	for _, p := range points {
		if mhz, ok := parseLevel(p.Name); ok {
			p.Name = levelName(mhz)
			levels = append(levels, p)
		}
	}
	return levels
}

// Identify implements [rigs.Driver].
func (d *Driver) Identify(ctx context.Context) (rigs.Identity, error) {
	if err := d.refresh(ctx); err != nil {
		return rigs.Identity{}, err
	}
	return rigs.Identity{ID: d.last.id(), Model: d.last.model(), Firmware: d.last.Version}, nil
}

// Status implements [rigs.Driver].
func (d *Driver) Status(ctx context.Context) (rigs.Report, error) {
	if err := d.refresh(ctx); err != nil {
		return rigs.Report{}, err
	}
	return d.last.report(), nil
}

func (d *Driver) refresh(ctx context.Context) error {
	var i info
	if err := d.client.get(ctx, "/api/system/info", &i); err != nil {
		return err
	}
	if i.MAC == "" {
		return fmt.Errorf("info: no macAddr: %w", rigs.ErrGarbage)
	}
	d.last, d.read = i, true
	return nil
}

// Pause implements [rigs.Driver].
func (d *Driver) Pause(ctx context.Context) error {
	if d.read && d.last.Paused == nil {
		return fmt.Errorf("pause: firmware %q, need v2.14.0: %w", d.last.Version, rigs.ErrUnsupported)
	}
	return d.client.send(ctx, http.MethodPost, "/api/system/pause", nil)
}

// Resume implements [rigs.Driver]. Firmware that cannot pause always hashes.
func (d *Driver) Resume(ctx context.Context) error {
	if d.read && d.last.Paused == nil {
		return nil
	}
	return d.client.send(ctx, http.MethodPost, "/api/system/resume", nil)
}

// Levels implements [rigs.Leveler].
func (d *Driver) Levels(ctx context.Context) ([]energy.OperatingPoint, error) {
	if len(d.named) > 0 {
		return slices.Clone(d.named), nil
	}
	if !d.read {
		if err := d.refresh(ctx); err != nil {
			return nil, err
		}
	}
	if d.asic == nil {
		var a asic
		if err := d.client.get(ctx, "/api/system/asic", &a); err != nil {
			return nil, err
		}
		d.asic = &a
	}
	return levels(d.last, *d.asic), nil
}

// SetLevel implements [rigs.Leveler]. The core voltage stays as it is.
func (d *Driver) SetLevel(ctx context.Context, name string) error {
	mhz, ok := parseLevel(name)
	if !ok {
		return fmt.Errorf("level %q: want a frequency such as 525MHz: %w", name, rigs.ErrUnsupported)
	}
	set := settings{Frequency: mhz}
	if mv, ok := d.last.CoreVoltage.within(minMV, maxMV); ok {
		set.CoreVoltage = mv
	}
	return d.client.send(ctx, http.MethodPatch, "/api/system", set)
}

// Close implements [rigs.Closer]: the connection is closed.
func (d *Driver) Close(context.Context) error {
	d.client.http.CloseIdleConnections()
	return nil
}

// The core voltages that we send back: what is beyond was misread, or would do
// harm.
const minMV, maxMV = 500, 2000

type settings struct {
	Frequency   float64 `json:"frequency"`
	CoreVoltage float64 `json:"coreVoltage,omitempty"`
}

func levelName(mhz float64) string { return strconv.FormatFloat(mhz, 'f', -1, 64) + "MHz" }

func parseLevel(name string) (mhz float64, ok bool) {
	digits, ok := strings.CutSuffix(strings.ToLower(strings.ReplaceAll(name, " ", "")), "mhz")
	mhz, err := strconv.ParseFloat(digits, 64)
	return mhz, ok && err == nil && mhz >= minMHz && mhz <= maxMHz
}
