package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/internal/testbed"
)

// badReadings sends what a broken or hostile source might: each is counted by
// its cause, and nothing is decided on it.
func badReadings(t *testing.T, w *world) {
	broker := testbed.Mosquitto(t, testbed.BrokerOptions{})
	f := w.farm(4)
	w.configure(f, settings{broker: broker})
	client := w.connect(broker.URL, broker)
	send := func(retained bool, payload string) {
		token := client.Publish("plant/pcc", 1, retained, payload)
		if !token.WaitTimeout(10*time.Second) || token.Error() != nil {
			t.Fatalf("publish: %v", token.Error())
		}
	}
	body := func(value string, age time.Duration) string {
		return fmt.Sprintf(`{"w":%s,"ts":%d}`, value, time.Now().Add(-age).UnixMilli())
	}
	send(true, body("-90000", time.Hour)) // left over, and there when the daemon comes
	d := w.daemon()
	w.play(f, client, steady(30e3), 1)
	w.until("all rigs run", time.Minute, func() bool { return running(f) == 4 })
	w.until("all rigs rest", time.Minute, func() bool { return w.status().Power.DrawW > 0.99*w.setpoints() })
	before := len(d.grep("msg=set-point"))

	want := map[mqtt.Cause]int{}
	for _, bad := range []struct {
		cause   mqtt.Cause
		payload string
	}{
		{mqtt.Empty, ""},
		{mqtt.Oversize, body("1"+strings.Repeat(" ", 1<<20), 0)},
		{mqtt.NotJSON, "-30000 W"},
		{mqtt.NotJSON, body("NaN", 0)},
		{mqtt.NotANumber, body(`"NaN"`, 0)},
		{mqtt.WrongType, body("true", 0)},
		{mqtt.WrongType, body(`{"v":1}`, 0)},
		{mqtt.NoValue, fmt.Sprintf(`{"watts":5000,"ts":%d}`, time.Now().UnixMilli())},
		{mqtt.NoTime, `{"w":5000}`},
		{mqtt.OutOfRange, body("9e9", 0)},
		{mqtt.Future, body("5000", -time.Hour)},
		{mqtt.Old, body("5000", time.Hour)},
	} {
		want[bad.cause]++
		send(false, bad.payload)
	}
	want[mqtt.Retained]++
	var s api.Status
	w.until("each bad payload is counted by its cause", 20*time.Second, func() bool {
		s = api.Status{}
		if err := json.Unmarshal([]byte(w.command("status", "--json")), &s); err != nil {
			t.Fatalf("status --json: %v", err)
		}
		for cause, n := range want {
			if s.Inputs[0].Refused[string(cause)] < uint64(n) {
				return false
			}
		}
		return true
	})
	for cause, n := range s.Inputs[0].Refused {
		if int(n) != want[mqtt.Cause(cause)] {
			t.Errorf("%d payloads were refused as %s, want %d", n, cause, want[mqtt.Cause(cause)])
		}
	}
	w.pass(2 * time.Second) // longer than the policy's delays
	if after := d.grep("msg=set-point"); len(after) != before {
		t.Errorf("set-points changed on bad readings: %q", after[before:])
	}
	if s := w.status(); s.Inputs[0].Quality != energy.Good || !s.Power.OK {
		t.Errorf("good readings are not taken beside the bad: %+v", s.Inputs[0])
	}
}

// setpoints is the draw of all set-points.
func (w *world) setpoints() (sum float64) {
	for _, l := range w.status().Loads {
		sum += l.SetpointW
	}
	return max(sum, 1)
}

// badRigs has rigs misbehave while they run: each is told apart, and the
// others do as they are told.
func badRigs(t *testing.T, w *world) {
	f := w.farm(12)
	url := w.configure(f, settings{})
	w.daemon()
	p := w.play(f, w.connect(url, nil), steady(60e3), 1)
	w.until("all rigs run", time.Minute, func() bool { return running(f) == 12 })
	w.until("all rigs have said so", 20*time.Second, func() bool { return answered(w) == 12 })

	bad := map[string]string{}
	for i, kind := range []string{"hang", "hang", "dribble", "dribble", "half", "half", "other-rig", "other-rig", "garbage", "garbage"} {
		bad[f.rigs[i].Name] = kind // luxos and bitaxe take turns
		f.fault(f.rigs[i].Name, kind)
	}
	for name, kind := range bad {
		w.until(fmt.Sprintf("%s (%s) is found out", name, kind), 90*time.Second, func() bool {
			l := w.load(name)
			return l.Error != "" && l.State != energy.StateRunning
		})
	}
	for _, r := range f.rigs[10:] {
		if l := w.load(r.Name); l.State != energy.StateRunning || l.Error != "" {
			t.Errorf("%s, with nothing wrong, is %s: %s", r.Name, l.State, l.Error)
		}
	}
	p.set(-5000)
	w.until("the good rigs stop", 20*time.Second, func() bool {
		all := f.meters()
		return !all[f.rigs[10].Name].Running && !all[f.rigs[11].Name].Running
	})
	for name := range bad {
		f.clear(name)
	}
	w.until("the bad rigs stop once they answer", 90*time.Second, func() bool { return running(f) == 0 })
	for name, kind := range bad {
		what := name + " is trusted again after " + kind
		last := ""
		w.until(what, 2*time.Minute, func() bool {
			if l := w.load(name); l.Error != last {
				last = l.Error
				t.Logf("%s: %s: %s", name, l.State, last)
			}
			return last == ""
		})
	}
}
