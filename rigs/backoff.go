package rigs

import (
	"errors"
	"math/rand/v2"
	"time"
)

// Waits between attempts.
const (
	retryFirst = time.Second
	retryMost  = 30 * time.Second
	busyLeast  = 5 * time.Second // someone else holds the device
	busyMost   = 65 * time.Second
)

// backoff is how long to wait after the nth failure in a row, counted from 1,
// with jitter so that a thousand rigs do not come back as one.
func backoff(n int, err error) time.Duration {
	if errors.Is(err, ErrBusy) {
		return busyLeast + rand.N(busyMost-busyLeast)
	}
	d := retryMost
	if n = max(n, 1); n < 6 {
		d = min(retryMost, retryFirst<<(n-1))
	}
	return d/2 + rand.N(d/2+1)
}
