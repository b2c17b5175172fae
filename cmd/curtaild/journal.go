package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// The journal of what the loop took in lies in the log of records, as records
// that go to no database. A record is one frame.
const journalName = "_journal"

// writeJournal puts what the loop takes down into the log until ctx ends, and
// then the rest: within a second what has changed anything, within ten all.
func (p *plant) writeJournal(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			if p.loop.Journal.Ready(now) {
				p.takeJournal(now)
			}
		case <-ctx.Done():
			p.takeJournal(time.Now())
			return
		}
	}
}

func (p *plant) takeJournal(now time.Time) {
	frames, err := p.loop.Journal.Take(now)
	if err != nil {
		p.log.Error("write the journal", "err", err)
	}
	for _, f := range frames {
		p.store.Log.Append(journalPoint(f))
	}
}

func journalPoint(f scheduler.Frame) energy.Point {
	return energy.Point{
		Measurement: journalName, Class: energy.Audit, Time: f.At,
		Fields: []energy.Field{
			energy.Text("d", base64.RawStdEncoding.EncodeToString(f.Data)), energy.Int("o", f.Offset), energy.Int("s", f.Stream),
		},
	}
}

// parseFrame reads a record of the journal; false for any other record. The
// data is left for decode.
func parseFrame(line []byte) (f scheduler.Frame, data []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(journalName+` d="`))
	if !ok {
		return f, nil, false
	}
	data, rest, ok = bytes.Cut(rest, []byte(`",o=`))
	if !ok {
		return f, nil, false
	}
	offset, rest, ok := bytes.Cut(rest, []byte("i,s="))
	if !ok {
		return f, nil, false
	}
	stream, at, ok := bytes.Cut(rest, []byte("i "))
	if !ok {
		return f, nil, false
	}
	ns, err := strconv.ParseInt(string(at), 10, 64)
	o, errO := strconv.ParseInt(string(offset), 10, 64)
	s, errS := strconv.ParseInt(string(stream), 10, 64)
	f = scheduler.Frame{Offset: o, Stream: s, At: time.Unix(0, ns).UTC()}
	return f, data, errors.Join(err, errO, errS) == nil
}
