package scheduler

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrGap says that a part of the journal is missing: what came after it cannot
// be known from it.
var ErrGap = errors.New("a part of the journal is missing")

// Stream reads one stream of a journal from its frames.
type Stream struct {
	id    int64
	end   int64 // offset of the next frame
	head  []byte
	begun *checkpoint
	r     eventReader
}

// Add takes a frame in, in the order in which they were taken. Frames of other
// streams are left out. An error is final: [ErrGap] where frames are missing,
// or what is there cannot be understood.
func (s *Stream) Add(f Frame) error {
	switch {
	case s.id == 0 && f.Offset == 0:
		s.id = f.Stream
	case s.id != f.Stream:
		return nil
	}
	if f.Offset == checkpointSpan && s.begun == nil {
		if err := s.begin(); err != nil {
			return err
		}
		s.end = checkpointSpan
	}
	if f.Offset != s.end {
		return ErrGap
	}
	s.end += int64(len(f.Data))
	if s.begun == nil {
		s.head = append(s.head, f.Data...)
		return nil
	}
	s.r.buf = append(bytes.Clone(s.r.buf), f.Data...)
	return nil
}

// begin unpacks the checkpoint, which is there whole now.
func (s *Stream) begin() error {
	size, n := binary.Uvarint(s.head)
	if n <= 0 || size != uint64(len(s.head)-n) {
		return fmt.Errorf("checkpoint: %w", ErrGap)
	}
	c, err := unpackCheckpoint(s.head[n:])
	if err != nil {
		return err
	}
	s.head, s.begun, s.r.heading = nil, c, c.heading()
	return nil
}

// Next returns the next event. Where there is none yet it returns io.EOF; any
// other error is final.
func (s *Stream) Next() (Event, error) {
	if s.begun == nil {
		return Event{}, io.EOF
	}
	return s.r.next()
}
