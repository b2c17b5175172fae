package mqtt

import (
	"fmt"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

func TestRoutes(t *testing.T) {
	live := &energy.Availability{Topic: "N/b/heartbeat", Online: "1", Liveness: true}
	specs := []energy.ReadingSpec{
		{Name: "grid", Topic: "N/a/grid", Decoder: DecoderVictron, Availability: live},
		{Name: "pv", Topic: "N/a/pv/+", Decoder: DecoderVictron}, // lives by its age: needs all republished
		{Name: "soc", Topic: "N/b/soc", Decoder: DecoderVictron, Availability: live},
		{Name: "soc2", Topic: "N/b/soc"},
		{Name: "all", Topic: "N/b/#"},
	}
	r := newRoutes(specs, nil)
	if got := fmt.Sprint(r.portals); got != "[{a false} {b true}]" {
		t.Errorf("portals: %s", got)
	}
	if got := fmt.Sprint(r.filters); got != "[N/a/grid N/a/pv/+ N/b/# N/b/heartbeat N/b/soc]" {
		t.Errorf("filters: %s", got)
	}
	if got := fmt.Sprint(r.live); got != "[grid soc]" {
		t.Errorf("live by availability: %s", got)
	}
	heard := ""
	r.each("N/b/soc", func(t *target) {
		for _, f := range t.feeds {
			heard += f.spec.Name + " "
		}
	})
	if heard != "soc soc2 all " {
		t.Errorf("one topic, several readings: %s", heard)
	}

	r.feeds["soc2"].take("N/b/soc", []byte("1"), false, noon())
	r.feeds["soc2"].take("N/b/soc", []byte("x"), false, noon())
	s := newRoutes(specs, r).feeds["soc2"].snapshot()
	if s.Taken != 1 || s.Refused[NotANumber] != 1 || s.Parts != 1 {
		t.Errorf("counters after a reload: %+v", s)
	}
}
