package mqtt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/curtaild/curtaild/energy"
)

const (
	maxTopic = 1024 // bytes; the protocol's own bound is 65,535
	maxID    = 64
)

// CheckSpec says what is wrong with the MQTT side of a reading, for the
// config's check; nil if nothing is.
func CheckSpec(spec *energy.ReadingSpec) error {
	if _, ok := decoderOf(spec.Decoder); !ok {
		return fmt.Errorf("decoder %s: want one of %s", clip(spec.Decoder), strings.Join(Decoders(), ", "))
	}
	value, at := takesPaths(spec.Decoder)
	if spec.Value != "" && !value {
		return fmt.Errorf("decoder %s: it knows where the value is; leave out the value's path", spec.Decoder)
	}
	if spec.Time != "" && !at {
		return fmt.Errorf("decoder %s: leave out the path of the time", spec.Decoder)
	}
	if err := checkForecast(spec); err != nil {
		return err
	}
	if err := CheckFilter(spec.Topic); err != nil {
		return err
	}
	if spec.AcceptRetained && spec.Time == "" && spec.Decoder != DecoderJSON && spec.Decoder != DecoderShelly {
		return errors.New("retained: accept needs a source time in the payload: without one nobody knows how old the value is")
	}
	if spec.Decoder == DecoderVictron {
		if _, ok := portal(spec.Topic); !ok {
			return fmt.Errorf("topic %s: a victron topic is N/<portal>/…, with the portal's id written out: the keep-alive goes there", clip(spec.Topic))
		}
	}
	if a := spec.Availability; a != nil {
		if err := CheckFilter(a.Topic); err != nil {
			return fmt.Errorf("availability: %w", err)
		}
		if strings.ContainsAny(a.Topic, "+#") {
			return fmt.Errorf("availability: topic %s: one topic, without + or #", clip(a.Topic))
		}
	}
	return nil
}

// CheckFilter says what is wrong with an MQTT topic filter.
func CheckFilter(filter string) error {
	switch {
	case filter == "":
		return errors.New("topic: it is empty")
	case len(filter) > maxTopic:
		return fmt.Errorf("topic %s: longer than %d bytes", clip(filter), maxTopic)
	case !utf8.ValidString(filter) || strings.ContainsFunc(filter, control):
		return fmt.Errorf("topic %s: control characters, or not UTF-8", clip(filter))
	}
	levels := strings.Split(filter, "/")
	for i, l := range levels {
		if strings.Contains(l, "#") && (l != "#" || i != len(levels)-1) {
			return fmt.Errorf("topic %s: # stands alone, as the last level", clip(filter))
		}
		if strings.Contains(l, "+") && l != "+" {
			return fmt.Errorf("topic %s: + stands alone in its level", clip(filter))
		}
	}
	return nil
}

// CheckName says what is wrong with a word that becomes one level of a topic:
// a signal's source, a signal's id.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("it is empty")
	case len(name) > maxID:
		return fmt.Errorf("%s is longer than %d bytes", clip(name), maxID)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, control):
		return fmt.Errorf("%s holds control characters, or is not UTF-8", clip(name))
	case strings.ContainsAny(name, "+#/"):
		return fmt.Errorf("%s holds +, # or /, which have a meaning in topics", clip(name))
	}
	return nil
}

// CheckPrefix says what is wrong with the prefix of the site's own topics.
func CheckPrefix(prefix string) error {
	if err := CheckFilter(prefix); err != nil {
		return err
	}
	if strings.ContainsAny(prefix, "+#") || strings.HasPrefix(prefix, "$") ||
		slices.Contains(strings.Split(prefix, "/"), "") {
		return fmt.Errorf("prefix %s: words joined by /, without + or #, not starting with $", clip(prefix))
	}
	return nil
}

func control(r rune) bool { return r < 0x20 || (r >= 0x7f && r < 0xa0) || r == utf8.RuneError }

// matches reports whether topic is one of filter's.
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false
	}
	for {
		f, frest, fmore := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, trest, tmore := strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
		if !tmore {
			return !fmore || frest == "#" // a/# also takes a
		}
		if !fmore {
			return false
		}
		filter, topic = frest, trest
	}
}

// portal is the id of the Victron installation that a topic belongs to.
func portal(topic string) (string, bool) {
	rest, ok := strings.CutPrefix(topic, "N/")
	id, rest, more := strings.Cut(rest, "/")
	if !ok || !more || rest == "" || CheckName(id) != nil {
		return "", false
	}
	return id, true
}

func signalTopic(prefix, source string) string { return prefix + "/signal/" + source }

func stopTopic(prefix, source string) string { return signalTopic(prefix, source) + "/stop" }

func statusTopic(prefix, source, id string) string {
	return signalTopic(prefix, source) + "/" + id + "/status"
}
