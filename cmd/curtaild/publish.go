package main

import (
	"context"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// stateEvery is how often our state is published over MQTT.
const stateEvery = 4 * time.Second

// publish takes a snapshot from the loop and never blocks it.
func (p *plant) publish(s *energy.Snapshot) {
	p.last.Store(s)
	p.scribe.see(s)
	if p.seen != nil {
		p.seen(s)
	}
}

// answer tells a source how its signal stands, or clears what it was told. On
// record is each state once, however often it is said.
func (p *plant) answer(st energy.SignalStatus, why scheduler.Notice) {
	if why == scheduler.Cleared {
		if err := p.client.ClearStatus(st.Source, st.ID); err != nil {
			p.log.Warn("clear signal", "source", st.Source, "id", st.ID, "err", err)
		}
		return
	}
	if why == scheduler.Entered {
		p.scribe.hear(st)
	}
	if err := p.client.PublishStatus(st); err != nil {
		p.log.Warn("answer signal", "source", st.Source, "id", st.ID, "err", err)
	}
}

// mqttState is the payload of <prefix>/state: what we draw, and how far up and
// down we could go from here.
type mqttState struct {
	TS         time.Time `json:"ts"`
	Mode       string    `json:"mode"`
	OK         bool      `json:"ok"`
	AvailableW float64   `json:"available_w"`
	GrantedW   float64   `json:"granted_w"`
	DrawW      float64   `json:"draw_w"`
	UpW        float64   `json:"up_w"`
	DownW      float64   `json:"down_w"`
	HashrateHS float64   `json:"hashrate_hs"`
	Running    int       `json:"running"`
	Loads      int       `json:"loads"`
	Hold       bool      `json:"hold"`
}

// publishState publishes our state every few seconds until ctx ends.
func (p *plant) publishState(ctx context.Context) {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := p.last.Load()
		if s == nil {
			continue
		}
		if err := p.client.PublishState(stateOf(s, string(p.cfg.Mode))); err != nil {
			p.log.Warn("publish state", "err", err)
		}
	}
}

func stateOf(s *energy.Snapshot, mode string) mqttState {
	out := mqttState{
		TS: s.At.UTC(), Mode: mode, OK: s.Balance.OK, AvailableW: float64(s.Balance.Available),
		GrantedW: float64(s.Granted), DrawW: float64(s.Balance.Draw), Loads: len(s.Loads), Hold: s.Held != nil,
	}
	for i := range s.Loads {
		l := &s.Loads[i]
		out.HashrateHS += float64(l.Status.Rate)
		if l.Setpoint.Point != energy.Off {
			out.Running++
		}
		if n := len(l.Status.Points); n > 0 && l.Status.State.Heard() {
			out.UpW += max(0, float64(l.Status.Points[n-1].Draw-l.Draw))
			out.DownW += max(0, float64(l.Draw-l.Status.Points[energy.Off].Draw))
		}
	}
	return out
}
