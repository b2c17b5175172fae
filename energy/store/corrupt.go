package store

// place is where in the log something was found.
type place struct {
	path string
	off  int64
}

// noteCorrupt counts and marks a block that cannot be read back, once,
// whichever reader finds it.
func (l *Log) noteCorrupt(at place, class string, lost loss) {
	l.mu.Lock()
	known := l.corrupt[at]
	if !known {
		l.corrupt[at] = true
		l.stats.Corrupt++
		l.stats.CorruptRecords += lost.count
	}
	l.mu.Unlock()
	if known {
		return
	}
	l.opt.Logger.Error("log block cannot be read back and is skipped", "segment", at.path, "records", lost.count)
	l.Append(l.marker(class, causeCorrupt, gap{loss: lost, unread: lost.count}))
}
