package mqtt

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/tidwall/gjson"
)

// maxKW is the greatest power that a signal may name: 1 TW.
const maxKW = 1e9

// Expired is the fault of a signal that is past its end on arrival.
const Expired = "expired"

// limit checks the fields of a limit, which has exactly one interval.
func (c *command) limit() {
	if !c.seen["at"] {
		c.fail("at: missing, want flexible or pcc_import")
	}
	if !c.seen["unit"] {
		c.fail("unit: missing, want \"kW\"")
	}
	if !c.seen["intervals"] {
		c.fail("intervals: missing")
		return
	}
	if !c.intervals.IsArray() {
		c.fail("intervals: %s, want a list", clip(c.intervals.Raw))
		return
	}
	list := c.intervals.Array()
	switch len(list) {
	case 0:
		c.fail("intervals: the list is empty")
	case 1:
		c.interval(list[0])
	default:
		c.fail("intervals: %d given; more than one is not supported yet", len(list))
	}
}

// interval reads {"start", "duration", "value"}.
func (c *command) interval(v gjson.Result) {
	if !v.IsObject() {
		c.fail("intervals: %s, want an object", clip(v.Raw))
		return
	}
	var length time.Duration
	var forever bool
	seen := make(map[string]bool, 3)
	v.ForEach(func(key, v gjson.Result) bool {
		k := key.String()
		if seen[k] {
			c.fail("%s: given twice", clipWord(k))
		}
		seen[k] = true
		switch k {
		case "start":
			c.sig.Start = c.start(v)
		case "duration":
			length, forever = c.duration(v)
		case "value":
			c.sig.Max = energy.Watts(c.number(k, v, 0, maxKW) * 1000)
		default:
			c.fail("%s: unknown field of an interval", clipWord(k))
		}
		return len(seen) <= 4
	})
	for _, k := range []string{"start", "duration", "value"} {
		if !seen[k] {
			c.fail("%s: missing in the interval", k)
		}
	}
	if c.sig.Start.IsZero() || forever || !seen["duration"] {
		return
	}
	c.sig.End = c.sig.Start.Add(length)
	if length <= 0 {
		c.fail("duration: the end is not after the start")
	} else if !c.sig.End.After(c.sig.Received) {
		c.fail(Expired)
	}
}

func (c *command) start(v gjson.Result) time.Time {
	if v.Type == gjson.String && v.Str == "now" {
		return c.sig.Received
	}
	return c.time("start", v)
}

func (c *command) duration(v gjson.Result) (time.Duration, bool) {
	if v.Type != gjson.String {
		c.fail("duration: %s, want a string as in \"PT30M\"", clip(v.Raw))
		return 0, false
	}
	d, forever, err := parseDuration(v.Str)
	if err != nil {
		c.fail("%w", err)
	}
	return d, forever
}

func (c *command) time(key string, v gjson.Result) time.Time {
	t, err := time.Parse(time.RFC3339, v.Str)
	if v.Type != gjson.String || err != nil || t.Year() < 2000 || t.Year() > 9000 {
		c.fail("%s: %s is no RFC 3339 time", key, clip(v.Raw))
		return time.Time{}
	}
	return t.UTC()
}

// number reads a JSON number within bounds. A string is refused: a sender of
// commands can send numbers.
func (c *command) number(key string, v gjson.Result, least, most float64) float64 {
	switch {
	case v.Type != gjson.Number:
		c.fail("%s: %s is not a number", key, clip(v.Raw))
	case v.Num < least && least == 0:
		c.fail("%s: %s is negative", key, clip(v.Raw))
	case !(v.Num >= least && v.Num <= most):
		c.fail("%s: %s is out of range", key, clip(v.Raw))
	default:
		return v.Num
	}
	return 0
}

func (c *command) integer(key string, v gjson.Result, most float64) int64 {
	n := c.number(key, v, 0, most)
	if n != float64(int64(n)) {
		c.fail("%s: %s is not a whole number", key, clip(v.Raw))
		return 0
	}
	return int64(n)
}

// clipWord cuts a name from outside short for an error message.
func clipWord(s string) string {
	if CheckName(s) == nil {
		return s
	}
	return clip(s)
}
