package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/work"
)

// A job of Bitcoin's chain after its fourth halving, on a rig of 17.5 J/TH: what
// 10^12 hashes and a kWh bring, in coins and in money.
func TestYieldIsShown(t *testing.T) {
	j := &work.Job{
		Bits:      0x17034219,
		Coinbase1: append(append([]byte{2, 0, 0, 0, 1}, make([]byte, 32)...), 0xff, 0xff, 0xff, 0xff, 4, 3, 0x40, 0xd1, 0x0c),
		Coinbase2: []byte{0xff, 0xff, 0xff, 0xff, 1, 0x20, 0xbc, 0xbe, 0x12, 0, 0, 0, 0, 1, 0x51, 0, 0, 0, 0}, // 3.145 coins
	}
	pools := poolsOf([]hasher.UpstreamStatus{{Name: "a:1", Running: true, InUse: true, State: work.State{Job: j}}})
	y, err := j.Yield()
	if err != nil || pools[0].Block == nil || *pools[0].Block != (api.Block{Height: 840000, Difficulty: y.Difficulty, RewardSat: 314489888}) {
		t.Fatalf("%+v, %v", pools[0].Block, err)
	}
	l := api.Load{Name: "cpu", Pools: pools, YieldTH: y.PerHash * 1e12, YieldKWh: y.PerHash * 3.6e6 / 17.5e-12, YieldTotal: 12345}
	price(&l, 60000, "EUR")
	var text strings.Builder
	row := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	printYield(row, []api.Load{{Name: "rig"}, l})
	want := "\nEXPECTED\tSAT/TH\tSAT/KWH\tA MWH\tHASHES\tSAT SO FAR\tBLOCK\tDIFFICULTY\tREWARD (SAT)\n" +
		"cpu\t0.000848\t174\t105\t43.939 EUR/PH/s/d\t1.23e+04\t840000\t8.639e+13\t314489888\n"
	if text.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", text.String(), want)
	}
	text.Reset()
	l = api.Load{Name: "cpu", YieldTH: 1}
	price(&l, 0, "EUR")
	if printYield(row, []api.Load{l}); !strings.Contains(text.String(), "cpu\t1\t0\t-\t-\t0\t-\t-\t-\n") || l.ValueMWh != 0 || l.HashValue != "" {
		t.Errorf("without a price: %q, %+v", text.String(), l)
	}
	text.Reset()
	if printYield(row, []api.Load{{Name: "rig"}}); text.Len() > 0 {
		t.Errorf("of nothing: %q", text.String())
	}
}

// A hash value is written so that a policy can have it.
func TestHashValueIsOne(t *testing.T) {
	for each, want := range map[float64]string{
		0: "", 1e-40: "", 5.2e-19: "44.928 EUR/PH/s/d", 1e-8: "864.000 EUR/MH/s/d", 1e-2: "864.000 EUR/H/s/d", 1: "", 2e-26: "0.002 EUR/EH/s/d",
	} {
		if got := hashValue(each, "EUR"); got != want {
			t.Errorf("%g: %q, want %q", each, got, want)
		}
	}
}
