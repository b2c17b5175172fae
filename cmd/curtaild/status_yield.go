package main

import (
	"fmt"
	"strconv"

	"github.com/curtaild/curtaild/api"
)

// coin is how many of the smallest units make one, of all coins that are mined
// here.
const coin = 1e8

// price says in money what a load is expected to bring, if a coin has a price.
func price(l *api.Load, of float64, currency string) {
	const kilowattHours = 1000 // a MWh
	l.ValueMWh = l.YieldKWh * kilowattHours / coin * of
	l.HashValue = hashValue(l.YieldTH/1e12/coin*of, currency)
}

// hashValue is what each hash brings, as a policy's hash_value has it: in the
// largest unit that brings less than a thousand in a day; empty if that is
// nothing.
func hashValue(each float64, currency string) string {
	const day, thousandth = 86400, 0.001
	scale := 1e18
	for _, unit := range []string{"EH/s", "PH/s", "TH/s", "GH/s", "MH/s", "kH/s", "H/s"} {
		if v := each * scale * day; v < 1000 && v >= thousandth {
			return fmt.Sprintf("%s %s/%s/d", strconv.FormatFloat(v, 'f', 3, 64), currency, unit)
		}
		scale /= 1000
	}
	return ""
}

// printYield prints what the loads' work is expected to bring, for those that
// know.
func printYield(row func(format string, args ...any), loads []api.Load) {
	title := "\nEXPECTED\tSAT/TH\tSAT/KWH\tA MWH\tHASHES\tSAT SO FAR\tBLOCK\tDIFFICULTY\tREWARD (SAT)"
	for i := range loads {
		l := &loads[i]
		if l.YieldTH == 0 {
			continue
		}
		if title != "" {
			row(title)
			title = ""
		}
		block, difficulty, reward := "-", "-", "-"
		for _, p := range l.Pools {
			if b := p.Block; b != nil && p.State == api.PoolInUse {
				block, difficulty, reward = strconv.FormatInt(b.Height, 10), fmt.Sprintf("%.4g", b.Difficulty), fmt.Sprintf("%.0f", b.RewardSat)
			}
		}
		money, value := "-", "-"
		if l.ValueMWh > 0 {
			money = fmt.Sprintf("%.3g", l.ValueMWh)
		}
		if l.HashValue != "" {
			value = l.HashValue
		}
		row("%s\t%.3g\t%.3g\t%s\t%s\t%.3g\t%s\t%s\t%s", l.Name, l.YieldTH, l.YieldKWh, money, value, l.YieldTotal, block, difficulty, reward)
	}
}
