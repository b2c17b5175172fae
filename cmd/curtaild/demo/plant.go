package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/energy"
)

const (
	sampleEvery = 250 * time.Millisecond
	meterEvery  = 4 // samples to one message of the meters
)

// Power is the site at one moment, as it truly is.
type Power struct {
	Moment    Moment
	Sky       Sky          // Generation as it could be
	Ours      energy.Watts // what our loads draw
	Grid      energy.Watts // import positive
	Curtailed energy.Watts // what the inverters hold back at the export limit
}

// Made is the generation that there was.
func (p Power) Made() energy.Watts { return p.Sky.Generation - p.Curtailed }

// Sums are energies since the start.
type Sums struct {
	Made, Ours, Imported, Exported, Curtailed energy.Joules
	OursImported                              energy.Joules // of Imported, what our loads may be blamed for
}

// Plant is a site that is not there: sun and load as the day has them, our
// rigs as they draw, and the meters between.
type Plant struct {
	Day    Day
	Rigs   func() energy.Watts // what the emulated rigs draw now
	Broker string              // host:port
	Log    *slog.Logger

	started time.Time
	mu      sync.Mutex
	local   energy.Watts
	power   Power
	sums    Sums
}

// balance is the site's power with our loads at ours.
func balance(m Moment, sky Sky, ours energy.Watts) Power {
	p := Power{Moment: m, Sky: sky, Ours: ours, Grid: sky.Load + ours - sky.Generation}
	if over := -p.Grid - exportLimit; over > 0 {
		p.Curtailed, p.Grid = over, -exportLimit
	}
	return p
}

// Begin sets the time from which the day is played.
func (p *Plant) Begin(now time.Time) {
	p.started = now
	p.sample(now, 0)
}

// Moment is the played time at now.
func (p *Plant) Moment(now time.Time) Moment { return p.Day.Moment(now.Sub(p.started)) }

// SetLocal says what the local hashing takes: no meter of ours sees it.
func (p *Plant) SetLocal(w energy.Watts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.local = w
}

// Power is the latest sample, and what there was in all so far.
func (p *Plant) Power() (Power, Sums) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.power, p.sums
}

// sample looks at the site, and counts what has flowed for dt.
func (p *Plant) sample(now time.Time, dt time.Duration) Power {
	m := p.Moment(now)
	sky, rigs := p.Day.Sky(m), p.Rigs()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.power = balance(m, sky, rigs+p.local)
	p.sums.add(p.power, dt.Seconds())
	return p.power
}

func (s *Sums) add(p Power, seconds float64) {
	s.Made += p.Made().Over(seconds)
	s.Ours += p.Ours.Over(seconds)
	s.Imported += max(0, p.Grid).Over(seconds)
	s.Exported += max(0, -p.Grid).Over(seconds)
	s.Curtailed += p.Curtailed.Over(seconds)
	s.OursImported += min(p.Ours, max(0, p.Grid)).Over(seconds)
}

// Run plays the day and publishes what the meters read, until ctx ends.
func (p *Plant) Run(ctx context.Context) {
	client := connect(p.Broker, "demo-meters", nil)
	defer client.Disconnect(100)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	last := p.started
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		power := p.sample(now, now.Sub(last))
		last = now
		if n%meterEvery == 0 && client.IsConnectionOpen() {
			p.publish(client, "plant/pcc", meter{now.UTC(), energy.Watts(power.Grid), nil})
			p.publish(client, "plant/inverters", meter{now.UTC(), power.Made(), &power.Curtailed})
		}
	}
}

// meter is the payload of a meter, in kW.
type meter struct {
	TS        time.Time
	Power     energy.Watts
	Curtailed *energy.Watts
}

func (m meter) MarshalJSON() ([]byte, error) {
	out := map[string]any{"ts": m.TS.Format(time.RFC3339Nano), "power_kw": float64(m.Power) / 1000}
	if m.Curtailed != nil {
		out["curtailed_kw"] = float64(*m.Curtailed) / 1000
	}
	return json.Marshal(out)
}

// publish sends at QoS 0 and does not wait: the next message is newer.
func (p *Plant) publish(client paho.Client, topic string, m meter) {
	payload, err := json.Marshal(m)
	if err != nil {
		p.Log.Error("demo: publish", "topic", topic, "err", err)
		return
	}
	client.Publish(topic, 0, false, payload)
}

// connect makes a client that connects as soon as the broker is there, and
// again whenever it is lost.
func connect(broker, id string, connected func(paho.Client)) paho.Client {
	o := paho.NewClientOptions().AddBroker(fmt.Sprintf("tcp://%s", broker)).SetClientID(id)
	o.SetConnectRetry(true).SetConnectRetryInterval(200 * time.Millisecond).SetMaxReconnectInterval(time.Second)
	o.SetConnectTimeout(2 * time.Second).SetWriteTimeout(2 * time.Second)
	if connected != nil {
		o.SetOnConnectHandler(connected)
	}
	c := paho.NewClient(o)
	c.Connect()
	return c
}
