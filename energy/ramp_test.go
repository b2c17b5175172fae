package energy

import (
	"testing"
	"time"
)

func TestCourse(t *testing.T) {
	r := Ramp{Up: 100, Down: 500}
	up, down := Toward(noon, 0, 1000, r), Toward(noon, 1000, 0, r)
	for _, c := range []struct {
		name   string
		course Course
		t      float64
		want   Watts
	}{
		{"before", up, -1, 0}, {"start", up, 0, 0}, {"on its way", up, 5, 500}, {"end", up, 10, 1000}, {"after", up, 99, 1000},
		{"down before", down, -1, 1000}, {"down", down, 1, 500}, {"down end", down, 2, 0}, {"down after", down, 3, 0},
		{"no ramp", Toward(noon, 0, 700, Ramp{}), 0, 700}, {"still", Toward(noon, 7, 7, r), 0, 7}, {"zero", Course{}, 0, 0},
	} {
		if got := c.course.At(at(c.t)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		course Course
		want   time.Duration
	}{{up, 10 * time.Second}, {down, 2 * time.Second}, {Toward(noon, 5, 5, r), 0}, {Toward(noon, 0, 5, Ramp{}), 0}} {
		if got := c.course.End().Sub(noon); got != c.want {
			t.Errorf("%+v ends after %v, want %v", c.course, got, c.want)
		}
		if end := c.course.At(c.course.End()); end != c.course.To {
			t.Errorf("%+v is at %v in the end", c.course, end)
		}
	}
}
