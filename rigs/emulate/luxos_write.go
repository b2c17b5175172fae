package emulate

import (
	"slices"
	"strings"

	"github.com/curtaild/curtaild/energy"
)

// Codes of refusals that no document or recorded reply gives.
const (
	luxSessionBusy    = 402
	luxSessionMissing = 403
	luxSessionInvalid = 404
	luxBadParameter   = 405
)

// write carries out a command that needs a session; false if there is no such
// command.
func (l *LuxOS) write(r request) (answer, bool) {
	run := luxWrites(r.command)
	switch {
	case r.command == "logon":
		l.told("logon", false)
		return l.logon(), true
	case r.command == "logoff":
		l.told("logoff", false)
		return l.logoff(r.split()), true
	case run == nil:
		return answer{}, false
	}
	args := r.split()
	l.told(strings.Join(append([]string{r.command}, args[min(1, len(args)):]...), " "), true)
	if a, ok := l.authorize(args); !ok {
		return a, true
	}
	a := run(l, args[1:])
	if _, ok := l.strike(DropAfterWrite); ok {
		a.drop = true
	}
	return a, true
}

// luxWrites is how a command is carried out; nil if there is no such command.
func luxWrites(command string) func(*LuxOS, []string) answer {
	switch command {
	case "curtail":
		return (*LuxOS).curtail
	case "profileset":
		return (*LuxOS).profileSet
	case "atmset":
		return (*LuxOS).atmSet
	case "rebootdevice":
		return (*LuxOS).rebootDevice
	}
	return nil
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

func (l *LuxOS) rebootDevice([]string) answer {
	if !l.ignored() {
		l.restart(0)
	}
	return l.say("S", 305, "Device reboot command sent", section{"REBOOT", []row{{"Action": "reboot"}}})
}
