package store

import "time"

// LogStats is what a log knows of itself. Counts are since it was opened.
type LogStats struct {
	Bytes    int64 // on disk
	Segments int
	Oldest   time.Time // earliest record on disk; zero if there is none
	Newest   time.Time

	Buffered      int64 // records in memory, not yet on disk
	Written       int64 // records
	Invalid       int64 // records refused: no field, no time, a name that cannot be written
	LastInvalid   string
	FieldsDropped int64          // not a number, or infinite
	Dropped       [classes]int64 // records by class: for space, age, or because the disk took no more

	Torn           int64 // unfinished blocks cut off at the start
	TornBytes      int64
	Corrupt        int64 // blocks that could not be read back
	CorruptRecords int64

	WriteErrors  int64
	RetainErrors int64
	Err          string // why the log cannot be written now; empty if it can
	ErrSince     time.Time

	Cursors map[string]CursorStats
}

// CursorStats is how far a reader is.
type CursorStats struct {
	Lag    int64 // record numbers between it and the end of the log
	Missed int64 // records dropped before it had read them, ever
}

// Stats returns a snapshot.
func (l *Log) Stats() LogStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Segments = len(l.segments)
	for _, seg := range l.segments {
		s.Bytes += seg.size
		if seg.sum.Max == 0 {
			continue
		}
		if at := time.Unix(0, seg.sum.Min).UTC(); s.Oldest.IsZero() || at.Before(s.Oldest) {
			s.Oldest = at
		}
		if at := time.Unix(0, seg.sum.Max).UTC(); at.After(s.Newest) {
			s.Newest = at
		}
	}
	s.Cursors = make(map[string]CursorStats, len(l.cursors))
	for name, c := range l.cursors {
		s.Cursors[name] = CursorStats{Lag: int64(l.next - min(c.Pos, l.next)), Missed: c.Missed}
	}
	return s
}
