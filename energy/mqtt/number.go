package mqtt

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// maxNumber is the longest text that is read as a number.
const maxNumber = 64

// number reads text as a decimal number. Words, hexadecimal, underscores,
// units and decimal commas are refused.
func number(text string) (float64, *Fault) {
	s := strings.TrimSpace(text)
	if s == "" {
		return 0, fault(Empty, "")
	}
	if len(s) > maxNumber {
		return 0, fault(NotANumber, clip(s))
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, fault(NotANumber, clip(s))
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fault(OutOfRange, clip(s))
	}
	if err != nil {
		return 0, fault(NotANumber, clip(s))
	}
	return v, nil
}

// jsonNumber reads a JSON number, or a string that holds one.
func jsonNumber(r gjson.Result) (float64, *Fault) {
	switch r.Type {
	case gjson.Number:
		if math.IsInf(r.Num, 0) || math.IsNaN(r.Num) {
			return 0, fault(OutOfRange, clip(r.Raw))
		}
		return r.Num, nil
	case gjson.String:
		return number(r.Str)
	case gjson.Null:
		if !r.Exists() {
			return 0, fault(NoValue, "")
		}
		return 0, fault(NoValue, "null")
	default:
		return 0, fault(WrongType, clip(r.Raw))
	}
}

// clip quotes text from outside for an error message.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
