package energy

import "time"

// Ramp is how fast a load's draw follows a set-point, in watts per second.
// Zero is at once. A device that boots takes its time, and one whose supply is
// cut takes none: ways from and to off may have slopes of their own.
type Ramp struct {
	Up, Down Watts
	Start    Watts // from off; 0: as Up
	Stop     Watts // to off; 0: as Down
}

// Between is the ramp of a change from one operating point to another, by
// their indices: its Up and Down are those that hold on this way.
func (r Ramp) Between(from, to int) Ramp {
	if from == Off && r.Start > 0 {
		r.Up = r.Start
	}
	if to == Off && r.Stop > 0 {
		r.Down = r.Stop
	}
	return Ramp{Up: r.Up, Down: r.Down}
}

// Course is the expected draw of a load on its way from one level to another,
// along a straight ramp. The zero Course is a load that draws nothing.
type Course struct {
	From Watts // at Start
	To   Watts
	Up   Watts // per second
	Down Watts
	// Start is when the draw was From.
	Start time.Time
}

// Toward returns the course from the draw at now, towards to.
func Toward(now time.Time, from, to Watts, r Ramp) Course {
	return Course{From: from, To: to, Up: r.Up, Down: r.Down, Start: now}
}

// At is the expected draw at t.
func (c Course) At(t time.Time) Watts {
	if c.From == c.To { // most loads, most of the time
		return c.To
	}
	return c.along(t)
}

// along is At of a course that leads somewhere.
func (c *Course) along(t time.Time) Watts {
	s := t.Sub(c.Start).Seconds()
	switch {
	case s <= 0 && c.rate() > 0:
		return c.From
	case c.rate() == 0:
		return c.To
	case c.To > c.From:
		return min(c.To, c.From+c.Up*Watts(s))
	default:
		return max(c.To, c.From-c.Down*Watts(s))
	}
}

// End is when the course reaches its level.
func (c *Course) End() time.Time {
	r := c.rate()
	if r == 0 || c.To == c.From {
		return c.Start
	}
	d := c.To - c.From
	if d < 0 {
		d = -d
	}
	return c.Start.Add(time.Duration(float64(d/r) * float64(time.Second)))
}

func (c *Course) rate() Watts {
	if c.To > c.From {
		return c.Up
	}
	return c.Down
}
