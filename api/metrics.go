package api

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// registry returns a registry whose every scrape is made of one status.
func registry(d Daemon) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(newCollector(d), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// collector turns a status into metrics: names in base units, one series a
// load.
type collector struct {
	daemon Daemon
	descs  map[string]*prometheus.Desc
}

type metric struct {
	name, help string
	labels     []string
}

// metrics are all that are exported, with their labels.
func metrics() []metric {
	return []metric{
		{"info", "The daemon that runs here.", []string{"site", "mode", "version"}},
		{"balance_ok", "1 while the balance may be acted on.", nil},
		{"available_watts", "What our loads may draw without importing.", nil},
		{"granted_watts", "What has been granted to loads.", nil},
		{"draw_watts", "What our loads draw.", nil},
		{"grid_watts", "Grid power, import positive.", nil},
		{"hold", "1 while the operator's stop of all loads is in force.", nil},
		{"reading_age_seconds", "Age of a reading.", []string{"reading", "role"}},
		{"readings_total", "Readings taken.", []string{"reading"}},
		{"readings_refused_total", "Payloads refused, by cause.", []string{"reading", "cause"}},
		{"load_setpoint_watts", "Expected draw at the set-point.", []string{"load", "group"}},
		{"load_draw_watts", "Draw of a load.", []string{"load", "group"}},
		{"load_hashrate", "Hashes per second.", []string{"load", "group"}},
		{"load_reachable", "1 while a load answers.", []string{"load", "group"}},
		{"load_energy_joules_total", "Energy a load has used.", []string{"load", "group"}},
		{"load_hashes_total", "Hashes a load has made.", []string{"load", "group"}},
		{"load_starts_total", "Starts of a load.", []string{"load", "group"}},
		{"load_yield_sat_per_terahash", "What 10^12 hashes are expected to bring, in the coin's smallest unit.", []string{"load", "group"}},
		{"load_yield_sat_per_kwh", "What a kWh is expected to bring, in the coin's smallest unit.", []string{"load", "group"}},
		{"load_yield_sat_total", "What all hashes were expected to bring, in the coin's smallest unit.", []string{"load", "group"}},
		{"load_value_per_mwh", "What a MWh is expected to bring, in the site's currency.", []string{"load", "group"}},
		{"pool_in_use", "1 while the local workers work for a pool.", []string{"load", "pool"}},
		{"pool_shares_total", "Shares, by what became of them and why.", []string{"load", "pool", "verdict", "cause"}},
		{"pool_faults_total", "What went wrong with a pool, by cause.", []string{"load", "pool", "cause"}},
		{"pool_answer_seconds", "How long the last shares waited for their answer.", []string{"load", "pool", "quantile"}},
		{"signals_active", "Signals that live.", []string{"source", "state"}},
		{"mqtt_connected", "1 while the broker is connected.", nil},
		{"spool_bytes", "Size of the records on disk.", nil},
		{"spool_buffered_points", "Records that are not on disk yet.", nil},
		{"spool_written_points_total", "Records written to disk.", nil},
		{"spool_dropped_points_total", "Records dropped for want of space, by class.", []string{"class"}},
		{"influxdb_up", "1 while InfluxDB takes records.", nil},
		{"influxdb_written_points_total", "Records written to InfluxDB.", nil},
		{"influxdb_rejected_points_total", "Records that InfluxDB refused and that were set aside.", nil},
		{"influxdb_behind_points", "Records on disk that InfluxDB does not have yet.", nil},
	}
}

func newCollector(d Daemon) *collector {
	all := metrics()
	c := &collector{d, make(map[string]*prometheus.Desc, len(all))}
	for _, m := range all {
		c.descs[m.name] = prometheus.NewDesc("curtaild_"+m.name, m.help, m.labels, nil)
	}
	return c
}

func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s := c.daemon.Status()
	gauge := func(name string, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(c.descs[name], prometheus.GaugeValue, v, labels...)
	}
	count := func(name string, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(c.descs[name], prometheus.CounterValue, v, labels...)
	}
	gauge("info", 1, s.Site, s.Mode, s.Version)
	gauge("balance_ok", truth(s.Power.OK))
	gauge("available_watts", s.Power.AvailableW)
	gauge("granted_watts", s.Power.GrantedW)
	gauge("draw_watts", s.Power.DrawW)
	if s.Power.GridW != nil {
		gauge("grid_watts", *s.Power.GridW)
	}
	gauge("hold", truth(s.Hold != nil))
	for _, in := range s.Inputs {
		if in.Quality != "" {
			gauge("reading_age_seconds", in.AgeS, in.Name, string(in.Role))
		}
		count("readings_total", float64(in.Taken), in.Name)
		for cause, n := range in.Refused {
			count("readings_refused_total", float64(n), in.Name, cause)
		}
	}
	for _, l := range s.Loads {
		gauge("load_setpoint_watts", l.SetpointW, l.Name, l.Group)
		gauge("load_draw_watts", l.DrawW, l.Name, l.Group)
		gauge("load_hashrate", l.HashrateHS, l.Name, l.Group)
		gauge("load_reachable", truth(l.State.Heard()), l.Name, l.Group)
		// After a start the totals are not known until the load says them: to
		// a reader of counters, zero would be a reset.
		if l.State.Heard() || l.EnergyWh > 0 || l.Starts > 0 {
			count("load_energy_joules_total", l.EnergyWh*3600, l.Name, l.Group)
			count("load_hashes_total", l.Hashes, l.Name, l.Group)
			count("load_starts_total", float64(l.Starts), l.Name, l.Group)
		}
		collectYield(gauge, count, &l)
		for i := range l.Pools {
			collectPool(gauge, count, l.Name, &l.Pools[i])
		}
	}
	collectSignals(gauge, s.Signals)
	gauge("mqtt_connected", truth(s.MQTT.Connected))
	gauge("spool_bytes", float64(s.Spool.Bytes))
	gauge("spool_buffered_points", float64(s.Spool.Buffered))
	count("spool_written_points_total", float64(s.Spool.Written))
	for class, n := range s.Spool.Dropped {
		count("spool_dropped_points_total", float64(n), class)
	}
	if in := s.Influx; in != nil {
		gauge("influxdb_up", truth(in.Error == ""))
		count("influxdb_written_points_total", float64(in.Written))
		count("influxdb_rejected_points_total", float64(in.Rejected))
		gauge("influxdb_behind_points", float64(in.Behind))
	}
}

// give exports one value of a metric.
type give func(name string, v float64, labels ...string)

// collectYield is for loads whose work says what it brings.
func collectYield(gauge, count give, l *Load) {
	if l.YieldTH > 0 {
		gauge("load_yield_sat_per_terahash", l.YieldTH, l.Name, l.Group)
		gauge("load_yield_sat_per_kwh", l.YieldKWh, l.Name, l.Group)
	}
	if l.YieldTotal > 0 {
		count("load_yield_sat_total", l.YieldTotal, l.Name, l.Group)
	}
	if l.ValueMWh > 0 {
		gauge("load_value_per_mwh", l.ValueMWh, l.Name, l.Group)
	}
}

func collectSignals(gauge give, list []Signal) {
	type key struct{ source, state string }
	signals := map[key]int{}
	for _, sig := range list {
		signals[key{sig.Source, string(sig.Status.State)}]++
	}
	for k, n := range signals {
		gauge("signals_active", float64(n), k.source, k.state)
	}
}

func collectPool(gauge, count give, load string, p *Pool) {
	gauge("pool_in_use", truth(p.State == PoolInUse), load, p.Name)
	count("pool_shares_total", float64(p.Accepted), load, p.Name, "accepted", "")
	count("pool_shares_total", float64(p.Unanswered), load, p.Name, "unanswered", "")
	for cause, n := range p.Rejected {
		count("pool_shares_total", float64(n), load, p.Name, "rejected", cause)
	}
	for cause, n := range p.Unsent {
		count("pool_shares_total", float64(n), load, p.Name, "unsent", cause)
	}
	for cause, n := range p.Faults {
		count("pool_faults_total", float64(n), load, p.Name, cause)
	}
	if p.AnswerP50S > 0 {
		gauge("pool_answer_seconds", p.AnswerP50S, load, p.Name, "0.5")
		gauge("pool_answer_seconds", p.AnswerP95S, load, p.Name, "0.95")
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
