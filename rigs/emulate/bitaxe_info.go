package emulate

import (
	"math"
	"strconv"
	"strings"
)

// info is the reply to /api/system/info.
func (x *Bitaxe) info() row {
	s := x.state()
	old := x.opts.OldFirmware
	version := "v2.14.0"
	if old {
		version = "v2.9.0"
	}
	top := float64(x.opts.Points[len(x.opts.Points)-1].Draw)
	r := row{
		"power": s.watts, "voltage": 5100.0, "current": round(s.watts/5.1*1000, 1), "maxPower": int(math.Ceil(top * 1.6)), "nominalVoltage": 5,
		"temp": round(25+36*s.watts/top, 2), "temp2": -1, "vrTemp": int(28 + 38*s.watts/top), "overheat_mode": 0, "temptarget": 60,
		"coreVoltage": s.volts, "coreVoltageActual": s.volts - 3, "frequency": s.mhz, "actualFrequency": s.mhz, "overclockEnabled": 0,
		"expectedHashrate": math.Floor(s.mhz * axeCores / 1000), "smallCoreCount": axeCores, "ASICModel": s.model,
		"hashRate": s.ghs, "hashRate_1m": s.m1, "hashRate_10m": s.m10, "hashRate_1h": s.h1, "errorPercentage": 0.0,
		"sharesAccepted": s.accepted, "sharesRejected": s.rejected, "sharesPending": 0, "sharesRejectedReasons": []row{},
		"bestDiff": s.best(), "bestSessionDiff": s.best(), "poolDifficulty": axeDifficulty, "responseTime": 21.5,
		"fanspeed": 35 + int(40*s.watts/top), "fanrpm": 3000 + int(2500*s.watts/top), "fan2rpm": 0, "autofanspeed": 1,
		"freeHeap": 8100000, "isPSRAMAvailable": 1, "cpuUsage": 10.5, "uptimeSeconds": s.uptime, "totalUptimeSeconds": s.uptime, "resetReason": "POWERON",
		"runningPartition": "ota_0", "version": version, "axeOSVersion": version, "idfVersion": "v5.5.1", "boardVersion": "601",
		"wifiStatus": "Connected!", "wifiRSSI": -50, "macAddr": strings.ToUpper(s.mac), "hostname": hostname(x.opts.Name), "ssid": "site",
		"ipv4": "127.0.0.1", "apEnabled": 0, "isUsingFallbackStratum": 0,
		"stratumURL": "pool.invalid", "stratumPort": 3333, "stratumUser": "site." + x.opts.Name, "miningPaused": s.paused,
	}
	if s.rejected > 0 {
		r["sharesRejectedReasons"] = []row{{"message": "Above target", "count": s.rejected}}
	}
	if s.paused { // the chip has no power, and the fan is pinned
		r["temp"], r["coreVoltageActual"], r["actualFrequency"] = -1, 0, 0
		r["fanspeed"], r["fanrpm"] = 30, 2400
	}
	if old {
		delete(r, "miningPaused")
		r["bestDiff"], r["bestSessionDiff"] = shortDiff(s.best()), shortDiff(s.best())
	}
	return r
}

// best is the best share's difficulty: it grows with the number of shares.
func (s axeState) best() uint64 { return (s.accepted + s.rejected) * axeDifficulty }

// shortDiff writes a difficulty as firmware did before it sent numbers: 483k.
func shortDiff(d uint64) string {
	v, i := float64(d), 0
	for v >= 1000 && i < 4 {
		v, i = v/1000, i+1
	}
	return strconv.FormatFloat(round(v, 2), 'f', -1, 64) + []string{"", "k", "M", "G", "T"}[i]
}

// hostname is a name that may stand in a host name.
func hostname(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, name)
}
