package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy/record"
	"github.com/curtaild/curtaild/hasher"
)

// poolsOf are the upstreams of the local workers as the API shows them.
func poolsOf(list []hasher.UpstreamStatus) []api.Pool {
	var out []api.Pool
	for i := range list {
		u := &list[i]
		c, l := &u.State.Counts, u.State.Latency
		p := api.Pool{
			Name: u.Name, State: api.PoolSpare, Accepted: c.Accepted, Rejected: c.Rejected, Unsent: c.Unsent,
			Unanswered: c.Silent, Sessions: c.Sessions, Faults: c.Faults,
			AnswerP50S: l.Median.Seconds(), AnswerP95S: l.P95.Seconds(),
		}
		if j := u.State.Job; j != nil {
			if y, err := j.Yield(); err == nil {
				p.Block = &api.Block{Height: y.Height, Difficulty: y.Difficulty, RewardSat: float64(y.Reward)}
			}
		}
		switch {
		case u.InUse:
			p.State = api.PoolInUse
		case u.State.Job != nil:
			p.State = api.PoolReady
		case u.Running:
			p.State = api.PoolDown
			if u.State.Err != nil {
				p.Error = u.State.Err.Error()
			}
		}
		out = append(out, p)
	}
	return out
}

// poolRecords are the same as records have them.
func poolRecords(load string, list []hasher.UpstreamStatus) []record.PoolStatus {
	out := make([]record.PoolStatus, len(list))
	for i := range list {
		u := &list[i]
		c := &u.State.Counts
		out[i] = record.PoolStatus{
			Rig: load, Pool: u.Name, InUse: u.InUse, Accepted: c.Accepted, Rejected: total(c.Rejected), Stale: c.Rejected["stale"],
			Unsent: total(c.Unsent), Unanswered: c.Silent, Faults: total(c.Faults),
			AnswerP50: u.State.Latency.Median, AnswerP95: u.State.Latency.P95,
		}
	}
	return out
}

func total(counts map[string]uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// printPools prints a row for every pool of every load.
func printPools(row func(format string, args ...any), loads []api.Load) {
	title := "\nPOOL\tSTATE\tACCEPTED\tREJECTED\tNOT SENT\tFAULTS\tANSWERS IN"
	for i := range loads {
		for _, p := range loads[i].Pools {
			if title != "" {
				row(title)
				title = ""
			}
			answers := "-"
			if p.AnswerP50S > 0 {
				answers = fmt.Sprintf("%v, 95 %% within %v", millis(p.AnswerP50S), millis(p.AnswerP95S))
			}
			row("%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s", p.Name, p.State, p.Accepted, causes(p.Rejected), causes(p.Unsent), causes(p.Faults), answers, p.Error)
		}
	}
}

func millis(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
}

// causes are counts by cause, the largest first: "12 (10 stale, 2 time)".
func causes(counts map[string]uint64) string {
	if len(counts) == 0 {
		return "0"
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(-cmp.Compare(counts[a], counts[b]), cmp.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = fmt.Sprintf("%d %s", counts[n], n)
	}
	return fmt.Sprintf("%d (%s)", total(counts), strings.Join(parts, ", "))
}
