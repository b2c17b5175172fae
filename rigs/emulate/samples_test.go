package emulate

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Replies recorded from real rigs lie beside the repository, where they are.
func sample(t *testing.T, name string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "rig-samples", name))
	if err != nil {
		t.Skipf("SKIPPED: recorded rig replies are not there: %v", err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// differences lists where got has not the keys and JSON types of want. Of
// arrays of unequal length the first elements are compared.
func differences(path string, got, want any, subset bool) []string {
	if g, w := fmt.Sprintf("%T", got), fmt.Sprintf("%T", want); g != w {
		return []string{fmt.Sprintf("%s is a %s, want %s", path, g, w)}
	}
	var out []string
	switch w := want.(type) {
	case map[string]any:
		g := got.(map[string]any)
		for k, v := range w {
			if _, ok := g[k]; !ok {
				out = append(out, fmt.Sprintf("%s.%s is missing", path, k))
				continue
			}
			out = append(out, differences(path+"."+k, g[k], v, subset)...)
		}
		for k := range g {
			if _, ok := w[k]; !ok && !subset {
				out = append(out, fmt.Sprintf("%s.%s is too many", path, k))
			}
		}
	case []any:
		g := got.([]any)
		n := min(len(g), len(w), 1)
		if len(g) == len(w) {
			n = len(g)
		}
		for i := range n {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), g[i], w[i], subset)...)
		}
	case float64:
		out = append(out, magnitude(path, got.(float64), w)...)
	}
	slices.Sort(out)
	return out
}

// magnitude compares values whose unit is the trap.
func magnitude(path string, got, want float64) []string {
	_, key, _ := strings.Cut(path[strings.LastIndex(path, ".")+1:], "[")
	key = path[strings.LastIndex(path, ".")+1:] + key
	measured := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	units := []string{
		"GHS ", "MHS ", "Watts", "Frequency", "Voltage", "Hashrate", "Nominal", "temp", "Temperature", "power", "voltage", "current", "hashRate",
		"frequency", "coreVoltage", "actualFrequency", "expectedHashrate", "When", "rate_30m", "total rate", "RPM", "maxPower", "nominalVoltage",
	}
	if !slices.ContainsFunc(units, measured) || got <= 0 || want <= 0 {
		return nil
	}
	if math.Abs(math.Log10(got/want)) > 1 {
		return []string{fmt.Sprintf("%s = %g, recorded %g: another order of magnitude", path, got, want)}
	}
	return nil
}

func TestLuxOSRepliesLikeTheRecorded(t *testing.T) {
	c := newClock()
	l := startLux(t, Options{Running: true, clock: c.Now})
	c.add(25 * time.Hour)
	sid := logon(t, l.Addr())
	for _, tc := range []struct{ file, command, parameter string }{
		{"version", "version", ""}, {"summary", "summary", ""}, {"devs", "devs", ""}, {"config", "config", ""}, {"power", "power", ""},
		{"profiles", "profiles", ""}, {"temps", "temps", ""}, {"fans", "fans", ""}, {"pools", "pools", ""}, {"stats", "stats", ""},
		{"curtail_sleep", "curtail", sid + ",sleep"}, {"curtail_wakeup", "curtail", sid + ",wakeup"}, {"session_none", "session", ""},
	} {
		t.Run(tc.file, func(t *testing.T) {
			recorded := sample(t, "luxos-"+tc.file+".json")
			got := ask(t, l.Addr(), tc.command, tc.parameter)
			for _, d := range differences("", got, recorded, false) {
				t.Error(d)
			}
			wantStatus, wantCode := code(t, recorded)
			want(t, got, wantStatus, wantCode)
			if g, w := field(t, got, "STATUS", "Msg"), field(t, recorded, "STATUS", "Msg"); g != w && tc.file != "pools" {
				t.Errorf("Msg %q, recorded %q", g, w)
			}
		})
	}
	want(t, ask(t, l.Addr(), "logoff", sid), "S", 317)
	recorded := sample(t, "luxos-logon.json")
	for _, d := range differences("", ask(t, l.Addr(), "logon", ""), recorded, false) {
		t.Errorf("logon: %s", d)
	}
	for _, d := range differences("", ask(t, l.Addr(), "nonsense", ""), sample(t, "cgminer-error_invalid_command.json"), false) {
		t.Errorf("unknown command: %s", d)
	}
}

func TestBitaxeRepliesLikeTheRecorded(t *testing.T) {
	c := newClock()
	x := startAxe(t, Options{Running: true, clock: c.Now})
	c.add(25 * time.Hour)
	for _, d := range differences("", getJSON(t, x, "/api/system/info"), sample(t, "bitaxe-2_14-system_info.json"), false) {
		t.Errorf("info: %s", d)
	}
	for _, d := range differences("", do(t, x, http.MethodPost, "/api/system/pause", "").json(t), sample(t, "bitaxe-pause_reply.json"), false) {
		t.Errorf("pause: %s", d)
	}
	c.add(time.Minute)
	for _, d := range differences("", getJSON(t, x, "/api/system/info"), sample(t, "bitaxe-2_14-system_info_paused.json"), true) {
		t.Errorf("info paused: %s", d)
	}
	for _, d := range differences("", do(t, x, http.MethodPost, "/api/system/resume", "").json(t), sample(t, "bitaxe-resume_reply.json"), false) {
		t.Errorf("resume: %s", d)
	}
}
