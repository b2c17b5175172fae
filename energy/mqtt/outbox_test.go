package mqtt

import (
	"slices"
	"testing"
)

func TestOutboxOrder(t *testing.T) {
	put := func(topic, payload string, retained, each bool) *outgoing {
		return &outgoing{topic: topic, payload: []byte(payload), retained: retained, each: each}
	}
	b := newOutbox()
	b.put(put("state", "1", false, false))
	b.put(put("availability", "online", true, false))
	b.put(put("ev-1/status", "accepted", true, true))
	b.put(put("availability", "offline", true, false)) // only the latest
	b.put(put("ev-1/status", "started", true, true))   // both
	b.put(put("state", "2", false, false))
	accepted := b.next()
	for accepted.topic != "ev-1/status" {
		accepted = b.next()
	}
	if !b.back(accepted) { // could not be sent: a newer one waits, so it is not sent after it
		t.Error("a status was given up")
	}
	b.put(put("ev-1/status", "", true, false)) // cleared
	got := []string{string(accepted.payload)}
	for m := b.next(); m != nil; m = b.next() {
		got = append(got, string(m.payload))
	}
	if want := []string{"accepted", "started", "", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}
