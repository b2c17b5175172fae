package config

import (
	"strings"

	"github.com/curtaild/curtaild/policies/strict"
)

// maxTopic is the most bytes that a topic or filter may have here.
const maxTopic = 1024

// topicFilter is an MQTT filter: # stands last, + and # fill a whole level.
// Levels may be empty.
func topicFilter(n strict.Node) string {
	s := n.String("")
	levels := strings.Split(s, "/")
	for i, level := range levels {
		switch {
		case level == "#" && i < len(levels)-1:
			n.Fault("%q: # must be the last level: end the topic there", clip(s))
		case level != "#" && strings.Contains(level, "#"):
			n.Fault("%q: # must fill a level of its own, as in plant/#", clip(s))
		case level != "+" && strings.Contains(level, "+"):
			n.Fault("%q: + must fill a level of its own, as in plant/+/power", clip(s))
		default:
			continue
		}
		return ""
	}
	return bounded(n, s)
}

// topicName is a topic to speak on or to listen to alone.
func topicName(n strict.Node, def string) string {
	s := n.String(def)
	switch {
	case strings.ContainsAny(s, "+#"):
		n.Fault("%q: + and # are not allowed here: name one topic", clip(s))
		return ""
	case strings.HasPrefix(s, "$"):
		n.Fault("%q: topics that begin with $ are the broker's own: choose another", clip(s))
		return ""
	}
	return bounded(n, s)
}

func bounded(n strict.Node, s string) string {
	switch {
	case len(s) > maxTopic:
		n.Fault("the topic is %d bytes long: at most %d", len(s), maxTopic)
		return ""
	case strings.HasPrefix(s, "$share/"):
		n.Fault("%q: shared subscriptions lose readings to others: subscribe to the topic itself", clip(s))
		return ""
	}
	return s
}

func wildcard(filter string) bool { return strings.ContainsAny(filter, "+#") }

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
