package stratum

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

const (
	handshakeTimeout = 15 * time.Second // from connecting to being authorized
	answerTimeout    = 60 * time.Second // of a submitted share
	writeTimeout     = 10 * time.Second
	maxPending       = 64 // shares without an answer
	maxWait          = time.Minute
)

// Why a session ends.
var (
	errAnswer  = errors.New("pool does not answer")
	errRefused = errors.New("pool refuses us")
)

// reconnect is the pool's wish that we come back at another port.
type reconnect struct {
	port string
	wait time.Duration
}

func (r *reconnect) Error() string { return "pool asks to reconnect at port " + r.port }

// submission is a checked share on its way to the pool.
type submission struct {
	job   *work.Job
	share work.Share
	sent  time.Time
}

// session is one connection. One goroutine owns it; another reads lines.
type session struct {
	c       *Client
	at      endpoint
	conn    net.Conn
	sub     *subscription
	ready   bool // authorized
	target  work.Target
	early   func()                // a job that came before we were authorized
	pending map[uint64]submission // by id
	lastID  uint64
	due     time.Time // by when the handshake must be over
}

// The ids of the two calls of the handshake; shares follow.
const (
	idSubscribe = 1
	idAuthorize = 2
)

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
	s := &session{
		c: c, at: at, conn: conn, target: work.SHA256d.DifficultyTarget(1), pending: map[uint64]submission{},
		lastID: idAuthorize, due: time.Now().Add(handshakeTimeout),
	}
	if err := s.call(idSubscribe, "mining.subscribe", c.cfg.Agent); err != nil {
		return err
	}
	return s.loop(ctx, lines, readErr)
}

func (s *session) loop(ctx context.Context, lines <-chan message, readErr <-chan error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var submits <-chan submission
		if s.ready && len(s.pending) < maxPending {
			submits = s.c.submits
		}
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err = <-readErr:
		case m := <-lines:
			err = s.take(m)
		case sub := <-submits:
			err = s.submit(sub)
		case now := <-tick.C:
			err = s.overdue(now)
		}
		if err != nil {
			return fmt.Errorf("pool %s: %w", s.at, err)
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
			return fmt.Errorf("%w: empty line", ErrProtocol)
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
		return fmt.Errorf("%w: line longer than %d bytes", ErrProtocol, maxLine)
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

func (s *session) call(id uint64, method string, params ...string) error {
	line, err := json.Marshal(struct {
		ID     uint64   `json:"id"`
		Method string   `json:"method"`
		Params []string `json:"params"`
	}{id, method, params})
	if err != nil {
		return err
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err = s.conn.Write(append(line, '\n'))
	return err
}

// take acts on one message.
func (s *session) take(m message) error {
	if m.Method == "" {
		return s.answer(m)
	}
	switch m.Method {
	case "mining.set_difficulty":
		if len(m.Params) < 1 {
			return fmt.Errorf("%w: difficulty missing", ErrProtocol)
		}
		t, err := work.SHA256d.ParseDifficulty(string(m.Params[0]))
		if err != nil {
			return err
		}
		s.target = t // from the next job on
	case "mining.notify":
		return s.job(m.Params)
	case "client.reconnect":
		return s.reconnect(m.Params)
	default: // what we do not know does not concern us
	}
	return nil
}

func (s *session) job(params []json.RawMessage) error {
	if s.sub == nil {
		return fmt.Errorf("%w: job before the subscription", ErrProtocol)
	}
	j, clean, err := parseNotify(params, *s.sub, s.target)
	if err != nil {
		return err
	}
	if !s.ready {
		s.early = func() { s.c.publish(j, clean) }
		return nil
	}
	s.c.publish(j, clean)
	return nil
}

// reconnect follows the pool to another port, but never to another host:
// that is how a man in the middle takes the hash rate.
func (s *session) reconnect(p []json.RawMessage) error {
	var host string
	if len(p) > 0 && !null(p[0]) {
		if err := json.Unmarshal(p[0], &host); err != nil {
			return fmt.Errorf("%w: reconnect: %w", ErrProtocol, err)
		}
	}
	if host != "" && !strings.EqualFold(host, s.at.host) {
		s.c.fault("reconnect-elsewhere")
		s.c.cfg.Log.Warn("pool asks to reconnect to another host: ignored", "pool", s.at.String(), "host", fmt.Sprintf("%.100q", host))
		return nil
	}
	own, err := strconv.Atoi(s.at.port)
	if err != nil {
		return err
	}
	port, err := number(p, 1, own)
	if err != nil {
		return err
	}
	seconds, err := number(p, 2, 0)
	if err != nil {
		return err
	}
	if port < 1 || port > 65535 || seconds < 0 {
		return fmt.Errorf("%w: reconnect to port %d in %d s", ErrProtocol, port, seconds)
	}
	wait := min(time.Duration(seconds)*time.Second, maxWait)
	return &reconnect{port: strconv.Itoa(port), wait: wait}
}

func (s *session) submit(sub submission) error {
	if !s.c.alive(sub) { // the job changed while the share waited
		return nil
	}
	s.lastID++
	sub.sent = time.Now()
	s.pending[s.lastID] = sub
	return s.call(s.lastID, "mining.submit", s.c.cfg.User, sub.job.ID,
		hex.EncodeToString(sub.share.Extranonce2), hexWord(sub.share.Time), hexWord(sub.share.Nonce))
}

func hexWord(v uint32) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, v))
}

func (s *session) overdue(now time.Time) error {
	if !s.ready && now.After(s.due) {
		return fmt.Errorf("%w: not authorized within %v", errAnswer, handshakeTimeout)
	}
	for _, sub := range s.pending {
		if now.Sub(sub.sent) > answerTimeout {
			return fmt.Errorf("%w: a share for %v", errAnswer, answerTimeout)
		}
	}
	return nil
}
