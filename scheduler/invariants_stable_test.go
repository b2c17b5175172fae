package scheduler

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func checkPure(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	before := fmt.Sprintf("%+v %+v", in.Memory, in.Loads)
	plan := Decide(noon, in)
	if after := fmt.Sprintf("%+v %+v", in.Memory, in.Loads); before != after {
		return "the input has changed: " + after
	}
	text, err := json.Marshal(in.Memory)
	if err != nil {
		return err.Error()
	}
	in.Memory = Memory{}
	if err := json.Unmarshal(text, &in.Memory); err != nil {
		return err.Error()
	}
	if again := Decide(noon, in); !reflect.DeepEqual(again.Decisions, plan.Decisions) || !again.Wake.Equal(plan.Wake) {
		return fmt.Sprintf("another plan: %+v", again.Decisions)
	}
	return ""
}

func sameSetpoints(in Input, a, b Plan) string {
	for i := range a.Decisions {
		if a.Decisions[i].To != b.Decisions[i].To {
			return fmt.Sprintf("%+v, then %+v, course %+v", a.Decisions[i], b.Decisions[i], in.Loads[i].Course)
		}
	}
	return ""
}

func checkStable(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	plan := Decide(noon, in)
	if plan.Wake.Equal(noon.Add(time.Millisecond)) {
		return "" // it has asked to look again at once, see fly
	}
	for i, d := range plan.Decisions {
		_, floor := costOf(in, i, d)
		if floor > 0 && d.Policy != in.Loads[i].Policy {
			return "" // from whose power a floor is taken is known once it has changed hands, see aside
		}
		if p := ruleOf(in, d); p >= 0 && d.Reason == energy.InFlight && in.Rules[p].policy.Ramp.Up > 0 {
			return "" // its ramp goes on from what its loads hold, and those cut hold it no more
		}
	}
	in = obey(in, plan, noon)
	return sameSetpoints(in, plan, Decide(noon, in))
}

// Once its own result is carried out, nothing changes until Wake.
func checkWake(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok || s.tracks() { // what is tracked is looked at again within a period
		return ""
	}
	now := noon
	for range 4 {
		plan := Decide(now, in)
		in = obey(in, plan, now)
		plan = Decide(now, in)
		wake := plan.Wake
		if wake.IsZero() {
			wake = now.Add(time.Hour)
		}
		for _, part := range []float64{0.3, 0.99} {
			if wake.Sub(now) <= time.Millisecond {
				break // no nap is shorter
			}
			at := now.Add(time.Duration(part * float64(wake.Sub(now))))
			if diff := sameSetpoints(in, plan, Decide(at, in)); diff != "" {
				return fmt.Sprintf("at %v, before wake %v: %s", at.Sub(noon), wake.Sub(noon), diff)
			}
		}
		now = wake
	}
	return ""
}
