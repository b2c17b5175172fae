package config

import (
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// reading is a reading's spec with the mapping it came from.
type reading struct {
	spec energy.ReadingSpec
	m    *strict.Map
}

// roles are the roles that a reading may have.
func roles() []energy.Role {
	return []energy.Role{
		energy.RoleGrid, energy.RoleFlexible, energy.RoleSurplus, energy.RoleGeneration, energy.RoleLoad,
		energy.RoleCurtailed, energy.RolePotential, energy.RoleExportLimit, energy.RoleBattery, energy.RoleSoC,
		energy.RoleImportPrice, energy.RoleExportPrice, energy.RoleCarbon, energy.RoleForecast,
	}
}

// power reports whether a role's values are in watts.
func power(r energy.Role) bool {
	switch r {
	case energy.RoleSoC, energy.RoleImportPrice, energy.RoleExportPrice, energy.RoleCarbon:
		return false
	}
	return true
}

// maxReadings bounds the readings of a site.
const maxReadings = 1000

func (l *loader) readings(n strict.Node, list []*strict.Map) {
	if len(list) > maxReadings {
		n.Fault("lists %d readings, more than %d: let + in a topic stand for many", len(list), maxReadings)
		l.unread = true
		return
	}
	for _, m := range list {
		if !m.Present() {
			l.unread = true
			continue
		}
		r := &reading{m: m, spec: l.readingOf(m)}
		l.reading = append(l.reading, r)
		l.cfg.Readings = append(l.cfg.Readings, r.spec)
	}
	l.readingNames()
	l.backups()
}

func (l *loader) readingOf(m *strict.Map) energy.ReadingSpec {
	m.Require("name", "role", "topic")
	s := energy.ReadingSpec{Name: policies.Name(m.At("name"))}
	if s.Name != "" {
		m.Label(fmt.Sprintf("reading %q", s.Name))
	}
	s.Role = strict.Enum(m, "role", "", roles()...)
	s.Topic = topicFilter(m.At("topic"))
	d := l.decoder(m, &s)
	s.Factor = l.unit(m, s.Role, d) * sign(m, s.Role)
	s.Window = m.Duration("window", 0)
	s.MaxAge = positive(m, "max_age", maxAgeOf(s.Role))
	if s.MaxAge < s.Window {
		m.At("max_age").Fault("%v is shorter than window %v: a value would be stale before its window is over; raise max_age", s.MaxAge, s.Window)
	}
	s.Min, s.Max = l.rangeOf(m.At("range"), s.Role)
	s.AcceptRetained = retained(m, d)
	s.Combine = strict.Enum(m, "combine", energy.CombineNone, energy.CombineSum, energy.CombineLatest)
	switch {
	case wildcard(s.Topic) && !m.Has("combine"):
		m.At("topic").Fault("%q may match several topics: add combine: sum (each reports a part) or combine: latest", clip(s.Topic))
	case s.Topic != "" && !wildcard(s.Topic) && m.Has("combine"):
		m.At("combine").Fault("combines several topics, and %q is one: remove it, or use + or # in the topic", clip(s.Topic))
	}
	if m.Has("availability") {
		s.Availability = availability(m.Map("availability"))
	}
	s.Backup = policies.Name(m.At("backup"))
	l.forecast(m, &s)
	l.balanceFacts(m, s.Role)
	m.Done()
	return s
}

func availability(m *strict.Map) *energy.Availability {
	m.Require("topic")
	a := &energy.Availability{
		Topic:    topicName(m.At("topic"), ""),
		Online:   m.String("online", defaultOnline),
		Liveness: m.Bool("liveness", false),
	}
	m.Done()
	return a
}

// retained reports whether a retained message counts. It says nothing of its
// age by itself, so it needs a source time.
func retained(m *strict.Map, d Decoder) bool {
	const accept, ignore = "accept", "ignore"
	if strict.Enum(m, "retained", ignore, ignore, accept) != accept {
		return false
	}
	if !m.Has("time") && !d.Time {
		m.At("retained").Fault("accept needs a source time, or an old value would pass for a new one: add time, or ignore")
	}
	return true
}

// readingNames finds names that two readings bear.
func (l *loader) readingNames() {
	seen := map[string]int{}
	for _, r := range l.reading {
		line, twice := seen[r.spec.Name]
		switch {
		case r.spec.Name == "":
		case twice:
			r.m.At("name").Fault("the name is used before, on line %d: give each reading its own", line)
		default:
			seen[r.spec.Name] = r.m.At("name").Pos().Line
		}
	}
}

// backups resolves the backups, which have their reading's role, and stand in
// for each other in no circle.
func (l *loader) backups() {
	byName := map[string]*reading{}
	for _, r := range l.reading {
		byName[r.spec.Name] = r
	}
	for _, r := range l.reading {
		if r.spec.Backup == "" {
			continue
		}
		at := r.m.At("backup")
		b, ok := byName[r.spec.Backup]
		switch {
		case !ok:
			at.Fault("no reading is called %q: %s", r.spec.Backup, strict.Hint(r.spec.Backup, l.sameRole(r)))
		case b.spec.Role != r.spec.Role:
			at.Fault("%q has the role %s, and this is %s: a backup measures the same", r.spec.Backup, b.spec.Role, r.spec.Role)
		case circular(byName, r):
			at.Fault("%q comes back to %q: let the last reading of a chain have no backup", r.spec.Backup, r.spec.Name)
		}
	}
}

// circular reports whether r is reached again from r.
func circular(byName map[string]*reading, r *reading) bool {
	at := byName[r.spec.Backup]
	for range byName {
		if at == nil {
			return false
		}
		if at == r {
			return true
		}
		at = byName[at.spec.Backup]
	}
	return false
}

// sameRole names the other readings of r's role.
func (l *loader) sameRole(r *reading) []string {
	var names []string
	for _, o := range l.reading {
		if o != r && o.spec.Role == r.spec.Role && o.spec.Name != "" && !slices.Contains(names, o.spec.Name) {
			names = append(names, o.spec.Name)
		}
	}
	return names
}
