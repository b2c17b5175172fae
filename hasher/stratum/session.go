package stratum

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

const (
	handshakeTimeout = 15 * time.Second // from subscribing to being authorized
	answerTimeout    = 60 * time.Second // of a submitted share
	writeTimeout     = 10 * time.Second
	pingTimeout      = 10 * time.Second
	pingsPerSilence  = 10 // a ping is due after so much less of it
	maxPending       = 64 // shares without an answer
	maxWait          = time.Minute
)

// errAnswer ends a session whose pool leaves a call open.
var errAnswer = errors.New("pool does not answer")

// session is one connection. One goroutine owns it; another reads lines.
type session struct {
	c      *Client
	at     endpoint
	conn   net.Conn
	lastID uint64
	calls  map[uint64]call // without an answer
	shares int             // of them

	sub     *subscription // for the jobs to come
	ready   bool          // authorized
	target  work.Target   // of the jobs to come
	rolling bool          // version rolling is granted
	mask    uint32        // the pool's last one, valid at once
	extras  bool          // it was granted with the configuration that extranonces may change
	last    *work.Job     // as the pool has given it

	heard  time.Time // the last message
	pinged bool      // and not answered
	said   time.Time // the last message of the pool's operator that was logged
	warned time.Time // the last rejected share that was
}

// call is a call of ours that has no answer yet.
type call struct {
	method string
	sent   time.Time
	due    time.Time             // zero: it may stay open
	answer func(m message) error // acts on the answer
	late   func() error          // acts once it is due; nil: the session ends
	share  bool
}

// session runs one connection to its end and says why it ended.
func (c *Client) session(ctx context.Context, at endpoint) error {
	conn, err := at.open(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	lines := make(chan message)
	readErr := make(chan error, 1)
	go func() {
		readErr <- readLines(ctx, conn, c.cfg.Silence, lines)
		close(readErr)
	}()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		cancel()
		stop()
		conn.Close()
		for range readErr { // until the reader is gone
		}
	}()
	now := time.Now()
	s := &session{
		c: c, at: at, conn: conn, target: c.cfg.Algorithm.DifficultyTarget(1), calls: map[uint64]call{}, heard: now,
	}
	err = s.begin(now)
	if err == nil {
		err = s.loop(ctx, lines, readErr)
	}
	s.ended(ctx, err)
	return fmt.Errorf("pool %s: %w", s.at, err)
}

func (s *session) loop(ctx context.Context, lines <-chan message, readErr <-chan error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var submits <-chan submission
		if s.ready && s.shares < maxPending {
			submits = s.c.submits
		}
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err = <-readErr:
		case m := <-lines:
			s.heard = time.Now()
			err = s.take(m)
		case sub := <-submits:
			err = s.submit(sub)
		case now := <-tick.C:
			err = s.overdue(now)
		}
		if err != nil {
			return err
		}
	}
}

// readLines sends each line until the connection fails, is silent for too
// long, or sends what is not a message. It always returns an error.
func readLines(ctx context.Context, conn net.Conn, silence time.Duration, out chan<- message) error {
	sc := bufio.NewScanner(conn)
	sc.Buffer(make([]byte, 0, 4096), maxLine)
	sc.Split(wholeLines)
	for {
		// One deadline for a whole line, so that a dribbling pool is a
		// silent one.
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		if !sc.Scan() {
			break
		}
		line := bytes.TrimSpace(sc.Bytes())
		if len(line) == 0 {
			return fmt.Errorf("%w: empty line", errProtocol)
		}
		m, err := decode(line)
		if err != nil {
			return err
		}
		select {
		case out <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch err := sc.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: line longer than %d bytes", errProtocol, maxLine)
	case err != nil:
		return err
	default:
		return io.EOF
	}
}

// wholeLines splits like bufio.ScanLines, but leaves out what has no end: a
// connection that breaks off in a line has not said it.
func wholeLines(data []byte, _ bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	return 0, nil, nil
}

// call calls the pool.
func (s *session) call(c call, params ...any) error {
	s.lastID++
	c.sent = time.Now()
	s.calls[s.lastID] = c
	if c.share {
		s.shares++
	}
	if params == nil {
		params = []any{}
	}
	return s.write(struct {
		ID     uint64 `json:"id"`
		Method string `json:"method"`
		Params []any  `json:"params"`
	}{s.lastID, c.method, params})
}

func (s *session) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err = s.conn.Write(append(line, '\n'))
	return err
}

// answer acts on the pool's answer to one of our calls.
func (s *session) answer(m message) error {
	id, ok := m.answerTo()
	if !ok {
		if null(m.ID) && !null(m.Error) {
			return fmt.Errorf("%w: %s", errRefused, reasonText(m.Error))
		}
		return fmt.Errorf("%w: answer to no call of ours", errProtocol)
	}
	c, ok := s.calls[id]
	if !ok {
		return fmt.Errorf("%w: answer to call %d, which is not open", errProtocol, id)
	}
	delete(s.calls, id)
	if c.share {
		s.shares--
	}
	return c.answer(m)
}

// overdue looks after what has waited for too long.
func (s *session) overdue(now time.Time) error {
	for id, c := range s.calls {
		if c.due.IsZero() || now.Before(c.due) {
			continue
		}
		if c.late == nil {
			return fmt.Errorf("%w: %s for %v", errAnswer, c.method, now.Sub(c.sent).Round(time.Second))
		}
		c.due = time.Time{} // an answer may still come
		s.calls[id] = c
		if err := c.late(); err != nil {
			return err
		}
	}
	if s.ready && !s.pinged && now.Sub(s.heard) >= s.c.cfg.Silence/pingsPerSilence {
		return s.ping(now)
	}
	return nil
}

// ping tells a pool that has nothing to say from one that is gone: any answer
// will do, and "unknown method" is one. A pool that has answered one must
// answer the next in time; others may be silent for as long as any.
func (s *session) ping(now time.Time) error {
	if s.c.shy.avoids(methodPing, now) {
		return nil
	}
	s.pinged = true
	c := call{method: methodPing, answer: func(message) error {
		s.pinged, s.c.pongs = false, true
		return nil
	}}
	if s.c.pongs {
		c.due = now.Add(pingTimeout)
	}
	return s.call(c)
}

// ended counts the shares whose answer nobody waits for any more, and
// remembers which method the pool seems to have hung up on.
func (s *session) ended(ctx context.Context, err error) {
	cause, now := faultCause(err), time.Now()
	cut := ctx.Err() == nil && (cause == "hung-up" || cause == "network")
	for _, c := range s.calls {
		if c.share {
			s.c.desk.Count(func(n *work.Counts) { n.Silent++ })
		}
		if cut && now.Sub(c.sent) < configureTimeout {
			s.c.shy.of(c.method, now)
		}
	}
}
