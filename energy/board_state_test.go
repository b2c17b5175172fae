package energy

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"
)

// fields names the fields of a struct.
func fields(v any) (names []string) {
	t := reflect.TypeOf(v)
	for i := range t.NumField() {
		names = append(names, t.Field(i).Name)
	}
	return names
}

// What a board or a course remembers has to be in its state: else a replay
// that takes it up goes other ways than the loop did. Whoever adds a field
// decides here whether it belongs to the state.
func TestStatesKnowEveryField(t *testing.T) {
	for _, c := range []struct {
		of          any
		state, left []string
	}{
		{Board{}, []string{"lines"}, []string{"byName", "byRole", "unknown"}},
		{line{}, []string{"parts", "byTopic", "online", "offline"}, []string{"spec", "backup", "refused"}},
		{part{}, []string{"value", "at", "arrived", "gone", "said"}, nil},
		{Draws{}, []string{"Source", "s"}, nil},
		{drawn{}, []string{"ns", "w", "since"}, nil},
	} {
		for _, name := range fields(c.of) {
			if !slices.Contains(c.state, name) && !slices.Contains(c.left, name) {
				t.Errorf("%T.%s: part of the state, or not?", c.of, name)
			}
		}
	}
}

func through[T any](t *testing.T, v T) (out T) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBoardStateComesBack(t *testing.T) {
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	specs := []ReadingSpec{
		{Name: "grid", Role: RoleGrid, MaxAge: time.Minute, Availability: &Availability{}},
		{Name: "pv", Role: RoleGeneration, MaxAge: time.Minute, Combine: CombineSum},
		{Name: "silent", Role: RoleLoad, MaxAge: time.Minute},
	}
	b := NewBoard(specs)
	b.Take(Reading{Name: "grid", Value: 0.1, At: at, Arrived: at.Add(time.Second)})
	b.Take(Reading{Name: "pv", Part: "b", Value: 7, At: at})
	b.Take(Reading{Name: "pv", Part: "a", Value: 1.0 / 3, At: at})
	b.Presence(Presence{Name: "grid", Online: false})
	b.Shift(time.Hour)
	c := NewBoard(specs)
	c.Restore(through(t, b.State()))
	if !reflect.DeepEqual(b.lines, c.lines) {
		t.Errorf("\n%+v\n%+v", b.lines, c.lines)
	}
	if got := c.lines[0].parts[0]; !got.arrived.Equal(at.Add(time.Hour+time.Second)) || !got.at.Equal(at) {
		t.Errorf("after the clock was set: %+v", got)
	}
	if !b.Known("pv") || b.Known("other") {
		t.Error("which readings it knows")
	}
}

func TestDrawsStateComesBack(t *testing.T) {
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	d := Draws{Source: Estimated}
	for i, w := range []Watts{1, 1, 1, 2.5, 1.0 / 3} {
		d.Add(at.Add(time.Duration(i)*time.Second), w)
	}
	var e Draws
	e.Restore(through(t, d.State()))
	if !reflect.DeepEqual(d, e) {
		t.Errorf("\n%+v\n%+v", d, e)
	}
	e.Restore(DrawsState{Ns: []int64{1}, W: []float64{1}})
	if e.s != nil {
		t.Errorf("unequal columns: %+v", e)
	}
}
