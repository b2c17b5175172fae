package influx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy/store"
)

// Run brings records over until ctx ends, or the log is closed and read to its
// end. It waits out every fault; an error means that it could not begin.
func (w *Writer) Run(ctx context.Context) error {
	defer w.http.CloseIdleConnections()
	for {
		ended, err := w.session(ctx)
		switch {
		case ended, ctx.Err() != nil:
			return err
		case errors.Is(err, errSmaller):
			continue
		}
		var f *fault
		if !errors.As(err, &f) {
			f = &fault{state: StateLog, err: err}
		}
		w.note(f)
		wait := f.wait
		if wait == 0 {
			wait = w.backoff.next()
		}
		if !pause(ctx, wait) {
			return nil
		}
	}
}

// fault is why a batch was not taken, and how long to wait, if that was said.
type fault struct {
	state State
	wait  time.Duration
	err   error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// session reads from the cursor's last commit on and writes, until something
// goes wrong. Beginning anew after a fault makes the batches larger by what
// has come meanwhile.
func (w *Writer) session(ctx context.Context) (ended bool, err error) {
	cursor, err := w.log.Cursor(cursorName)
	if err != nil {
		return true, fmt.Errorf("influxdb: %w", err)
	}
	defer cursor.Close()
	for {
		batch, err := cursor.Next(ctx, w.limit)
		switch {
		case errors.Is(err, io.EOF), ctx.Err() != nil:
			return true, nil
		case err != nil:
			return false, err
		}
		batch.Lines = slices.DeleteFunc(batch.Lines, store.Private)
		if len(batch.Lines) > 0 {
			if err := w.deliver(ctx, batch); err != nil {
				return false, err
			}
			w.delivered(len(batch.Lines))
		}
		cursor.Commit(batch.End)
	}
}

// errSmaller asks for the same records again, in a smaller batch.
var errSmaller = errors.New("batch is too large")

// deliver writes one batch.
func (w *Writer) deliver(ctx context.Context, batch store.Batch) error {
	err := w.write(ctx, batch.Lines)
	v, wait := judge(err, time.Now())
	switch v {
	case accepted:
		return nil
	case tooLarge:
		if len(batch.Lines) > 1 {
			w.limit = len(batch.Lines) / 2
			return errSmaller
		}
		return w.setAside([]bad{{batch.Lines[0], err}})
	case refused:
		return w.isolate(ctx, batch.Lines, err)
	default:
		return &fault{v.state(), wait, explain(err)}
	}
}

func (w *Writer) write(ctx context.Context, lines [][]byte) error {
	w.board.count(func(s *Stats) { s.Requests++ })
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return w.client.WriteAPIBlocking(w.cfg.Org, w.cfg.Bucket).WriteRecord(ctx, string(bytes.Join(lines, []byte("\n"))))
}

func (w *Writer) delivered(n int) {
	w.backoff = backoff{}
	w.limit = min(maxBatch, w.limit+w.limit/10+1)
	was := w.board.ok(n)
	if was != StateOK {
		w.cfg.Logger.Info("influxdb takes records again", "was", was)
	}
}

func (w *Writer) note(f *fault) {
	msg := w.trim(f.err)
	if w.board.failed(f.state, msg, time.Now()) {
		w.cfg.Logger.Warn("influxdb does not take records: they are kept", "state", f.state, "err", msg)
	}
}

// trim makes an error fit to be shown: short, on one line, without the token.
func (w *Writer) trim(err error) string {
	s := err.Error()
	if w.cfg.Token != "" {
		s = strings.ReplaceAll(s, w.cfg.Token, "(token)")
	}
	if len(s) > maxMessage {
		s = s[:maxMessage] + "…"
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(s)
}
