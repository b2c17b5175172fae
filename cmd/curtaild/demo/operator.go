package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/energy"
)

const (
	limitFor    = 20 * time.Second
	limitAhead  = 2 * time.Second // from the order to its start
	limitWithin = 10 * time.Second
	limitLeast  = energy.Watts(3000) // below that draw of ours a limit shows nothing
	signalTopic = "curtaild/demo/signal/grid"
)

// limitsAt are the times of day at which the grid has too little.
func limitsAt() []time.Duration {
	return []time.Duration{8*time.Hour + 30*time.Minute, 13*time.Hour + 30*time.Minute}
}

// Operator is the operator of the grid: it sends a limit now and then, over a
// client of its own, and hears how it is met.
type Operator struct {
	Plant *Plant
	Hear  func(energy.SignalStatus) // must not block
	Log   *slog.Logger

	sent time.Duration // played time of the last limit, from the first dawn on
	asks int
}

// Run sends limits until ctx ends.
func (o *Operator) Run(ctx context.Context) {
	client := connect(o.Plant.Broker, "demo-grid", func(c paho.Client) {
		c.Subscribe(signalTopic+"/+/status", 1, func(_ paho.Client, m paho.Message) { o.hear(m) })
	})
	defer client.Disconnect(100)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		power, _ := o.Plant.Power()
		if !o.due(power) || !client.IsConnectionOpen() {
			continue
		}
		o.sent = power.Moment.since()
		o.asks++
		payload, err := json.Marshal(limit(o.asks, time.Now(), power.Ours))
		if err != nil {
			o.Log.Error("demo: send limit", "err", err)
			continue
		}
		client.Publish(signalTopic, 1, false, payload)
	}
}

// due reports whether a limit is to be sent: in the hour after its time, once
// there is something to limit.
func (o *Operator) due(p Power) bool {
	for _, at := range limitsAt() {
		since := p.Moment.Time - at
		if since >= 0 && since < time.Hour && p.Ours >= limitLeast && (o.asks == 0 || p.Moment.since()-o.sent > since) {
			return true
		}
	}
	return false
}

// hear takes in what we are told of a limit.
func (o *Operator) hear(m paho.Message) {
	var st energy.SignalStatus
	if len(m.Payload()) == 0 || m.Retained() {
		return
	}
	if err := json.Unmarshal(m.Payload(), &st); err != nil {
		o.Log.Error("demo: understand signal status", "err", err)
		return
	}
	if strings.HasPrefix(st.ID, "demo-") {
		o.Hear(st)
	}
}

// limit asks for about a third of what our loads draw.
func limit(n int, now time.Time, ours energy.Watts) map[string]any {
	kw := max(1, math.Round(float64(ours)/3/500)/2)
	return map[string]any{
		"v": 1, "id": fmt.Sprintf("demo-%d-%d", now.Unix(), n), "issued": now.UTC().Format(time.RFC3339),
		"kind": "limit", "at": "flexible", "unit": "kW", "deadline_s": limitWithin.Seconds(),
		"intervals": []any{map[string]any{"start": now.Add(limitAhead).UTC().Format(time.RFC3339Nano), "duration": fmt.Sprintf("PT%.0fS", limitFor.Seconds()), "value": kw}},
	}
}
