package main_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/internal/testbed"
)

// ledger reads the records back from InfluxDB.
type ledger struct {
	t  *testing.T
	db *testbed.InfluxDB
}

func (l ledger) query(q string, args ...any) []testbed.Row {
	l.t.Helper()
	return l.db.Query(l.t, fmt.Sprintf(q, args...))
}

func number(v any) float64 {
	n, ok := v.(json.Number)
	if !ok {
		return 0 // null: the field is absent
	}
	f, err := n.Float64()
	if err != nil {
		return math.NaN()
	}
	return f
}

func at(r testbed.Row) time.Time {
	n, _ := r["time"].(json.Number).Int64()
	return time.Unix(0, n).UTC()
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// local is what the local workers have used, in Wh. They must have hashed.
func (l ledger) local() (wh float64) {
	l.t.Helper()
	rows := l.query(`SELECT LAST("energy_wh_total") AS "wh", LAST("hashes_total") AS "hashes" FROM "rig" WHERE "family" = 'local'`)
	if len(rows) != 1 || number(rows[0]["wh"]) <= 0 || number(rows[0]["hashes"]) <= 0 {
		l.t.Errorf("the local workers have done nothing on record: %v", rows)
		return 0
	}
	l.t.Logf("local workers: %.3f Wh, %.3g hashes", number(rows[0]["wh"]), number(rows[0]["hashes"]))
	return number(rows[0]["wh"])
}

// documented runs the queries of docs/records.md.
func (l ledger) documented() {
	l.t.Helper()
	doc, err := os.ReadFile("../../docs/records.md")
	if err != nil {
		l.t.Fatal(err)
	}
	found := map[string]int{}
	for _, q := range regexp.MustCompile("(?s)```(sql|flux)\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		found[q[1]]++
		if q[1] == "sql" {
			l.query("%s", q[2])
			continue
		}
		l.db.Flux(l.t, strings.ReplaceAll(q[2], `bucket: "energy"`, fmt.Sprintf("bucket: %q", l.db.Bucket)))
	}
	if found["sql"] < 8 || found["flux"] < 8 {
		l.t.Errorf("queries found: %v", found)
	}
}

// rigs is what each rig's energy counter stands at, in Wh.
func (l ledger) rigs(want int) map[string]float64 {
	l.t.Helper()
	out := map[string]float64{}
	for _, r := range l.query(`SELECT LAST("energy_wh_total") FROM "rig" WHERE "family" <> 'local' GROUP BY "rig"`) {
		out[text(r["rig"])] = number(r["last"])
	}
	if len(out) != want {
		l.t.Errorf("%d rigs have energy on record, want %d", len(out), want)
	}
	return out
}

func sum(books map[string]float64) (wh float64) {
	for _, x := range books {
		wh += x
	}
	return wh
}

// sum adds fields up over all points of a measurement. Of an interval that
// was written again, the last revision is there, and no other.
func (l ledger) sum(measurement string, fields ...string) (wh float64) {
	l.t.Helper()
	for _, r := range l.query(`SELECT * FROM %q`, measurement) {
		for _, f := range fields {
			wh += number(r[f])
		}
	}
	return wh
}

// agrees holds a figure on record against what was drawn.
func (l ledger) agrees(what string, drawn, recorded float64) {
	l.t.Helper()
	off := 100 * (recorded/drawn - 1)
	l.t.Logf("%-13s %8.2f Wh on record, %8.2f Wh drawn: %+.3f %%", what, recorded, drawn, off)
	if !(math.Abs(off) <= 1) {
		l.t.Errorf("%s: %.2f Wh on record, but %.2f Wh were drawn: %+.2f %% is more than 1 %%", what, recorded, drawn, off)
	}
}

// reasoned fails for a decision without a reason.
func (l ledger) reasoned() {
	l.t.Helper()
	rows := l.query(`SELECT "reason" FROM "decision"`)
	all := l.query(`SELECT "to_w" FROM "decision"`)
	if len(rows) != len(all) || len(rows) == 0 {
		l.t.Errorf("%d decisions, %d of them with a reason", len(all), len(rows))
	}
	count := map[string]int{}
	for _, r := range rows {
		why := text(r["reason"])
		count[why]++
		if !slices.Contains(energy.Reasons(), energy.Reason(why)) {
			l.t.Errorf("decision at %v has the reason %q", at(r), why)
		}
	}
	l.t.Logf("%d decisions, reasons: %v", len(rows), count)
}

// decided is the last decision on record for each rig at a time.
func (l ledger) decided() func(time.Time) map[string]testbed.Row {
	l.t.Helper()
	rows := l.query(`SELECT "reason", "to_w", "plan" FROM "decision" GROUP BY "rig"`)
	return func(t time.Time) map[string]testbed.Row {
		last := map[string]testbed.Row{}
		for _, r := range rows {
			if was, ok := last[text(r["rig"])]; !at(r).After(t) && (!ok || at(was).Before(at(r))) {
				last[text(r["rig"])] = r
			}
		}
		return last
	}
}

// granted fails where a site point shows more granted than was available less
// reserve, but for floors.
func (l ledger) granted() {
	l.t.Helper()
	decided := l.decided()
	rows := l.query(`SELECT "granted_w", "available_w" FROM "site"`)
	if len(rows) == 0 {
		l.t.Error("no site points")
	}
	for _, r := range rows {
		if r["available_w"] == nil {
			continue
		}
		granted, available := number(r["granted_w"]), number(r["available_w"])
		floor := 0.0
		for _, d := range decided(at(r)) {
			if why := text(d["reason"]); why == string(energy.MinOn) || why == string(energy.Unreachable) {
				floor += number(d["to_w"])
			}
		}
		if granted-floor > max(0, available-reserve)+1 {
			l.t.Errorf("%v: granted %.0f W of %.0f W available less %d W, %.0f W of it floors", at(r), granted, available, reserve, floor)
		}
	}
}

// gaps are the times on the grid of site points that have none, between the
// first and the last.
func (l ledger) gaps() []time.Time {
	l.t.Helper()
	const grid = 10 * time.Second
	rows := l.query(`SELECT "granted_w" FROM "site"`)
	if len(rows) < 2 {
		l.t.Errorf("%d site points", len(rows))
		return nil
	}
	have := map[time.Time]bool{}
	for _, r := range rows {
		if !at(r).Equal(at(r).Truncate(grid)) {
			l.t.Errorf("a site point at %v is off the grid", at(r))
		}
		have[at(r)] = true
	}
	var missing []time.Time
	for x := at(rows[0]); x.Before(at(rows[len(rows)-1])); x = x.Add(grid) {
		if !have[x] {
			missing = append(missing, x)
		}
	}
	return missing
}

// lived fails unless the signal went through its whole life, on its topic and
// on record.
func (l ledger) lived(id string, shown []energy.SignalState) {
	l.t.Helper()
	want := []energy.SignalState{energy.SignalAccepted, energy.SignalStarted, energy.SignalAchieved, energy.SignalCompleted}
	if !slices.Equal(slices.Compact(shown), want) { // a state may be said again
		l.t.Errorf("signal %s: its topic showed %v, want %v", id, shown, want)
	}
	var recorded []string
	for _, r := range l.query(`SELECT "id", "latency_s", "state" FROM "signal" WHERE "id" = '%s'`, id) {
		recorded = append(recorded, text(r["state"]))
	}
	for _, s := range want {
		if !slices.Contains(recorded, string(s)) {
			l.t.Errorf("signal %s: on record are %s, want %v", id, strings.Join(recorded, ", "), want)
			return
		}
	}
}

// drained fails unless all that is in the spool of a daemon that has ended is
// in InfluxDB too, and the spool is sound.
func (l ledger) drained(dir string) {
	l.t.Helper()
	st, err := store.Open(store.LogOptions{Dir: dir})
	if err != nil {
		l.t.Errorf("open the state folder again: %v", err)
		return
	}
	defer st.Close()
	s := st.Log.Stats()
	if s.Cursors["influxdb"].Lag != 0 || s.Cursors["influxdb"].Missed != 0 || s.Corrupt != 0 || s.Torn != 0 || st.Warning != nil {
		l.t.Errorf("the spool: %+v, %v", s, st.Warning)
	}
}
