package main

import "github.com/curtaild/curtaild/energy"

// phrase is a reason in words that go after a colon, with the word itself,
// which docs/reasons.md explains.
func phrase(r energy.Reason) string {
	words := map[energy.Reason]string{
		energy.Surplus:        "enough power was available",
		energy.Probing:        "raised a step, to see whether the plant makes more",
		energy.Fixed:          "its policy grants a fixed power",
		energy.NoSurplus:      "too little power was available",
		energy.StartDelay:     "enough power was available, but not for long enough yet",
		energy.StopDelay:      "too little power was available, but not for long enough yet to close the policy",
		energy.NoBudget:       "what the policy had left did not carry it",
		energy.Fleeting:       "enough power was available, but it was not expected to last long enough for a start to pay",
		energy.Bridged:        "carried through a dip on power that is bought, as its policy permits",
		energy.InFlight:       "waits until draw that is on its way down has gone",
		energy.Closed:         "outside of the policy's schedule",
		energy.NoPolicy:       "no policy names it",
		energy.SignalLimit:    "a signal's limit allows no more",
		energy.SignalStop:     "an emergency stop is in force",
		energy.ImportLimit:    "the site's import limit allows no more",
		energy.HoldOff:        "an operator holds all loads off",
		energy.StaleInput:     "a reading that this depends on was too old to act on",
		energy.StaleKeep:      "readings were too old to act on, and the policy keeps what runs for a while",
		energy.MinOn:          "started too lately to be stopped",
		energy.MinOff:         "stopped too lately to be started",
		energy.Clock:          "the machine's clock could not be trusted yet",
		energy.Starting:       "the daemon had only just started, and had not heard from it",
		energy.Unreachable:    "it does not answer",
		energy.Unidentified:   "its operating points were not known yet",
		energy.Paused:         "it keeps itself off, as its config asks",
		energy.Fault:          "it reports a fault",
		energy.Drain:          "curtaild drain brings all loads to a stop",
		energy.Shutdown:       "the daemon was ending",
		energy.NotRecoverable: "the plant holds power back where drawing more does not let it make more",
		energy.OffLimit:       "the export was not at its limit, so nothing counts as held back there",
		"ramp":                "the policy's ramp lets its grant change no faster",
		"no-profit":           "the power brings more when it is sold",
		"max-starts":          "it had started as often as max_starts_per_day allows",
	}
	if w := words[r]; w != "" {
		return w + " [" + string(r) + "]"
	}
	return string(r)
}
