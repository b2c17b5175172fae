package mqtt

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unlimited is how the field writes a duration without an end (OpenADR 3.1).
const unlimited = "P9999Y"

// maxDuration bounds what a signal may ask for: ten years.
const maxDuration = 10 * 365 * 24 * time.Hour

// parseDuration reads an ISO 8601 duration: P1DT12H, PT30M, PT4.5S, P2W.
// Years and months are refused, since their length depends on the calendar;
// only P9999Y is read, as no end at all (forever).
func parseDuration(s string) (d time.Duration, forever bool, err error) {
	if s == unlimited {
		return 0, true, nil
	}
	bad := fmt.Errorf("duration %s: want ISO 8601 as in \"PT30M\", or %q for no end", clip(s), unlimited)
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" || len(s) > maxNumber {
		return 0, false, bad
	}
	units := "WD" // those that may still come, in order
	inTime := false
	var total float64
	for rest != "" {
		if rest[0] == 'T' {
			if inTime || len(rest) == 1 {
				return 0, false, bad
			}
			units, inTime, rest = "HMS", true, rest[1:]
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 {
			return 0, false, bad
		}
		text, unit := rest[:n], rest[n]
		at := strings.IndexByte(units, unit)
		v, perr := strconv.ParseFloat(text, 64)
		if at < 0 || perr != nil || (strings.Contains(text, ".") && unit != 'S') || strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".") {
			return 0, false, bad
		}
		units, rest = units[at+1:], rest[n+1:]
		if unit == 'W' { // weeks stand alone
			units = ""
			if rest != "" {
				return 0, false, bad
			}
		}
		total += v * secondsOf(unit)
	}
	if total > maxDuration.Seconds() {
		return 0, false, fmt.Errorf("duration %s: longer than ten years; %q is no end", clip(s), unlimited)
	}
	return time.Duration(math.Round(total * float64(time.Second))), false, nil
}

func secondsOf(unit byte) float64 {
	switch unit {
	case 'W':
		return 7 * 86400
	case 'D':
		return 86400
	case 'H':
		return 3600
	case 'M':
		return 60
	}
	return 1
}
