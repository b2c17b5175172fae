package record

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// PoolStatus is a place that the work of the local workers comes from, with
// its counts since the config in force was taken up.
type PoolStatus struct {
	Rig        string // the load
	Pool       string // host:port
	InUse      bool
	Accepted   uint64 // shares
	Rejected   uint64
	Stale      uint64 // of those rejected
	Unsent     uint64
	Unanswered uint64
	Faults     uint64
	AnswerP50  time.Duration // of the last shares; 0: none was answered
	AnswerP95  time.Duration
}

// Pool is the point of a pool.
func (r *Recorder) Pool(at time.Time, s PoolStatus) energy.Point {
	p := energy.Point{
		Measurement: "pool", Class: energy.Telemetry, Time: at.Round(0).UTC(),
		Tags: tags("pool", s.Pool, "rig", s.Rig, "site", r.cfg.Site),
		Fields: []energy.Field{
			energy.Bool("in_use", s.InUse),
			energy.Int("accepted", int64(s.Accepted)), energy.Int("rejected", int64(s.Rejected)), energy.Int("stale", int64(s.Stale)),
			energy.Int("unsent", int64(s.Unsent)), energy.Int("unanswered", int64(s.Unanswered)), energy.Int("faults", int64(s.Faults)),
		},
	}
	if s.AnswerP50 > 0 {
		p.Fields = append(p.Fields, energy.Float("answer_p50_s", s.AnswerP50.Seconds()), energy.Float("answer_p95_s", s.AnswerP95.Seconds()))
	}
	return p
}
