package emulate

import (
	"fmt"
	"math"
	"strings"
)

// tempC is the hottest sensor: near the room's asleep, 70 °C at the top.
func (s luxState) tempC() float64 {
	return round(24+46*s.watts/math.Max(float64(s.max.Draw), 1), 0)
}

// fanPct is the fans' speed; they turn in sleep too.
func (s luxState) fanPct() int { return 20 + int(80*s.watts/math.Max(float64(s.max.Draw), 1)) }

func (s luxState) rpm() int { return 96 * s.fanPct() }

// lastShare is when the newest share was found, as near as the pool's mean.
func (s luxState) lastShare() int64 {
	if s.accepted == 0 {
		return 0
	}
	return s.at.Unix() - 1
}

func (l *LuxOS) devs(s luxState) answer {
	rows := make([]row, luxBoards)
	nominal := round(float64(s.points[s.level].Rate)/1e6/luxBoards, 1)
	for i := range rows {
		mhs := func(window int) float64 { return s.ghs[window] * 1000 / luxBoards }
		accepted := (s.accepted + uint64(i)) / luxBoards
		rejected := (s.rejected + uint64(i)) / luxBoards
		av := s.ghsAv * 1000 / luxBoards
		rows[i] = row{
			"ASC": i, "ID": i, "Name": "", "Board": "EMU-BOARD", "Connector": fmt.Sprintf("J%d", 7+i), "Enabled": "Y", "Status": "Alive",
			"ControllerIPVersionHex": "0x20252025", "ControllerIPVersionStr": "N/A", "SerialNumber": fmt.Sprintf("%sB%d", s.serial, i),
			"Accepted": accepted, "Rejected": rejected, "Device Elapsed": s.elapsed, "Device Hardware%": 0.0, "Device Rejected%": 0.0,
			"Diff1 Work": (accepted + rejected) * luxDifficulty, "Difficulty Accepted": accepted * luxDifficulty,
			"Difficulty Rejected": rejected * luxDifficulty, "Hardware Error MHS 15m": 0.0, "Hardware Errors": 0,
			"IsRamping": s.moving, "IsUserShutdown": false, "Last Share Difficulty": luxDifficulty, "Last Share Pool": 0,
			"Last Share Time": s.lastShare(), "Last Valid Work": s.lastShare(),
			"MHS 5s": mhs(win5s), "MHS 1m": mhs(win1m), "MHS 5m": mhs(win5m), "MHS 15m": mhs(win15m), "MHS 30m": mhs(win30m),
			"MHS 60m": mhs(win24h), "MHS av": av, "Nominal MHS": nominal, "Profile": s.points[s.level].Name,
			"Temperature": s.tempC(), "Total MH": av * float64(s.elapsed), "Utility": 0.0,
		}
	}
	return l.say("S", 9, fmt.Sprintf("%d ASC(s)", luxBoards), section{"DEVS", rows})
}

func (l *LuxOS) temps(s luxState) answer {
	place := func(label string, down, across int) row { return row{"Label": label, "Position": []int{down, across}} }
	hot, cold := s.tempC(), round(math.Max(s.tempC()-13, 20), 0)
	rows := make([]row, luxBoards)
	for i := range rows {
		rows[i] = row{"ID": i, "TEMP": i, "TopLeft": hot, "BottomLeft": hot, "TopRight": cold, "BottomRight": cold}
	}
	return l.say("S", 201, fmt.Sprintf("%d Temp(s)", luxBoards), section{"METADATA", []row{{
		"TopLeft": place("Board Exhaust (top)", 0, 0), "TopRight": place("Board Intake (top)", 0, 1),
		"BottomLeft": place("Board Exhaust (bottom)", 1, 0), "BottomRight": place("Board Intake (bottom)", 1, 1),
	}}}, section{"TEMPS", rows})
}

func (l *LuxOS) fans(s luxState) answer {
	rows := make([]row, 4)
	for i := range rows {
		rows[i] = row{"FAN": fmt.Sprintf("FAN%d", i+1), "ID": i, "RPM": s.rpm(), "Speed": s.fanPct()}
	}
	return l.say("S", 202, "4 Fan(s)", section{"FANCTRL", []row{{"MinFans": 3, "PowerOffSpeed": 20}}}, section{"FANS", rows})
}

func (l *LuxOS) pools(s luxState) answer {
	status := "Alive"
	if s.asleep {
		status = "Dead"
	}
	return l.say("S", 7, "1 Pool(s)", section{"POOLS", []row{{
		"POOL": 0, "GROUP": 0, "Priority": 0, "Quota": 1.0, "Status": status, "Stratum Active": !s.asleep,
		"URL": "stratum+tcp://pool.invalid:3333", "Stratum URL": "pool.invalid:3333", "User": "site." + l.opts.Name, "Proxy": "", "Proxy Type": "",
		"Accepted": s.accepted, "Rejected": s.rejected, "Stale": 0, "Discarded": 0, "Bad Work": 0, "Best Share": luxDifficulty,
		"Diff": "32K", "Diff1 Shares": s.accepted * luxDifficulty, "Difficulty Accepted": s.accepted * luxDifficulty,
		"Difficulty Rejected": s.rejected * luxDifficulty, "Difficulty Stale": 0, "Stratum Difficulty": luxDifficulty, "Work Difficulty": luxDifficulty,
		"Last Share Difficulty": luxDifficulty, "Last Share Time": "00:00:01", "Pool Rejected%": s.rejectedPct(), "Pool Stale%": 0.0,
		"Current Block Height": 0, "Current Block Version": 1 << 29, "AsicBoost": true, "Has GBT": false, "Has Stratum": true, "Has Vmask": true,
		"Get Failures": 0, "Getworks": s.elapsed / 5, "Long Pool": "N", "Remote Failures": 0, "Works": 0,
	}}})
}

// stats imitates the reply of the vendor's firmware, four chains of which the
// last is not there.
func (l *LuxOS) stats(s luxState) answer {
	temp, ghs := s.tempC(), s.ghs[win5s]
	mhz := float64(luxMHz(s.points[s.level], s.level))
	if s.asleep {
		mhz = 0
	}
	r := row{
		"STATS": 0, "ID": "BTM_SOC0", "Calls": 0, "Wait": 0, "Max": 0, "Min": 99999999, "Mode": 2, "Elapsed": s.elapsed,
		"GHS 5s": ghs, "GHS av": s.ghsAv, "rate_30m": s.ghs[win30m], "rate_unit": "GH", "total rate": ghs,
		"total_rateideal": round(float64(s.points[s.level].Rate)/1e9, 1), "total_acn": 4, "total_freqavg": mhz, "frequency": int(mhz),
		"miner_count": luxBoards, "miner_id": strings.ReplaceAll(s.mac, ":", ""), "miner_version": luxVersion,
		"no_matching_work": 0, "fan_num": 4, "temp_num": luxBoards, "temp_max": temp,
		"temp1": temp, "temp2": temp, "temp3": temp, "temp2_1": temp, "temp2_2": temp, "temp2_3": temp,
	}
	for i := 1; i <= 4; i++ {
		there := i <= luxBoards
		chips, health, rate, freq, temps := 0, "", "0", 0.0, "0-0-0-0"
		if there {
			chips, health, freq = 77, strings.Repeat(" oooo", 15)+" oo", mhz
			rate = fmt.Sprintf("%.2f", ghs/luxBoards)
			temps = fmt.Sprintf("%.0f-%.0f-%.0f-%.0f", temp, temp-13, temp-13, temp)
		}
		chain := row{
			"chain_acn": chips, "chain_acs": health, "chain_hw": 0, "chain_rate": rate, "freq": freq, "fan": s.rpm(),
			"temp_chip": temps, "temp_pcb": temps, "temp_pic": temps,
		}
		for key, v := range chain {
			r[fmt.Sprintf("%s%d", key, i)] = v
		}
	}
	return l.say("S", 70, "LUXminer stats", section{"STATS", []row{
		{"CompileTime": "Wed Oct 15 19:10:43 UTC 2025", "Miner": luxVersion, "Type": s.model}, r,
	}})
}
