package config

import (
	"slices"
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// balanceFacts reads what single roles say of the balance.
func (l *loader) balanceFacts(m *strict.Map, role energy.Role) {
	b := &l.cfg.Balance
	switch role {
	case energy.RoleCurtailed, energy.RolePotential:
		l.heldBack(m)
	case "":
		m.At("held_at")
		m.At("follow")
	default:
		m.Refuse("has a meaning for the roles curtailed and potential only: remove it", "held_at", "follow")
	}
	switch role {
	case energy.RoleSurplus, energy.RoleLoad:
		if !m.Has("includes_loads") {
			m.Fault("includes_loads is missing: add includes_loads: true if this %s reading contains the draw of our loads, or includes_loads: false", role)
		}
		in := m.Bool("includes_loads", false)
		if role == energy.RoleSurplus {
			b.SurplusIncludesLoads = b.SurplusIncludesLoads || in
		} else {
			b.LoadIncludesLoads = b.LoadIncludesLoads || in
		}
		l.agreeing(m, role, in)
	case "":
		m.At("includes_loads")
	default:
		m.Refuse("has a meaning for the roles surplus and load only: remove it", "includes_loads")
	}
}

// heldBack reads where a plant holds power back, and how soon it makes what
// is drawn of that.
func (l *loader) heldBack(m *strict.Map) {
	b := &l.cfg.Balance
	if !m.Has("held_at") {
		m.Fault("held_at is missing: add held_at: connection (drawing more lets the plant make more) or held_at: generator (it does not)")
	}
	at := strict.Enum(m, "held_at", "", energy.HeldAtConnection, energy.HeldAtGenerator)
	agree(m.At("held_at"), &b.HeldAt, at)
	if at == energy.HeldAtGenerator {
		m.Refuse("has a meaning with held_at: connection only, for held at the generator the plant does not follow: remove it", "follow")
		return
	}
	follow := positive(m, "follow", defaultFollow)
	if n := m.At("follow"); follow > maxFollow {
		n.Fault("%v is longer than %v: a plant that takes longer follows nobody", follow, maxFollow)
	} else {
		agree(n, &b.Follow, follow)
	}
}

// agree holds what a reading says of the balance against what its backups do.
func agree[T comparable](n strict.Node, all *T, one T) {
	var none T
	if *all != none && one != none && *all != one {
		n.Fault("%v, and another reading of this role says %v: they must agree", one, *all)
	}
	if *all == none {
		*all = one
	}
}

// agreeing holds a reading's includes_loads against that of its backups.
func (l *loader) agreeing(m *strict.Map, role energy.Role, in bool) {
	for _, o := range l.reading {
		if o.spec.Role == role && o.m.Has("includes_loads") && o.m.Bool("includes_loads", false) != in && m.At("includes_loads").Valid() {
			m.At("includes_loads").Fault("%t, and another reading of this role says %t: they must agree", in, !in)
		}
	}
}

const legalSets = "right would be grid, or surplus, or generation with load"

// balance checks that the readings make one balance, and only one.
func (l *loader) balance(m *strict.Map) {
	if !m.Present() || !m.Has("readings") || wrongList(m, "readings") || l.unclear() {
		return
	}
	primary := l.primaries()
	have := func(r energy.Role) bool { return primary[r] != nil }
	kind := energy.BalanceGrid
	l.extras(have)
	var wrong string
	held := have(energy.RoleCurtailed) || have(energy.RolePotential)
	switch grid, surplus, gen, load := have(energy.RoleGrid), have(energy.RoleSurplus), have(energy.RoleGeneration), have(energy.RoleLoad); {
	case grid && !surplus && !load && (!gen || held):
	case surplus && !grid && !load && (!gen || held):
		kind = energy.BalanceSurplus
	case gen && load && !grid && !surplus:
		kind = energy.BalanceGenerationLoad
	case !grid && !surplus && !gen && !load:
		wrong = "no reading says how much power is free"
	case gen && !load && !grid && !surplus:
		wrong = "generation alone makes no balance: add a reading of the role load"
	case gen && !load && grid != surplus:
		wrong = "generation beside " + l.inBalance(primary)[0] + " tells nothing more: it stands there with curtailed or potential only"
	case load && !gen && !grid && !surplus:
		wrong = "load alone makes no balance: add a reading of the role generation"
	default:
		wrong = strings.Join(l.inBalance(primary), ", ") + " are a mix of readings that makes no balance: keep one way to tell how much power is free"
	}
	at := m.At("readings")
	if wrong != "" {
		at.Fault("%s (%s; each with curtailed or potential, and with battery_power, where there are any)", wrong, legalSets)
		return
	}
	stated := l.cfg.Balance.Kind
	if stated != "" && stated != kind {
		l.siteMap.At("balance").Fault("%s does not fit the readings, which make the balance %s: change it, or the readings (%s)", stated, kind, legalSets)
	}
	l.cfg.Balance.Kind = kind
}

// extras checks what stands beside the readings that make the balance: what
// is held back, the export limit and the battery.
func (l *loader) extras(have func(energy.Role) bool) {
	if r := l.of(energy.RolePotential); r != nil {
		switch at := r.m.At("role"); {
		case have(energy.RoleCurtailed):
			at.Fault("curtailed and potential both tell what is held back: keep one of them")
		case !have(energy.RoleGeneration):
			at.Fault("potential alone does not tell what is held back: add a reading of the role generation, which is taken off it")
		}
	}
	if n := l.siteMap.At("export_band"); n.Valid() && l.cfg.Balance.ExportLimit == nil && !have(energy.RoleExportLimit) {
		n.Fault("belongs to an export limit: add site.export_limit or a reading of the role export_limit, or remove it")
	}
	if l.cfg.Balance.Battery == nil {
		return
	}
	for _, role := range []energy.Role{energy.RoleBattery, energy.RoleSoC} {
		if !have(role) {
			l.siteMap.At("battery").Fault("needs a reading of the role %s: add one, or remove battery", role)
		}
	}
}

// of is the first reading of a role; nil if there is none.
func (l *loader) of(role energy.Role) *reading {
	i := slices.IndexFunc(l.reading, func(r *reading) bool { return r.spec.Role == role })
	if i < 0 {
		return nil
	}
	return l.reading[i]
}

// unclear reports whether a reading's role is not known: then nothing can be
// said of the mix.
func (l *loader) unclear() bool {
	return l.unread || slices.ContainsFunc(l.reading, func(r *reading) bool { return r.spec.Role == "" })
}

// primaries are the readings that back none up, one a role.
func (l *loader) primaries() map[energy.Role]*reading {
	primary := map[energy.Role]*reading{}
	for _, r := range l.reading {
		if slices.ContainsFunc(l.reading, func(o *reading) bool { return o != r && o.spec.Backup == r.spec.Name && r.spec.Name != "" }) {
			continue
		}
		if first := primary[r.spec.Role]; first != nil {
			r.m.At("role").Fault("%q has the role %s too: make one the backup of the other, or combine their topics in one reading", first.spec.Name, r.spec.Role)
			continue
		}
		primary[r.spec.Role] = r
	}
	return primary
}

// inBalance names the roles that compete for the balance.
func (l *loader) inBalance(primary map[energy.Role]*reading) []string {
	var names []string
	for _, r := range []energy.Role{energy.RoleGrid, energy.RoleSurplus, energy.RoleGeneration, energy.RoleLoad} {
		if primary[r] != nil {
			names = append(names, string(r))
		}
	}
	return names
}
