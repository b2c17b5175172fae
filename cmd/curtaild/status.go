package main

import (
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/energy/store"
)

// Status is part of [api.Daemon].
func (d *daemon) Status() api.Status {
	p := d.plant.Load()
	out := api.Status{
		Site: p.cfg.Site.Name, Mode: string(p.cfg.Mode), Version: version(), Started: d.started.UTC(), At: time.Now().UTC(),
		Inputs: []api.Input{}, Loads: []api.Load{}, Signals: []api.Signal{},
	}
	links := p.client.Stats()
	out.MQTT = api.MQTT{Broker: p.brokerURL(), Connected: links.Connection.Connected, Error: links.Connection.Err}
	out.Spool = spoolOf(d.store.Log.Stats())
	if p.influx != nil {
		st := p.influx.Stats()
		out.Influx = &api.Influx{
			URL: p.cfg.Influx.URL, State: string(st.State), Error: st.LastError,
			Written: uint64(st.Written), Rejected: uint64(st.Rejected), Behind: d.store.Log.Stats().Cursors["influxdb"].Lag,
		}
	}
	if s := p.last.Load(); s != nil {
		fill(&out, s, links)
	}
	for i := range out.Loads {
		if l := &out.Loads[i]; p.pool != nil && l.Name == p.pool.Name() {
			l.Pools = poolsOf(p.pool.Upstreams())
			price(l, p.cfg.Hasher.CoinPrice, p.cfg.Site.Currency)
		}
	}
	return out
}

func fill(out *api.Status, s *energy.Snapshot, links mqtt.Stats) {
	out.Power = api.Power{
		OK: s.Balance.OK, Reason: s.Balance.Reason, AvailableW: float64(s.Balance.Available),
		GrantedW: float64(s.Granted), DrawW: float64(s.Balance.Draw), DrawBy: s.Balance.DrawBy,
	}
	if s.Balance.Grid.OK() {
		out.Power.GridW = &s.Balance.Grid.Value
	}
	if f := s.Outlook.Forecast; f != nil {
		out.Forecast = &api.Forecast{Made: f.Made, End: f.End, Trust: s.Outlook.Trust}
		if w, ok := f.Expected(s.At, s.At.Add(time.Hour)); ok {
			out.Forecast.NextHourW = (*float64)(&w)
		}
	}
	if s.Held != nil {
		out.Hold = &api.Hold{By: s.Held.By, Since: s.Held.Since}
	}
	for _, in := range s.Inputs {
		st := links.Readings[in.Name]
		refused := make(map[string]uint64, len(st.Refused))
		for cause, n := range st.Refused {
			refused[string(cause)] = n
		}
		x := api.Input{Name: in.Name, Role: in.Role, Value: in.Sample.Value, Quality: in.Sample.Quality, Taken: st.Taken, Refused: refused}
		if in.Sample.Quality != "" {
			x.AgeS = out.At.Sub(in.Sample.At.UTC()).Seconds()
		}
		out.Inputs = append(out.Inputs, x)
	}
	for i := range s.Loads {
		l := loadOf(&s.Loads[i])
		out.Power.HashrateHS += l.HashrateHS
		out.Loads = append(out.Loads, l)
	}
	for _, st := range s.Signals {
		out.Signals = append(out.Signals, api.Signal{Source: st.Source, Kind: st.Kind, Status: st})
	}
}

func loadOf(l *energy.LoadView) api.Load {
	return api.Load{
		Name: l.Spec.Name, Group: l.Spec.Group, Family: l.Spec.Family, State: l.Status.State,
		Policy: l.Decision.Policy, Reason: l.Decision.Reason, Point: l.Setpoint.Name, SetpointW: float64(l.Setpoint.Draw),
		DrawW: float64(l.Draw), HashrateHS: float64(l.Status.Rate), TempC: l.Status.TempC,
		EnergyWh: l.Status.Energy.WattHours(), Hashes: l.Status.Hashes,
		Accepted: l.Status.Accepted, Rejected: l.Status.Rejected, Starts: l.Status.Starts, Error: l.Status.Err,
		YieldTH: l.Status.PerTerahash(), YieldKWh: l.Status.PerKWh(), YieldTotal: l.Status.Earned,
	}
}

func spoolOf(s store.LogStats) api.Spool {
	out := api.Spool{Bytes: s.Bytes, Buffered: int(s.Buffered), Written: uint64(s.Written), Error: s.Err, Dropped: map[string]uint64{}}
	for class, name := range []string{"settlement", "audit", "telemetry"} {
		if n := s.Dropped[class]; n > 0 {
			out.Dropped[name] = uint64(n)
		}
	}
	return out
}

func (p *plant) brokerURL() string {
	if p.broker != nil {
		return "embedded, " + p.cfg.MQTT.Listen
	}
	return p.cfg.MQTT.Broker
}
