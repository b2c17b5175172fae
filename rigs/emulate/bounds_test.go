package emulate

import "testing"

func TestFleetIsBounded(t *testing.T) {
	for _, o := range []FleetOptions{{Rigs: maxRigs + 1}, {Rigs: 1 << 40}, {Rigs: -1}, {Rigs: 2, BasePort: 65535}, {Rigs: 1, BasePort: -1}, {Rigs: 1, Families: []string{"none"}}} {
		if f, err := NewFleet(o); err == nil {
			t.Errorf("%+v: started", o)
			f.Close()
		}
	}
}
