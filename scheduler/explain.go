package scheduler

import "github.com/curtaild/curtaild/energy"

// explain turns the slots into decisions, each with its reason.
func (d *decider) explain() {
	for i := range d.slots {
		s, l := &d.slots[i], &d.in.Fleet.loads[i]
		out := &d.plan.Decisions[i]
		out.Load = l.name
		if s.top == 0 {
			set := d.in.Loads[i].Setpoint
			out.Policy, out.Reason = d.in.Loads[i].Policy, energy.Unidentified
			out.From, out.To, out.FromW, out.ToW = set, set, s.draw, s.draw
			continue
		}
		out.From, out.To = int(s.from), int(s.at)
		out.FromW, out.ToW = l.points[s.from].Draw, l.points[s.at].Draw
		out.Policy, out.Reason = d.reason(int32(i))
		cost := l.cost(s.at) * d.gross
		if s.gone {
			cost = max(0, s.draw-l.off) * d.gross
		}
		d.plan.Granted += cost
		if s.owner != nobody {
			d.plan.Policies[s.owner].Granted += cost
		}
	}
}

// reason says why load i is granted what it is, and by which policy.
func (d *decider) reason(i int32) (policy string, why energy.Reason) {
	s := &d.slots[i]
	if s.owner == nobody {
		switch {
		case s.at > energy.Off:
			return d.in.Loads[i].Policy, energy.MinOn
		case s.why == "":
			return "", energy.NoPolicy
		}
		return "", s.why
	}
	ru, policy := &d.rules[s.owner], d.in.Rules[s.owner].policy.Name
	switch {
	case s.gone && s.at == s.from:
		return policy, energy.Unreachable
	case ru.eased[i]:
		return policy, energy.RampLimit
	case (s.bridged || ru.carried) && s.at > energy.Off:
		return policy, energy.Bridged
	case s.waits:
		return policy, energy.InFlight
	case s.at > s.from && d.probing(s.owner):
		return policy, energy.Probing
	case s.at == s.top:
		return policy, ru.why
	case s.at == s.most:
		return policy, s.limit
	case s.floor && s.at == 1 && ru.short:
		return policy, energy.MinOn
	case ru.frozen && ru.noFit == energy.NoBudget:
		return policy, energy.StaleInput
	case ru.why == energy.StopDelay && s.at > energy.Off && ru.noFit == energy.NoBudget:
		return policy, energy.StopDelay
	}
	if ru.slowed && ru.noFit == energy.NoBudget {
		return policy, energy.RampLimit
	}
	if s.brief && s.at == energy.Off {
		return policy, energy.Fleeting
	}
	return policy, ru.noFit
}
