package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Known is a load as it was known at a time: its ramp and its operating points
// as they had been learned.
type Known struct {
	Spec   *energy.LoadSpec
	Points []energy.OperatingPoint
}

// Known are the loads that were identified when the stream began, and when
// that was; none while its first frames have not been added.
func (s *Stream) Known() (at time.Time, loads []Known) {
	if s.begun == nil {
		return time.Time{}, nil
	}
	for i, spec := range s.begun.Specs {
		if points := s.begun.Loads[i].Points; len(points) > 1 {
			loads = append(loads, Known{spec, points})
		}
	}
	return s.begun.At, loads
}
