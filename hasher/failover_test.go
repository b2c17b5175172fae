package hasher

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum"
	"github.com/curtaild/curtaild/hasher/work"
)

// scripted is a source that does as a test says.
type scripted struct {
	name    string
	changed chan struct{}
	mu      sync.Mutex
	state   work.State
	book    work.Book
	runs    int
	ends    int
	shares  []work.Share
}

func (s *scripted) Changed() <-chan struct{} { return s.changed }

func (s *scripted) Run(ctx context.Context) error {
	s.mu.Lock()
	s.runs++
	s.mu.Unlock()
	<-ctx.Done()
	s.set(func(st *work.State) { st.Job, st.Err = nil, errors.New(s.name+" has ended") })
	s.mu.Lock()
	s.ends++
	s.mu.Unlock()
	return nil
}

func (s *scripted) set(change func(*work.State)) {
	s.mu.Lock()
	change(&s.state)
	s.mu.Unlock()
	poke(s.changed)
}

// give hands out a job, which is over when end is called.
func (s *scripted) give(id string) (end func()) {
	s.set(func(st *work.State) { st.Job, st.Err = s.book.Add(work.Job{ID: id}, true), nil })
	return func() {
		s.set(func(st *work.State) { st.Job, st.Err = nil, errors.New(s.name+" is down") })
	}
}

func (s *scripted) running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs > s.ends
}

func (s *scripted) State() work.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.state
	out.Counts = out.Counts.Clone()
	return out
}

func (s *scripted) Submit(sh work.Share) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shares = append(s.shares, sh)
	return nil
}

func inFailover(t *testing.T, test func(t *testing.T, f *failover, a, b *scripted)) {
	synctest.Test(t, func(t *testing.T) {
		a := &scripted{name: "a", changed: make(chan struct{}, 1)}
		b := &scripted{name: "b", changed: make(chan struct{}, 1)}
		f := newFailover([]*member{{name: "a", src: a}, {name: "b", src: b}}, 5*time.Second, time.Minute, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.Run(ctx) }()
		synctest.Wait()
		test(t, f, a, b)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if a.running() || b.running() {
			t.Error("a source runs on")
		}
	})
}

func jobID(s work.State) string {
	if s.Job == nil {
		return ""
	}
	return s.Job.ID
}

func TestFailover(t *testing.T) {
	inFailover(t, func(t *testing.T, f *failover, a, b *scripted) {
		endA := a.give("a1")
		pass(time.Hour)
		worksOn(t, f, "the first is up", "a1")
		if b.running() {
			t.Error("the second is connected for nothing")
		}
		first := f.State().Job.Seq

		endA()
		pass(0)
		worksOn(t, f, "the first is down", "")
		if err := f.State().Err; err == nil || !strings.Contains(err.Error(), "a is down") {
			t.Errorf("no work, because %v", err)
		}
		pass(2500 * time.Millisecond)
		if !b.running() {
			t.Fatal("the second is not even tried")
		}
		b.give("b1")
		pass(2499 * time.Millisecond)
		worksOn(t, f, "too early", "")
		pass(time.Millisecond)
		worksOn(t, f, "after the time", "b1")
		if f.State().Job.Seq == first {
			t.Error("two jobs with one number")
		}
	})
}

func TestReturn(t *testing.T) {
	inFailover(t, func(t *testing.T, f *failover, a, b *scripted) {
		pass(3 * time.Second)
		b.give("b1")
		pass(2 * time.Second)
		worksOn(t, f, "the first is not there", "b1")
		second := f.State().Job.Seq
		a.give("a1")
		pass(2*time.Minute - time.Second) // it was left soon after the start
		worksOn(t, f, "the first has been there for less than two minutes", "b1")
		pass(time.Second)
		worksOn(t, f, "for two minutes", "a1")
		// A share of the other's job, found just before.
		if err := f.Submit(work.Share{Job: second, Nonce: 7}); err != nil {
			t.Error(err)
		}
		if err := f.Submit(work.Share{Job: f.State().Job.Seq, Nonce: 8}); err != nil {
			t.Error(err)
		}
		if err := f.Submit(work.Share{Job: 2 << memberShift}); !errors.Is(err, work.ErrStale) {
			t.Errorf("a share of nobody's job: %v", err)
		}
		if !slices.EqualFunc(b.shares, []work.Share{{Job: 1, Nonce: 7}}, alike) || !slices.EqualFunc(a.shares, []work.Share{{Job: 1, Nonce: 8}}, alike) {
			t.Errorf("shares went to a %+v, b %+v", a.shares, b.shares)
		}
		if !b.running() {
			t.Error("the second is not there for late shares")
		}
		pass(time.Minute)
		if b.running() {
			t.Error("the second is still connected")
		}
	})
}

// pass lets time go by in a bubble, and everything settle.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func worksOn(t *testing.T, f *failover, when, id string) {
	t.Helper()
	if got := jobID(f.State()); got != id {
		t.Errorf("%s: works on %q, want %q", when, got, id)
	}
}

func alike(a, b work.Share) bool { return a.Job == b.Job && a.Nonce == b.Nonce }

// The numbers and names of every pool are there, and their sum.
func TestFailoverCounts(t *testing.T) {
	inFailover(t, func(t *testing.T, f *failover, a, b *scripted) {
		a.give("a1")
		a.set(func(s *work.State) { s.Counts = work.Counts{Accepted: 3, Rejected: map[string]uint64{"stale": 2}} })
		b.set(func(s *work.State) {
			s.Counts = work.Counts{Accepted: 4, Silent: 1, Rejected: map[string]uint64{"stale": 1, "time": 1}}
		})
		synctest.Wait()
		if c := f.State().Counts; c.Accepted != 7 || c.Silent != 1 || c.Rejected["stale"] != 3 || c.Rejects() != 4 {
			t.Errorf("sum %+v", c)
		}
		list := f.status()
		if len(list) != 2 || list[0].Name != "a" || !list[0].InUse || !list[0].Running || list[1].InUse || list[1].Running || list[1].State.Counts.Accepted != 4 {
			t.Errorf("status %+v", list)
		}
	})
}

// Shares that the worker process could not tell of count for the pool in use.
func TestExcessIsCounted(t *testing.T) {
	p, err := NewPool(Config{
		Name: "cpu", Workers: 1, Power: Power{Core: 10, Files: fstest.MapFS{}}, Command: workerCommand,
		Upstreams: []Upstream{{Stratum: &stratum.Config{URL: "stratum+tcp://a:1"}}, {Stratum: &stratum.Config{URL: "stratum+tcp://b:1"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Unix(1e9, 0)
	p.begin(t0)
	for i, lost := range []uint64{3, 3, 7} {
		p.figures(t0, statsNotice{Wall: int64(i+1) * 1e9, Dropped: lost})
	}
	list := p.Upstreams()
	if list[0].State.Counts.Unsent["excess"] != 7 || list[1].State.Counts.Unsent["excess"] != 0 || p.Shares().Unsent["excess"] != 7 {
		t.Errorf("counted %+v", list)
	}
}

// Every upstream has a name of its own, though a pool may be in the list twice.
func TestUpstreamNames(t *testing.T) {
	pool := func(url string) Upstream { return Upstream{Stratum: &stratum.Config{URL: url}} }
	f, err := openUpstreams(Config{Upstreams: []Upstream{
		pool("stratum+tcp://a:1"), pool("stratum+tls://a:1"), pool("stratum+tcp://b:1"), pool("stratum+tcp://a:1"),
	}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range f.status() {
		names = append(names, u.Name)
	}
	if want := []string{"a:1", "a:1 (2)", "b:1", "a:1 (3)"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

// A pool that turns down share after share, or never answers one, is left for
// one that takes them.
func TestFailoverFromAPoolThatTakesNone(t *testing.T) {
	for name, vain := range map[string]func(n uint64) work.Counts{
		"rejects": func(n uint64) work.Counts { return work.Counts{Rejected: map[string]uint64{"other": n}} },
		"silent":  func(n uint64) work.Counts { return work.Counts{Silent: n} },
	} {
		t.Run(name, func(t *testing.T) { inFailover(t, leavesAndReturns(vain)) })
	}
}

func leavesAndReturns(vain func(n uint64) work.Counts) func(*testing.T, *failover, *scripted, *scripted) {
	return func(t *testing.T, f *failover, a, b *scripted) {
		a.give("a1")
		counts := func(accepted, rejected uint64) {
			a.set(func(s *work.State) {
				s.Counts = vain(rejected)
				s.Counts.Accepted = accepted
			})
			pass(10 * time.Second)
		}
		counts(0, spurned-1)
		counts(1, spurned)
		counts(1, 2*spurned-1)
		if b.running() {
			t.Error("the second is tried while the first takes shares")
		}
		counts(1, 2*spurned)
		if !b.running() || jobID(f.State()) != "a1" {
			t.Errorf("the second runs: %v; works on %q", b.running(), jobID(f.State()))
		}
		b.give("b1")
		pass(0)
		worksOn(t, f, "the second has work", "b1")
		pass(time.Minute + time.Second)
		worksOn(t, f, "the first must wait for longer after so short a time", "b1")
		pass(time.Minute)
		worksOn(t, f, "the first has another chance", "a1")
	}
}
