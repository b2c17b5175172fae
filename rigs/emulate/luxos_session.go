package emulate

import "time"

// sessionIdle is how long an unused session lives. It is a protocol time, so
// no scale shortens it.
const sessionIdle = time.Minute

// luxSession is the one session that may write.
type luxSession struct {
	id   string // empty: none
	used time.Time
	made uint64 // sessions so far
}

func (s *luxSession) live(now time.Time) bool {
	return s.id != "" && now.Sub(s.used) < sessionIdle
}

func (l *LuxOS) logon() answer {
	if _, busy := l.strike(Busy); busy {
		return l.refuse(luxSessionBusy, "Another session is active")
	}
	now := l.opts.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session.live(now) {
		return l.refuse(luxSessionBusy, "Another session is active")
	}
	made := l.session.made + 1
	l.session = luxSession{id: sessionID(l.plant.seed, made), used: now, made: made}
	return l.say("S", 316, "Session created", section{"SESSION", []row{{"SessionID": l.session.id}}})
}

func (l *LuxOS) logoff(args []string) answer {
	if a, ok := l.authorize(args); !ok {
		return a
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session.id = ""
	return l.say("S", 317, "Session terminated", section{"SESSION", []row{{"SessionID": ""}}})
}

// authorize checks the session id that leads a write command's parameters,
// and gives the session another minute.
func (l *LuxOS) authorize(args []string) (answer, bool) {
	if len(args) == 0 || args[0] == "" {
		return l.refuse(luxSessionMissing, "Missing session id"), false
	}
	_, busy := l.strike(Busy)
	now := l.opts.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if busy || !l.session.live(now) || args[0] != l.session.id {
		return l.refuse(luxSessionInvalid, "Invalid session id"), false
	}
	l.session.used = now
	return answer{}, true
}

// sessionID is eight letters and digits.
func sessionID(seed, n uint64) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	id := make([]byte, 8)
	for i := range id {
		id[i] = alphabet[mix(seed^n<<32, uint64(i))%uint64(len(alphabet))]
	}
	return string(id)
}
