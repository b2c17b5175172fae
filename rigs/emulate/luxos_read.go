package emulate

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// luxState is the rig at one instant, as its replies show it.
type luxState struct {
	at       time.Time
	points   []energy.OperatingPoint
	level    int // the profile
	asleep   bool
	moving   bool
	tuning   bool
	powered  bool // the power supply is on
	watts    float64
	ghs      [6]float64 // means over luxWindows
	ghsAv    float64    // since the boot
	elapsed  int64
	accepted uint64
	rejected uint64
	mac      string
	model    string
	serial   string
	session  string
	atm      luxATM
	max      energy.OperatingPoint
}

// state takes the rig's picture.
func (l *LuxOS) state() luxState {
	_, other := l.strike(OtherRig)
	now := l.opts.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.plant
	p.settle(now)
	_, hashes := p.current().totals(now, p.curve)
	accepted, rejected := sharesAfter(p.seed, hashes, l.difficulty)
	wasAccepted, wasRejected := sharesAfter(p.seed, p.boot, l.difficulty)
	off := p.point == energy.Off
	end := p.current().End()
	wobble := 1 + l.opts.Noise*(2*unit(mix(p.seed, uint64(now.Unix())))-1)
	s := luxState{
		at: now, points: l.opts.Points, level: p.level, asleep: off,
		moving: !off && p.moving(now), tuning: !off && now.Before(end.Add(l.opts.scaled(time.Minute))),
		powered: !off || p.moving(now),
		watts:   float64(p.draw(now)) * wobble, elapsed: int64(now.Sub(p.bootAt).Seconds()),
		accepted: accepted - wasAccepted, rejected: rejected - wasRejected,
		mac: l.opts.MAC, model: l.opts.Model, atm: l.atm, max: l.opts.Points[len(l.opts.Points)-1],
	}
	for i, w := range luxWindows() {
		s.ghs[i] = round(float64(p.average(now, l.opts.scaled(w)))/1e9*wobble, 2)
	}
	s.ghsAv = round(float64(p.average(now, now.Sub(p.bootAt)))/1e9, 2)
	if l.session.live(now) {
		s.session = l.session.id
	}
	if other {
		s.mac, s.model = makeMAC("other "+l.opts.Name, l.opts.Seed+1), "Antminer S21"
	}
	s.serial = serial(s.mac)
	return s
}

// luxWindows are the windows of the reported mean rates: 5 s, 1, 5, 15 and
// 30 min, 24 h.
func luxWindows() [6]time.Duration {
	return [6]time.Duration{
		5 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, 24 * time.Hour,
	}
}

// Indices of luxWindows.
const (
	win5s = iota
	win1m
	win5m
	win15m
	win30m
	win24h
)

// serial makes a serial number of a MAC.
func serial(mac string) string {
	return "EMU" + strings.ToUpper(strings.ReplaceAll(mac, ":", ""))
}

// round rounds v to n decimals, as firmware prints it.
func round(v float64, n int) float64 {
	f := math.Pow10(n)
	return math.Round(v*f) / f
}

// read answers a command that changes nothing; false if there is no such
// command.
func (l *LuxOS) read(r request) (answer, bool) {
	if r.command == "quit" {
		l.told("quit", false)
		return answer{verbatim: `{"BYE","id":1}`}, true
	}
	show := luxReads(r.command)
	if show == nil {
		return answer{}, false
	}
	l.told(r.command, false)
	return show(l, l.state()), true
}

// luxReads is how a read command is answered; nil if there is no such command.
func luxReads(command string) func(*LuxOS, luxState) answer {
	switch command {
	case "version":
		return (*LuxOS).version
	case "summary":
		return (*LuxOS).summary
	case "devs":
		return (*LuxOS).devs
	case "config":
		return (*LuxOS).config
	case "power":
		return (*LuxOS).power
	case "profiles":
		return (*LuxOS).profiles
	case "temps":
		return (*LuxOS).temps
	case "fans":
		return (*LuxOS).fans
	case "pools":
		return (*LuxOS).pools
	case "stats":
		return (*LuxOS).stats
	case "events":
		return (*LuxOS).events
	case "limits":
		return (*LuxOS).limits
	case "atm":
		return (*LuxOS).showATM
	case "session":
		return (*LuxOS).showSession
	}
	return nil
}

func (l *LuxOS) version(s luxState) answer {
	return l.say("S", 22, "LUXminer versions", section{"VERSION", []row{{
		"API": "3.7", "CompileTime": "Wed Oct 15 19:10:43 UTC 2025", "LUXminer": luxBuild, "Miner": luxVersion, "Type": s.model,
	}}})
}

func (l *LuxOS) summary(s luxState) answer {
	diff := func(n uint64) uint64 { return n * luxDifficulty }
	minutes := max(float64(s.elapsed)/60, 1.0/60)
	return l.say("S", 11, "Summary", section{"SUMMARY", []row{{
		"Accepted": s.accepted, "Rejected": s.rejected, "Stale": 0, "Best Share": luxDifficulty,
		"Device Hardware%": 0.0, "Device Rejected%": 0.0, "Pool Rejected%": s.rejectedPct(), "Pool Stale%": 0.0,
		"Difficulty Accepted": diff(s.accepted), "Difficulty Rejected": diff(s.rejected), "Difficulty Stale": 0,
		"Discarded": 0, "Elapsed": s.elapsed, "Found Blocks": 0, "Get Failures": 0, "Getworks": s.elapsed / 5,
		"GHS 5s": s.ghs[win5s], "GHS 1m": s.ghs[win1m], "GHS 5m": s.ghs[win5m], "GHS 15m": s.ghs[win15m],
		"GHS 30m": s.ghs[win30m], "GHS 24h": s.ghs[win24h], "GHS av": s.ghsAv,
		"Hardware Errors": 0, "Last getwork": s.at.Unix(), "Local Work": 0, "Network Blocks": 0,
		"Remote Failures": 0, "Total MH": s.ghsAv * 1000 * float64(s.elapsed),
		"Utility": round(float64(s.accepted)/minutes, 2), "Work Utility": round(s.ghsAv*60/4.294967296, 2),
	}}})
}

func (s luxState) rejectedPct() float64 {
	if s.accepted+s.rejected == 0 {
		return 0
	}
	return round(100*float64(s.rejected)/float64(s.accepted+s.rejected), 4)
}

func (l *LuxOS) config(s luxState) answer {
	mode := "None"
	if s.asleep {
		mode = "Sleep"
	}
	return l.say("S", 33, "LUXminer config", section{"CONFIG", []row{{
		"ASC Count": luxBoards, "PGA Count": 0, "Pool Count": 1, "ControlBoardType": "cvitek", "Cooling": "Air",
		"BcastAddr": "127.255.255.255", "DHCP": true, "DNS Servers": "", "Gateway": "127.0.0.1", "IPAddr": "127.0.0.1",
		"Netmask": "255.0.0.0", "Hostname": l.opts.Name, "MACAddr": s.mac, "SerialNumber": s.serial, "Model": s.model,
		"CurtailMode": mode, "IsPowerSupplyOn": s.powered, "IsTuning": s.tuning, "IsAtmEnabled": s.atm.enabled,
		"IsSingleVoltage": true, "ImmersionMode": false, "SystemStatus": "Normal", "FeeStatus": "Ok", "Hotplug": "None",
		"Profile": s.points[s.level].Name, "ProfileStep": luxStep(s.level, len(s.points)),
		"NameplateTHS": round(float64(s.points[luxNominal(len(s.points))].Rate)/1e12, 1),
		"PSUHwVersion": "71", "PSULabel": "APW-EMU", "FPGABuildIdHex": "0x20252025", "FPGABuildIdStr": "2025-20 25:00",
		"Device Code": "", "GreenLed": "auto", "RedLed": "auto", "Log Interval": 0, "LogFileLevel": "info", "OS": "LuxOS",
		"Strategy": "Failover", "UpdateOnStartup": "off", "UpdateOnTimeout": "off", "UpdateOnUser": "full",
		"UpdateSource": "https://updates.invalid/stable", "UpdateTimeout": 60,
	}}})
}

// luxStep is the distance of a profile from the nominal one, as the firmware
// writes it.
func luxStep(level, points int) string { return strconv.Itoa(level - luxNominal(points)) }

func (l *LuxOS) power(s luxState) answer {
	return l.say("S", 311, "Power usage", section{"POWER", []row{{"PSU": l.opts.Metered && s.powered, "Watts": int(math.Round(s.watts))}}})
}

func (l *LuxOS) profiles(s luxState) answer {
	rows := make([]row, 0, len(s.points)-1)
	for i, p := range s.points[1:] {
		rows = append(rows, row{
			"Profile Name": p.Name, "Frequency": luxMHz(p, i+1), "Voltage": luxVolts(i + 1),
			"Hashrate": round(float64(p.Rate)/1e12, 1), "Watts": int(math.Round(float64(p.Draw))),
			"Step": luxStep(i+1, len(s.points)), "CanRestore": true, "HasOverrides": false,
			"IsDynamic": true, "IsTuned": i+1 == s.level,
		})
	}
	return l.say("S", 323, "List profiles", section{"PROFILES", rows})
}

// luxMHz is the frequency that a profile's name tells, or one made up from its
// place.
func luxMHz(p energy.OperatingPoint, i int) int {
	digits := strings.TrimRight(p.Name, "MHz ")
	if f, err := strconv.Atoi(digits); err == nil {
		return f
	}
	return 165 + 25*i
}

func luxVolts(i int) float64 { return round(11.85+0.1*float64(i), 2) }

func (l *LuxOS) showATM(s luxState) answer {
	return l.say("S", 339, "ATM configuration values", section{"ATM", []row{s.atm.row()}})
}

func (l *LuxOS) showSession(s luxState) answer {
	id := s.session
	if _, busy := l.strike(Busy); busy {
		id = sessionID(^l.opts.Seed, 0)
	}
	return l.say("S", 319, "Session information", section{"SESSION", []row{{"SessionID": id}}})
}

func (l *LuxOS) limits(s luxState) answer {
	lowest := s.points[1]
	return l.say("S", 342, "Limits", section{"LIMITS", []row{{
		"FrequencyMin": luxMHz(lowest, 1), "FrequencyMax": luxMHz(s.max, len(s.points)-1), "FrequencyDefault": luxMHz(s.points[luxNominal(len(s.points))], luxNominal(len(s.points))),
		"VoltageMin": luxVolts(1), "VoltageMax": luxVolts(len(s.points) - 1), "FanSpeedMin": 10, "FanSpeedMax": 100,
	}}})
}

func (l *LuxOS) events(s luxState) answer {
	return l.say("S", 357, "Events", section{"EVENTS", []row{{
		"ID": 1, "Type": "miner_started", "Level": "info", "Timestamp": s.at.Unix() - s.elapsed, "Message": "LUXminer started",
	}}})
}
