// Package bitaxe drives Bitaxe miners with AxeOS (ESP-Miner) firmware over
// their HTTP API.
//
// Off is the firmware's pause, known since v2.14.0; earlier firmware cannot be
// stopped, and Pause says so with [rigs.ErrUnsupported]. A pause is not kept
// over a restart: the rig sees the device hash again and repeats it.
//
// An operating point is a frequency out of those that the firmware offers, up
// to its default or the one that is set, whichever is higher. The device does
// not tell what it would draw at another frequency, so that is estimated:
// at one core voltage, hash rate and what is drawn above idle both follow the
// frequency. The base is what the device does now or, while it does not hash,
// what its chip is known to need for a hash.
package bitaxe

import (
	"time"

	"github.com/curtaild/curtaild/rigs"
)

// Defaults is what Bitaxe miners have in common.
func Defaults() rigs.Family {
	return rigs.Family{
		Name:      "bitaxe",
		Settle:    rigs.Settle{Stop: 10 * time.Second, Start: time.Minute, Level: 20 * time.Second},
		StartTime: 20 * time.Second, StopTime: 3 * time.Second,
		Poll: 5 * time.Second, PollTimeout: 8 * time.Second, CommandTimeout: 8 * time.Second,
		IdleDraw: 2,
	}
}
