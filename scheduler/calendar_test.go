package scheduler

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/policies"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCalendarNext(t *testing.T) {
	tests := map[string]struct{ zone, spec, from, want string }{
		"plain day":                      {"Europe/Berlin", "0 7 * * *", "2026-06-01T05:00:00Z", "2026-06-02T07:00:00+02:00"},
		"just before":                    {"Europe/Berlin", "0 7 * * *", "2026-06-01T04:59:59Z", "2026-06-01T07:00:00+02:00"},
		"skipped hour, at its end":       {"Europe/Berlin", "30 2 * * *", "2026-03-28T20:00:00Z", "2026-03-29T03:00:00+02:00"},
		"skipped hour's first minute":    {"Europe/Berlin", "0 2 * * *", "2026-03-28T20:00:00Z", "2026-03-29T03:00:00+02:00"},
		"the end of the skipped hour":    {"Europe/Berlin", "0 3 * * *", "2026-03-28T20:00:00Z", "2026-03-29T03:00:00+02:00"},
		"after the skipped hour":         {"Europe/Berlin", "30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T02:30:00+02:00"},
		"repeated hour, first time":      {"Europe/Berlin", "30 2 * * *", "2026-10-24T20:00:00Z", "2026-10-25T02:30:00+02:00"},
		"repeated hour, not again":       {"Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T02:30:00+01:00"},
		"in the second pass":             {"Europe/Berlin", "30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T02:30:00+01:00"},
		"hourly through the second pass": {"Europe/Berlin", "0 * * * *", "2026-10-25T00:00:00Z", "2026-10-25T03:00:00+01:00"},
		"half an hour skipped":           {"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00Z", "2026-10-04T02:30:00+11:00"},
		"half an hour, but before it":    {"Australia/Lord_Howe", "45 1 * * *", "2026-10-03T12:00:00Z", "2026-10-04T01:45:00+10:30"},
		"half an hour repeated":          {"Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00:00Z", "2026-04-05T01:45:00+11:00"},
		"half an hour, not again":        {"Australia/Lord_Howe", "45 1 * * *", "2026-04-04T14:45:00Z", "2026-04-06T01:45:00+10:30"},
		"no daylight saving":             {"Asia/Kolkata", "30 2 * * *", "2026-03-28T22:00:00Z", "2026-03-30T02:30:00+05:30"},
		"29 February":                    {"UTC", "0 0 29 2 *", "2026-06-01T00:00:00Z", "2028-02-29T00:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := newCalendar(tt.spec, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.next(at(t, tt.from)); !got.Equal(at(t, tt.want)) {
				t.Errorf("next(%s) = %v, want %s", tt.from, got.In(c.loc), tt.want)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	type row struct {
		at   string
		open bool
	}
	tests := map[string]struct {
		zone, open, close string
		rows              []row
	}{
		"a working day": {"Europe/Berlin", "0 7 * * *", "0 21 * * *", []row{
			{"2026-06-01T06:59:59+02:00", false}, {"2026-06-01T07:00:00+02:00", true},
			{"2026-06-01T20:59:59+02:00", true}, {"2026-06-01T21:00:00+02:00", false}}},
		"across midnight": {"Europe/Berlin", "0 22 * * *", "0 6 * * *", []row{
			{"2026-06-01T21:59:59+02:00", false}, {"2026-06-01T22:00:00+02:00", true},
			{"2026-06-02T00:00:00+02:00", true}, {"2026-06-02T05:59:59+02:00", true}, {"2026-06-02T06:00:00+02:00", false}}},
		"opens in the skipped hour": {"Europe/Berlin", "30 2 * * *", "0 5 * * *", []row{
			{"2026-03-29T01:59:59+01:00", false}, {"2026-03-29T03:00:00+02:00", true},
			{"2026-03-29T04:59:59+02:00", true}, {"2026-03-29T05:00:00+02:00", false}}},
		"lies within the skipped hour": {"Europe/Berlin", "10 2 * * *", "50 2 * * *", []row{
			{"2026-03-28T02:10:00+01:00", true}, {"2026-03-29T01:59:59+01:00", false},
			{"2026-03-29T03:00:00+02:00", false}, {"2026-03-30T02:10:00+02:00", true}}},
		"closes and opens in the skipped hour": {"Europe/Berlin", "50 2 * * *", "10 2 * * *", []row{
			{"2026-03-29T01:59:59+01:00", true}, {"2026-03-29T03:00:00+02:00", true}}},
		"lies within the repeated hour, once": {"Europe/Berlin", "10 2 * * *", "30 2 * * *", []row{
			{"2026-10-25T02:10:00+02:00", true}, {"2026-10-25T02:29:59+02:00", true}, {"2026-10-25T02:30:00+02:00", false},
			{"2026-10-25T02:10:00+01:00", false}, {"2026-10-25T02:30:00+01:00", false}, {"2026-10-26T02:10:00+01:00", true}}},
		"opens in the repeated hour, and stays": {"Europe/Berlin", "30 2 * * *", "0 8 * * *", []row{
			{"2026-10-25T02:29:59+02:00", false}, {"2026-10-25T02:30:00+02:00", true},
			{"2026-10-25T02:00:00+01:00", true}, {"2026-10-25T02:29:59+01:00", true}, {"2026-10-25T08:00:00+01:00", false}}},
		"equal times: never open": {"UTC", "0 7 * * *", "0 7 * * *", []row{
			{"2026-06-01T07:00:00Z", false}, {"2026-06-01T12:00:00Z", false}}},
		"never opens":  {"UTC", "0 0 31 2 *", "0 7 * * *", []row{{"2026-06-01T07:00:00Z", false}}},
		"never closes": {"UTC", "0 7 * * *", "0 0 31 2 *", []row{{"2026-06-01T06:00:00Z", true}}},
		"a season, months ago": {"Europe/Berlin", "0 0 1 6 *", "0 0 1 10 *", []row{
			{"2026-05-31T23:59:59+02:00", false}, {"2026-09-30T23:59:59+02:00", true},
			{"2026-10-01T00:00:00+02:00", false}, {"2027-02-01T00:00:00+01:00", false}}},
		"a leap day, years ago": {"UTC", "0 0 29 2 *", "0 0 1 3 *", []row{
			{"2028-02-29T12:00:00Z", true}, {"2028-03-01T00:00:00Z", false}, {"2031-12-31T00:00:00Z", false}}},
		"opened years ago": {"UTC", "0 0 29 2 *", "0 0 31 2 *", []row{{"2031-12-31T00:00:00Z", true}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, err := newWindow(policies.Window{Open: tt.open, Close: tt.close}, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range tt.rows {
				if got, _ := w.state(at(t, r.at)); got != r.open {
					t.Errorf("%s: open = %t, want %t", r.at, got, r.open)
				}
			}
		})
	}
}

// The state that is found by looking back is the one that stepping forward
// from event to event arrives at, and nothing changes before next.
func TestWindowStepsAsItLooksBack(t *testing.T) {
	specs := []string{"0 7 * * *", "30 2 * * *", "*/20 1-3 * * 0", "15 2 29 3 *", "0 0 * * 1-5", "59 2 25 10 *", "0 * * * *"}
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		loc := zone(t, []string{"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "America/New_York"}[r.IntN(4)])
		pw := policies.Window{Open: specs[r.IntN(len(specs))], Close: specs[r.IntN(len(specs))]}
		w, err := newWindow(pw, loc)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
		open, next := w.state(now)
		if next.IsZero() || !next.After(now) {
			t.Fatalf("%v %v: next after %v is %v", loc, pw, now, next)
		}
		mid := now.Add(time.Duration(r.Int64N(int64(next.Sub(now)))))
		if got, _ := w.state(mid); got != open {
			t.Fatalf("%v %v: open = %t at %v, but %t at %v, with no event until %v", loc, pw, open, now, got, mid, next)
		}
	}
}

func TestCalendarFaults(t *testing.T) {
	for _, spec := range []string{"", "0 7 * *", "0 7 * * 7", "CRON_TZ=UTC 0 7 * * *", "@every 1h", "61 * * * *"} {
		if _, err := newCalendar(spec, time.UTC); err == nil {
			t.Errorf("%q is accepted", spec)
		}
	}
}

func BenchmarkWindow(b *testing.B) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	w, err := newWindow(policies.Window{Open: "0 7 * * *", Close: "0 21 * * *"}, loc)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w.state(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	}
}
