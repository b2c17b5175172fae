package emulate

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// sessionIdle is how long an unused session lives. It is a protocol time, so
// no scale shortens it.
const sessionIdle = time.Minute

// Codes of refusals that no document or recorded reply gives.
const (
	luxSessionBusy    = 402
	luxSessionMissing = 403
	luxSessionInvalid = 404
	luxBadParameter   = 405
	luxAsleep         = 406
)

// luxSession is the one session that may write.
type luxSession struct {
	id   string // empty: none
	used time.Time
	made uint64 // sessions so far
}

func (s *luxSession) live(now time.Time) bool {
	return s.id != "" && now.Sub(s.used) < sessionIdle
}

// luxATM is the setting of the firmware's own profile switching.
type luxATM struct {
	enabled, noOC             bool
	startup, postRamp, window int // min, min, °C
	lowest, highest           string
}

// write carries out a command that changes something; false if there is no
// such command.
func (l *LuxOS) write(r request) (answer, bool) {
	run, ok := map[string]func([]string) answer{
		"curtail": l.curtail, "profileset": l.profileSet, "atmset": l.atmSet, "rebootdevice": l.rebootDevice,
	}[r.command]
	switch {
	case r.command == "logon":
		l.told("logon", false)
		return l.logon(), true
	case r.command == "logoff":
		l.told("logoff", false)
		return l.logoff(r.split()), true
	case !ok:
		return answer{}, false
	}
	args := r.split()
	if len(args) > 0 {
		l.told(strings.Join(append([]string{r.command}, args[1:]...), " "), true)
	} else {
		l.told(r.command, true)
	}
	if a, ok := l.authorize(args); !ok {
		return a, true
	}
	a := run(args[1:])
	if _, ok := l.strike(DropAfterWrite); ok {
		a.drop = true
	}
	return a, true
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

func (l *LuxOS) curtail(args []string) answer {
	if len(args) == 0 || !slices.Contains([]string{"sleep", "wakeup"}, args[0]) {
		return l.refuse(luxBadParameter, "Invalid curtail action")
	}
	for _, option := range args[1:] {
		key, _, _ := strings.Cut(option, "=")
		if !slices.Contains([]string{"frequency_step", "voltage_step", "mode"}, key) {
			return l.refuse(luxBadParameter, "Invalid curtail option")
		}
	}
	action := "sleep mode"
	if args[0] == "wakeup" {
		action = "wake up"
	}
	if !l.ignored() {
		now := l.opts.clock()
		l.mu.Lock()
		l.plant.settle(now)
		if args[0] == "sleep" {
			l.plant.set(now, energy.Off)
		} else {
			l.plant.set(now, l.plant.level)
		}
		l.mu.Unlock()
	}
	return l.say("S", 335, "Curtailment command sent", section{"CURTAIL", []row{{"Action": action}}})
}

func (l *LuxOS) profileSet(args []string) answer {
	if len(args) != 1 { // the legacy form for a single board is not spoken here
		return l.refuse(luxBadParameter, "Invalid profile")
	}
	now := l.opts.clock()
	l.mu.Lock()
	level := l.profile(args[0])
	l.mu.Unlock()
	if level == energy.Off {
		return l.refuse(luxBadParameter, "Unknown profile")
	}
	if !l.ignored() {
		l.mu.Lock()
		l.plant.settle(now)
		l.plant.level = level
		if l.plant.point != energy.Off {
			l.plant.set(now, level)
		}
		l.mu.Unlock()
	}
	return l.say("S", 325, "Profile set", section{"PROFILE", []row{{"Profile": l.opts.Points[level].Name}}})
}

// profile finds the point that a selector means: a name, a step up or down
// ("+1"), or the highest within a power ("2.5kW") or a rate ("90THs").
// Off if there is none.
func (l *LuxOS) profile(selector string) int {
	points := l.opts.Points
	for i, p := range points[1:] {
		if p.Name == selector {
			return i + 1
		}
	}
	if strings.HasPrefix(selector, "+") || strings.HasPrefix(selector, "-") {
		step, err := strconv.Atoi(selector)
		if err != nil {
			return energy.Off
		}
		return min(max(l.plant.level+min(max(step, -100), 100), 1), len(points)-1)
	}
	if num, ok := strings.CutSuffix(selector, "THs"); ok {
		rate, err := strconv.ParseFloat(num, 64)
		return highest(points, err == nil, func(p energy.OperatingPoint) bool { return float64(p.Rate) <= rate*1e12 })
	}
	num, ok := strings.CutSuffix(selector, "W")
	factor := 1.0
	if n, kilo := strings.CutSuffix(num, "k"); kilo {
		num, factor = n, 1000
	}
	draw, err := strconv.ParseFloat(num, 64)
	return highest(points, ok && err == nil, func(p energy.OperatingPoint) bool { return float64(p.Draw) <= draw*factor })
}

func highest(points []energy.OperatingPoint, ok bool, fits func(energy.OperatingPoint) bool) int {
	best := energy.Off
	for i, p := range points[1:] {
		if ok && fits(p) {
			best = i + 1
		}
	}
	return best
}

func (l *LuxOS) atmSet(args []string) answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	atm := l.atm
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		if !atm.set(key, value, l.opts.Points) {
			return l.refuse(luxBadParameter, "Invalid atm option")
		}
	}
	l.atm = atm
	return l.say("S", 340, "ATM configuration set", section{"ATM", []row{l.atm.row()}})
}

func (a *luxATM) set(key, value string, points []energy.OperatingPoint) bool {
	n, numErr := strconv.Atoi(value)
	flag, flagErr := strconv.ParseBool(value)
	known := slices.ContainsFunc(points[1:], func(p energy.OperatingPoint) bool { return p.Name == value })
	switch key {
	case "enabled":
		a.enabled = flag
		return flagErr == nil
	case "prevent_oc":
		a.noOC = flag
		return flagErr == nil
	case "startup_minutes":
		a.startup = n
	case "post_ramp_minutes":
		a.postRamp = n
	case "temp_window":
		a.window = n
	case "min_profile":
		a.lowest = value
		return known
	case "max_profile":
		a.highest = value
		return known
	default:
		return false
	}
	return numErr == nil && n >= 0
}

func (a luxATM) row() row {
	return row{
		"Enabled": a.enabled, "StartupMinutes": a.startup, "PostRampMinutes": a.postRamp, "TempWindow": a.window,
		"MinProfile": a.lowest, "MaxProfile": a.highest, "PreventOC": a.noOC,
	}
}

func (l *LuxOS) rebootDevice([]string) answer {
	if !l.ignored() {
		l.restart(0)
	}
	return l.say("S", 305, "Device reboot command sent", section{"REBOOT", []row{{"Action": "reboot"}}})
}
