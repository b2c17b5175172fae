package emulate

import (
	"bytes"
	"net"
	"testing"
)

func TestFleetIsBounded(t *testing.T) {
	for _, o := range []FleetOptions{{Rigs: MaxRigs + 1}, {Rigs: 1 << 30}, {Rigs: -1}, {Rigs: 2, BasePort: 65535}, {Rigs: 1, BasePort: -1}, {Rigs: 1, Families: []string{"none"}}} {
		if f, err := NewFleet(o); err == nil {
			t.Errorf("%+v: started", o)
			f.Close()
		}
	}
}

// Faults can be injected by whoever reaches the control endpoint: only this
// machine may. And nothing is announced before everything is there.
func TestControlIsNotForOthers(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:80", "a.example:80", "127.0.0.1", "127.0.0.1:x", taken.Addr().String()} {
		var out bytes.Buffer
		if err := Serve(t.Context(), Config{Fleet: FleetOptions{Rigs: 1}, Control: addr, Out: &out}); err == nil || out.Len() > 0 {
			t.Errorf("control at %s: %v, announced %q", addr, err, &out)
		}
	}
}
