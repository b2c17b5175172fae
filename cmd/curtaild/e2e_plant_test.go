package main_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/internal/testbed"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// step is how often the plant is measured and the measurement published.
const step = 250 * time.Millisecond

// recorded is a stretch of a real plant, of so many seconds from a row on, as
// W of surplus over a fleet that draws up to 45 kW; a made-up one where the
// recording is not there.
func recorded(t *testing.T, from, seconds int) []float64 {
	t.Helper()
	surplus := func(pv float64) float64 { return 0.36*pv - 6000 }
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "pv_1s_i2x-pvduty_48min.csv"))
	if errors.Is(err, os.ErrNotExist) {
		t.Log("no recorded plant here: a generated one is played")
		return generated(seconds)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, 0, seconds)
	for _, row := range rows[1+from : 1+from+seconds] {
		pv, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, surplus(pv))
	}
	return out
}

// generated is sun with clouds that come fast and go slowly.
func generated(seconds int) []float64 {
	out := make([]float64, seconds)
	for i := range out {
		sun := 38000 + 6000*math.Sin(float64(i)/40)
		if cloud := i % 60; cloud > 30 {
			sun *= 0.25 + 0.7*float64(cloud-31)/29
		}
		out[i] = sun
	}
	return out
}

// steady is the same surplus all the time.
func steady(w float64) []float64 { return []float64{w} }

// plant plays a site's meter: it publishes surplus taken off what our rigs
// draw, until it is ended, and knows what truly went over the wire.
type plant struct {
	w    *world
	farm *farm
	mqtt paho.Client
	ends chan struct{}
	done chan struct{}
	over chan struct{} // closed when the series has been played once; its last value goes on

	mu       sync.Mutex
	series   []float64
	speed    int     // seconds of the series that pass in one
	imported float64 // J
	exported float64 // J
}

// connect opens a client of the broker for a test.
func (w *world) connect(broker string, user *testbed.Broker) paho.Client {
	w.t.Helper()
	o := paho.NewClientOptions().AddBroker(strings.Replace(broker, "mqtt://", "tcp://", 1)).SetClientID("plant-" + filepath.Base(w.dir) + fmt.Sprint(time.Now().UnixNano()%1e6))
	o.SetConnectRetry(true).SetConnectRetryInterval(200 * time.Millisecond).SetMaxReconnectInterval(time.Second)
	if user != nil {
		o.SetUsername(user.User).SetPassword(user.Password)
	}
	c := paho.NewClient(o)
	if token := c.Connect(); !token.WaitTimeout(20*time.Second) || token.Error() != nil {
		w.t.Fatalf("connect to %s: %v", broker, token.Error())
	}
	w.t.Cleanup(func() { c.Disconnect(100) })
	return c
}

// play has the plant play series.
func (w *world) play(f *farm, c paho.Client, series []float64, speed int) *plant {
	p := &plant{w: w, farm: f, mqtt: c, series: series, speed: speed,
		ends: make(chan struct{}), done: make(chan struct{}), over: make(chan struct{})}
	go p.run()
	w.t.Cleanup(p.end)
	return p
}

func (p *plant) end() {
	select {
	case <-p.ends:
	default:
		close(p.ends)
	}
	<-p.done
}

// set changes what is played to a steady surplus.
func (p *plant) set(w float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.series = steady(w)
}

// energy is what went over the wire since it began, in Wh.
func (p *plant) energy() (imported, exported float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.imported / 3600, p.exported / 3600
}

func (p *plant) run() {
	defer close(p.done)
	tick := time.NewTicker(step)
	defer tick.Stop()
	began, last := time.Now(), time.Now()
	played := false
	for {
		select {
		case <-p.ends:
			return
		case <-tick.C:
		}
		var m emulate.Meter
		if p.farm.get("/total", &m) != nil {
			continue // it is ending
		}
		now := time.Now()
		p.mu.Lock()
		at := int(now.Sub(began).Seconds() * float64(p.speed))
		if at >= len(p.series) && !played {
			played = true
			close(p.over)
		}
		grid := float64(m.Draw) - p.series[min(at, len(p.series)-1)]
		joules := grid * now.Sub(last).Seconds()
		p.imported += max(0, joules)
		p.exported += max(0, -joules)
		last = now
		p.mu.Unlock()
		p.publish(grid, now)
	}
}

func (p *plant) publish(grid float64, now time.Time) {
	body, err := json.Marshal(map[string]any{"w": grid, "ts": now.UnixMilli()})
	if err != nil {
		panic(err)
	}
	if p.mqtt.IsConnectionOpen() {
		p.mqtt.Publish("plant/pcc", 0, false, body)
	}
}
