package mqtt

import (
	"math"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

const (
	// skew is how far the clocks of a source and this machine may differ.
	skew = 5 * time.Second

	// Unix times are told apart by size: seconds stay below 1e11 until the
	// year 5138, and milliseconds are above it since 1973.
	msFrom = 1e11
	msTo   = 1e14
)

// sourceTime reads RFC 3339, unix seconds (with a fraction) or unix
// milliseconds, as a JSON number or string.
func sourceTime(r gjson.Result) (time.Time, *Fault) {
	switch r.Type {
	case gjson.Number:
		return unixTime(r.Num)
	case gjson.String:
		if t, err := time.Parse(time.RFC3339, r.Str); err == nil {
			return t.UTC(), nil
		}
		if v, err := strconv.ParseFloat(r.Str, 64); err == nil {
			return unixTime(v)
		}
		return time.Time{}, fault(NoTime, clip(r.Str)+" is neither RFC 3339 nor a unix time")
	default:
		if !r.Exists() {
			return time.Time{}, fault(NoTime, "the payload has none")
		}
		return time.Time{}, fault(NoTime, clip(r.Raw)+" is neither RFC 3339 nor a unix time")
	}
}

func unixTime(v float64) (time.Time, *Fault) {
	if !(v > 0) || v >= msTo { // also NaN
		return time.Time{}, fault(NoTime, strconv.FormatFloat(v, 'g', -1, 64)+" is no unix time in seconds or milliseconds")
	}
	if v >= msFrom {
		return time.UnixMilli(int64(v)).UTC(), nil
	}
	sec, frac := math.Modf(v)
	return time.Unix(int64(sec), int64(math.Round(frac*1e6))*1e3).UTC(), nil
}
