package influx

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
)

// verdict is what an answer means for the batch.
type verdict int

const (
	accepted    verdict = iota
	refused             // for what is in it
	tooLarge            // smaller, then
	denied              // token, bucket, or something else a person must mend
	throttled           // wait as told
	unavailable         // server error or network
)

// State is how things stand with the database, in one word.
type State string

// The states.
const (
	StateOK          State = "ok"
	StateDenied      State = "denied"      // 401, 403, 404 and the like: waits for a person
	StateThrottled   State = "throttled"   // 429, 503: waits as told
	StateUnavailable State = "unavailable" // no connection, or a server error
	StateLog         State = "log"         // the log itself, or rejected.log, cannot be read or written
)

func (v verdict) state() State {
	switch v {
	case denied, refused:
		return StateDenied
	case throttled:
		return StateThrottled
	default:
		return StateUnavailable
	}
}

// judge classifies the error of one write. wait is how long the server wants
// to be left alone, if it said so.
func judge(err error, now time.Time) (v verdict, wait time.Duration) {
	if err == nil {
		return accepted, 0
	}
	var e *influxhttp.Error
	if !errors.As(err, &e) || e.StatusCode == 0 {
		return unavailable, 0
	}
	switch code := e.StatusCode; {
	case code == http.StatusBadRequest || code == http.StatusUnprocessableEntity:
		return refused, 0
	case code == http.StatusRequestEntityTooLarge:
		return tooLarge, 0
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return throttled, retryAfter(e.Header.Get("Retry-After"), now)
	case code >= 500:
		return unavailable, 0
	default:
		return denied, 0
	}
}

// explain adds what a person can do; 1.8 gives no more than the status.
func explain(err error) error {
	var e *influxhttp.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("the token may not write to the bucket: %w", err)
	case http.StatusNotFound:
		return fmt.Errorf("there is no such bucket, or no write API at this url: %w", err)
	}
	return err
}

const maxRetryAfter = 10 * time.Minute

// retryAfter reads the header, seconds or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(0, at.Sub(now)), maxRetryAfter)
	}
	return 0
}

// pointFault reports whether a refusal is about records, by the words that
// InfluxDB 1.x and 2.x use. Of any other refusal it must first be shown that
// it is not about all of them.
func pointFault(message string) bool {
	m := strings.ToLower(message)
	for _, s := range []string{
		"partial write", "unable to parse", "field type conflict", "dropped=", "retention policy", "line protocol",
		"max-values-per-tag", "max-series-per-database", "max key length", "time outside range", "invalid field",
	} {
		if strings.Contains(m, s) {
			return true
		}
	}
	return false
}

// dropped is the number in "partial write: … dropped=N"; -1 if there is none.
func dropped(message string) int {
	_, s, ok := strings.Cut(message, "dropped=")
	if !ok {
		return -1
	}
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		s = s[:end]
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// backoff doubles from a second to a minute, and strays by up to half so that
// many sites do not knock at once.
type backoff struct{ tries int }

const maxBackoff = time.Minute

func (b *backoff) next() time.Duration {
	d := min(time.Second<<min(b.tries, 6), maxBackoff)
	b.tries++
	return d/2 + rand.N(d/2+1)
}

// pause waits, and reports whether the wait came to its end.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
