package hasher

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
}
