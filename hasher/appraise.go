package hasher

import "math"

// steady is how far, as a fraction, what a hash brings must be from what was
// said of it before that changes: fees come and go with every job, and policies
// may go by it.
const steady = 0.02

// appraise reads from the job what hashes for it are expected to bring. While
// there is none, the last one's word stands: chains do not change so fast.
func (p *Pool) appraise() {
	r := &p.run
	if r.job == nil {
		return
	}
	y, err := r.job.Yield()
	if err != nil { // the work is good, whatever its coinbase is
		p.cfg.Log.Debug("job does not say what it brings", "load", p.cfg.Name, "err", err)
	}
	r.yield = y
	if y.PerHash == 0 || r.perHash == 0 || math.Abs(y.PerHash/r.perHash-1) > steady {
		r.perHash = y.PerHash
	}
}
