package emulate

import (
	"net"
	"time"
)

// deliver sends an answer, through whatever faults are in force, and reports
// whether the connection may serve on. Frame clothes a body for the wire.
func (b *base) deliver(conn net.Conn, body []byte, frame func([]byte) []byte) bool {
	if f, ok := b.strike(Malformed); ok {
		body = malform(body, f.Variant)
	}
	if _, ok := b.strike(BigReply); ok {
		body = swell(body)
	}
	if f, ok := b.strike(Garbage); ok {
		rubbish, raw := garbage(f, b.opts.Seed)
		if raw {
			_, _ = b.send(conn, rubbish)
			return false
		}
		body = rubbish
	}
	wire := frame(body)
	if f, ok := b.strike(Slow); ok && !b.wait(delay(f, 2*time.Second)) {
		return false
	}
	_, half := b.strike(Half)
	if half {
		wire = wire[:len(wire)/2]
	}
	if f, ok := b.strike(Dribble); ok {
		return b.dribble(conn, wire, delay(f, time.Second)) && !half
	}
	_, err := b.send(conn, wire)
	return err == nil && !half
}

func delay(f activeFault, standard time.Duration) time.Duration {
	if f.Delay > 0 {
		return f.Delay
	}
	return standard
}

func (b *base) send(conn net.Conn, p []byte) (int, error) {
	_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return conn.Write(p)
}

func (b *base) dribble(conn net.Conn, p []byte, each time.Duration) bool {
	for i := range p {
		if _, err := b.send(conn, p[i:i+1]); err != nil || !b.wait(each) {
			return false
		}
	}
	return true
}

// ignored reports whether a fault keeps a command from having an effect.
func (b *base) ignored() bool {
	_, ignore := b.strike(AckIgnore)
	_, other := b.strike(OtherRig)
	return ignore || other
}
