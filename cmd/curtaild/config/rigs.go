package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// Family is what the config has to know of a rig family.
type Family struct {
	Name string
	Port int // where its devices listen
}

// Families are the rig families that the config knows.
func Families() []Family {
	return []Family{{"luxos", 4028}, {"bitaxe", 80}}
}

func (l *loader) rigs(list []*strict.Map) {
	hosts := map[string]strict.Pos{}
	for _, m := range list {
		m.Require("name", "family", "hosts")
		name := policies.Name(m.At("name"))
		if name != "" {
			m.Label(fmt.Sprintf("rig %q", name))
		}
		rig, port := l.rig(m)
		all, ok := l.expand(m.At("hosts"), port)
		l.partial = l.partial || !ok || name == ""
		m.Done()
		for i, h := range all {
			r := rig
			r.Address, r.Spec.Name = h.address, name
			if len(all) > 1 {
				r.Spec.Name = fmt.Sprintf("%s-%d", name, i+1)
				r.Spec.Labels = append(slices.Clone(r.Spec.Labels), name)
			}
			if first, twice := hosts[h.address]; twice {
				h.at.Fault("%s is listed before, on line %d: remove one", h.address, first.Line)
			}
			hosts[h.address] = h.at.Pos()
			if name != "" && l.take(m.At("name"), r.Spec.Name, "load") {
				l.cfg.Rigs = append(l.cfg.Rigs, r)
				l.enter(r.Spec, r.Points, m.At("name"))
			}
		}
		if len(all) > 1 { // the entry's own name stands for all of its rigs
			l.take(m.At("name"), name, "label")
		}
	}
}

// rig is what the rigs of one entry have in common, and their port.
func (l *loader) rig(m *strict.Map) (Rig, int) {
	names := make([]string, len(l.opts.Families))
	for i, f := range l.opts.Families {
		names[i] = f.Name
	}
	r := Rig{
		Points:    points(m),
		StartTime: positive(m, "start_time", 0),
		StopTime:  positive(m, "stop_time", 0),
		Poll:      positive(m, "poll", 0),
	}
	g := l.groupOf(m.At("group"))
	r.Spec = spec(g, readWear(m, g.wear))
	r.Spec.Family = strict.Enum(m, "family", "", names...)
	for _, n := range m.List("labels") {
		label := policies.Name(n)
		l.partial = l.partial || label == ""
		if l.take(n, label, "label") {
			r.Spec.Labels = append(r.Spec.Labels, label)
		}
	}
	if len(r.Points) > 1 {
		span := r.Points[len(r.Points)-1].Draw - r.Points[energy.Off].Draw
		r.Spec.Ramp = energy.Ramp{Up: perSecond(span, r.StartTime), Down: perSecond(span, r.StopTime)}
	}
	port := 0
	if i := slices.Index(names, r.Spec.Family); i >= 0 {
		port = l.opts.Families[i].Port
	}
	return r, port
}

// spec is what every load may say of its group and its wear.
func spec(g group, w wear) energy.LoadSpec {
	return energy.LoadSpec{Group: g.name, MinOn: w.minOn, MinOff: w.minOff, MaxStarts: w.maxStarts, OnExit: w.onExit}
}

// perSecond is 0, that is unknown, where no time is given.
func perSecond(w energy.Watts, d time.Duration) energy.Watts {
	if d <= 0 {
		return 0
	}
	return w / energy.Watts(d.Seconds())
}

const off = "off"

// points are the operating points of a rig, off first. Off may be given, as a
// point of that name; else it draws nothing.
func points(m *strict.Map) []energy.OperatingPoint {
	list := m.At("points")
	out := []energy.OperatingPoint{{Name: off}}
	seen := map[string]bool{}
	for _, n := range list.List() {
		pm := n.Map()
		pm.Require("name", "draw")
		p := energy.OperatingPoint{Name: pm.String("name", ""), Draw: pm.Watts("draw", 0), Rate: pm.HashRate("rate", 0)}
		if p.Name == off {
			pm.Refuse("a rig that is off does not hash: remove it", "rate")
		} else {
			pm.Require("rate")
		}
		last := out[len(out)-1].Draw
		draw, rate := pm.At("draw"), pm.At("rate")
		switch {
		case p.Name != "" && seen[p.Name]:
			pm.At("name").Fault("%q is listed twice: give each point its own name", clip(p.Name))
		case p.Draw < 0 && draw.Valid():
			draw.Fault("%v is negative: a rig draws 0 W or more", p.Draw)
		case p.Name == off && len(out) > 1:
			pm.At("name").Fault("off comes first: move it to the top")
		case p.Name != off && draw.Valid() && p.Draw <= last:
			draw.Fault("%v is not above the point before, %v: list the points by rising draw", p.Draw, last)
		case p.Rate <= 0 && rate.Valid() && p.Name != off:
			rate.Fault("%v is no hash rate of a running rig: want one above 0", p.Rate)
		}
		pm.Done()
		seen[p.Name] = true
		if p.Name == off {
			out[energy.Off] = p
			continue
		}
		out = append(out, p)
	}
	if list.Valid() && len(out) == 1 {
		list.Fault("holds no point at which the rig runs: add one, or leave the key out")
	}
	if len(out) == 1 {
		return nil
	}
	return out
}
