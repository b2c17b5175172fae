package influx

import (
	"context"
	"errors"
	"time"
)

// doubt is how many records one by one may be refused for an unknown reason,
// with none accepted, before it is held to be no fault of theirs.
const doubt = 16

// bad is a record that the database refuses, and why.
type bad struct {
	line []byte
	err  error
}

// search looks for the records of a batch that are at fault.
type search struct {
	w      *Writer
	passed int // records accepted
	bad    []bad
	known  bool // a refusal spoke of records
}

var errDoubt = errors.New("every record is refused, for a reason that may not be theirs")

// isolate finds the records that the database refuses, sets them aside, and
// leaves everything else written. Good records are written more than once on
// the way, which changes nothing.
func (w *Writer) isolate(ctx context.Context, lines [][]byte, cause error) error {
	s := search{w: w}
	err := s.split(ctx, lines, cause)
	if err == nil && !s.known && s.passed == 0 {
		err = errDoubt
	}
	if errors.Is(err, errDoubt) {
		return &fault{state: StateDenied, err: cause}
	}
	if err != nil {
		return err
	}
	return w.setAside(s.bad)
}

// split is called with lines that were refused together.
func (s *search) split(ctx context.Context, lines [][]byte, cause error) error {
	known := pointFault(cause.Error())
	s.known = s.known || known
	if len(lines) == 1 || (known && dropped(cause.Error()) == len(lines)) {
		for _, line := range lines {
			s.bad = append(s.bad, bad{line, cause})
		}
		if !s.known && s.passed == 0 && len(s.bad) >= doubt {
			return errDoubt
		}
		return nil
	}
	half := len(lines) / 2
	for _, part := range [][][]byte{lines[:half], lines[half:]} {
		err := s.w.write(ctx, part)
		v, wait := judge(err, time.Now())
		switch v {
		case accepted:
			s.passed += len(part)
			continue
		case refused:
			err = s.split(ctx, part, err)
		default:
			err = &fault{v.state(), wait, err}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setAside puts refused records into the file.
func (w *Writer) setAside(list []bad) error {
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		if err := w.aside.add(list[i].line, w.trim(list[i].err), time.Now()); err != nil {
			return &fault{state: StateLog, err: err}
		}
	}
	if err := w.aside.flush(); err != nil {
		return &fault{state: StateLog, err: err}
	}
	w.board.count(func(s *Stats) { s.Rejected += int64(len(list)); s.LastRejected = w.trim(list[0].err) })
	w.cfg.Logger.Warn("influxdb refused records: they are set aside", "records", len(list), "file", w.aside.path(), "err", w.trim(list[0].err))
	return nil
}
