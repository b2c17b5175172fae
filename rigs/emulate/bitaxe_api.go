package emulate

import (
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const typeJSON = "application/json"

func replyJSON(v any) httpReply {
	b, err := json.Marshal(v)
	if err != nil {
		return httpReply{status: http.StatusInternalServerError, kind: "text/html"}
	}
	return httpReply{status: http.StatusOK, kind: typeJSON, body: b}
}

func replyMessage(s string) httpReply { return replyJSON(row{"message": s}) }

func replyError(status int, s string) httpReply {
	return httpReply{status: status, kind: "text/html", body: []byte(s)}
}

// answer carries out a request whose body has been read.
func (x *Bitaxe) answer(from net.Addr, req *http.Request, body []byte) httpReply {
	if !private(from, req.Header.Get("Origin")) {
		return replyError(http.StatusUnauthorized, "Unauthorized")
	}
	if req.Method == http.MethodOptions {
		return httpReply{status: http.StatusOK, kind: typeJSON}
	}
	switch req.Method + " " + req.URL.Path {
	case "GET /":
		return httpReply{status: http.StatusOK, kind: "text/html", body: []byte("<!doctype html>\n<html><head><title>AxeOS</title></head><body></body></html>\n")}
	case "GET /api/system/info":
		return replyJSON(x.info())
	case "GET /api/system/asic":
		return replyJSON(x.asic())
	case "PATCH /api/system":
		return x.dropped(x.patch(body))
	case "POST /api/system/restart":
		if !x.ignored() {
			x.restart(0)
		}
		r := replyMessage("System will restart shortly.")
		r.last = true
		return x.dropped(r)
	case "POST /api/system/identify":
		return replyMessage("Identify mode turned on")
	}
	if x.opts.OldFirmware {
		return replyError(http.StatusNotFound, "Nothing matches the given URI")
	}
	switch req.Method + " " + req.URL.Path {
	case "POST /api/system/pause":
		x.pause(true)
		return x.dropped(replyMessage("Mining paused"))
	case "POST /api/system/resume":
		x.pause(false)
		return x.dropped(replyMessage("Mining resumed"))
	}
	return replyError(http.StatusNotFound, "Nothing matches the given URI")
}

func (x *Bitaxe) dropped(r httpReply) httpReply {
	if _, ok := x.strike(DropAfterWrite); ok {
		r.drop = true
	}
	return r
}

// patch changes settings; those that it does not know it takes and forgets.
func (x *Bitaxe) patch(body []byte) httpReply {
	var set struct {
		Frequency   *float64 `json:"frequency"`
		CoreVoltage *float64 `json:"coreVoltage"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return replyError(http.StatusBadRequest, "Invalid JSON")
	}
	if out(set.Frequency, 50, 2000) || out(set.CoreVoltage, 500, 2000) {
		return replyError(http.StatusBadRequest, "Wrong API input")
	}
	if x.ignored() {
		return httpReply{status: http.StatusOK, kind: typeJSON}
	}
	now := x.opts.clock()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.plant.settle(now)
	if set.CoreVoltage != nil {
		x.volts = *set.CoreVoltage
	}
	if set.Frequency != nil {
		x.mhz = *set.Frequency
		if x.plant.point != energy.Off {
			point, w := x.level()
			x.plant.setDraw(now, point, w)
		}
	}
	return httpReply{status: http.StatusOK, kind: typeJSON}
}

func out(v *float64, lo, hi float64) bool { return v != nil && (*v < lo || *v > hi) }

// asic is what the chip can be set to.
func (x *Bitaxe) asic() row {
	frequencies := make([]float64, 0, len(x.opts.Points)-1)
	for i := range x.opts.Points[1:] {
		frequencies = append(frequencies, x.frequency(i+1))
	}
	return row{
		"ASICModel": x.opts.Model, "deviceModel": "Gamma", "swarmColor": "green", "asicCount": 1,
		"defaultFrequency": x.frequency(min(3, len(x.opts.Points)-1)), "frequencyOptions": frequencies,
		"defaultVoltage": 1150, "voltageOptions": []int{1000, 1060, 1100, 1150, 1200, 1250},
	}
}

// axeState is the rig at one instant.
type axeState struct {
	now                time.Time
	paused             bool
	watts              float64
	ghs, m1, m10, h1   float64
	mhz, volts         float64
	accepted, rejected uint64
	uptime             int64
	mac, model         string
}

func (x *Bitaxe) state() axeState {
	_, other := x.strike(OtherRig)
	now := x.opts.clock()
	x.mu.Lock()
	defer x.mu.Unlock()
	p := &x.plant
	p.settle(now)
	_, hashes := p.current().totals(now, p.curve)
	accepted, rejected := sharesAfter(p.seed, hashes, x.difficulty)
	wasAccepted, wasRejected := sharesAfter(p.seed, p.boot, x.difficulty)
	wobble := 1 + x.opts.Noise*(2*unit(mix(p.seed, uint64(now.Unix())))-1)
	mean := func(w time.Duration) float64 {
		return round(float64(p.average(now, x.opts.scaled(w)))/1e9*wobble, 2)
	}
	s := axeState{
		now: now, paused: p.point == energy.Off, watts: round(float64(p.draw(now))*wobble, 2),
		ghs: round(float64(p.rate(now))/1e9*wobble, 2), m1: mean(time.Minute), m10: mean(10 * time.Minute), h1: mean(time.Hour),
		mhz: x.mhz, volts: x.volts, accepted: accepted - wasAccepted, rejected: rejected - wasRejected,
		uptime: int64(now.Sub(p.bootAt).Seconds()), mac: x.opts.MAC, model: x.opts.Model,
	}
	if other {
		s.mac, s.model = makeMAC("other "+x.opts.Name, x.opts.Seed+1), "BM1368"
	}
	return s
}
