package hasher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// A member numbers its own jobs; which member a job is of stands above that.
const memberShift = 48

// errNoWork stands for the moment before anything is known.
var errNoWork = errors.New("no pool has work yet")

// spurned shares in a row, rejected or never answered, none accepted in
// between, mean that a pool takes none.
const spurned = 10

// member is one of several sources of work.
type member struct {
	name string
	src  source

	own  *work.Job // as the source has it
	job  *work.Job // the same, numbered for all members
	took uint64    // shares accepted when last looked
	lost uint64    // shares in vain when the last one was accepted, or it was left
	runs bool      // as was decided last
	more uint64    // shares for it that were too many to be told of
	end  func()    // stops it and waits; Run's alone; nil: it does not run
}

// failover is several sources as one: the first that has work is worked for,
// as a succession decides. Shares go to the source whose job they are of, as
// long as it runs.
type failover struct {
	log     *slog.Logger
	changed chan struct{}
	heard   chan struct{} // some member has changed
	order   *succession   // Run's alone

	mu      sync.Mutex
	members []*member
	used    int
}

// newFailover makes a source of several, of which the first is preferred.
func newFailover(members []*member, leave, back time.Duration, log *slog.Logger) *failover {
	return &failover{
		log: log, members: members, changed: make(chan struct{}, 1), heard: make(chan struct{}, 1),
		order: newSuccession(time.Time{}, leave, back, len(members)),
	}
}

func (f *failover) Changed() <-chan struct{} { return f.changed }

// Run keeps those sources running that are wanted, until ctx is done.
func (f *failover) Run(ctx context.Context) error {
	f.order = newSuccession(time.Now(), f.order.leave, f.order.back, len(f.members))
	defer func() {
		for _, m := range f.members {
			m.stop()
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.heard:
		case <-timer.C:
		}
		now := time.Now()
		f.look(now)
		if wake := f.decide(ctx, now); !wake.IsZero() {
			timer.Reset(wake.Sub(now))
		} else {
			timer.Stop()
		}
		poke(f.changed)
	}
}

// look takes in how the members are.
func (f *failover) look(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, m := range f.members {
		s := m.src.State()
		if s.Job != m.own {
			m.own, m.job = s.Job, nil
			if s.Job != nil {
				j := *s.Job
				j.Seq |= uint64(i) << memberShift
				m.job = &j
			}
		}
		vain := s.Counts.Rejects() + s.Counts.Silent
		if s.Counts.Accepted != m.took || i != f.used {
			m.took, m.lost = s.Counts.Accepted, vain
		}
		f.order.tell(now, i, m.job != nil, vain-m.lost >= spurned)
	}
}

// decide chooses whom to work for and starts and ends members.
func (f *failover) decide(ctx context.Context, now time.Time) (wake time.Time) {
	was := f.order.used
	wake = f.order.choose(now)
	is := f.order.used
	if was != is {
		why := "it is preferred and has work again"
		if !f.order.list[was].good() {
			why = "the other gives no work"
			if f.order.list[was].spurn {
				why = "the other takes no share"
			}
		}
		f.log.Info("work comes from another pool", "from", f.members[was].name, "to", f.members[is].name, "why", why)
		poke(f.heard) // the one that was left is judged anew
	}
	f.mu.Lock()
	f.used = is
	for i, m := range f.members {
		m.runs = !f.order.list[i].ran.IsZero()
	}
	f.mu.Unlock()
	for _, m := range f.members {
		if !m.runs {
			m.stop()
		} else if m.end == nil {
			m.start(ctx, f.heard)
		}
	}
	return wake
}

// start runs the member's source, and hands on that it has changed.
func (m *member) start(ctx context.Context, heard chan<- struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { _ = m.src.Run(ctx) }) // ends with nil, once its context is done
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-m.src.Changed():
				poke(heard)
			}
		}
	})
	m.end = func() {
		cancel()
		wg.Wait()
	}
}

func (m *member) stop() {
	if m.end != nil {
		m.end()
		m.end = nil
	}
}

// poke makes c receive, once for any number of calls.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// State is the state of the source in use, with the counts of all.
func (f *failover) State() work.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := work.State{Job: f.members[f.used].job}
	var why []string
	for _, m := range f.members {
		s := m.state()
		out.Counts = out.Counts.Plus(s.Counts)
		if s.Err != nil && m.runs {
			why = append(why, s.Err.Error())
		}
	}
	switch {
	case out.Job != nil:
	case len(why) > 0:
		out.Err = errors.New(strings.Join(why, "; "))
	default:
		out.Err = errNoWork
	}
	return out
}

// state is the source's, with the shares that never got there.
func (m *member) state() work.State {
	s := m.src.State()
	if m.more > 0 {
		s.Counts = s.Counts.Plus(work.Counts{Unsent: map[string]uint64{"excess": m.more}})
	}
	return s
}

// missed counts shares that were found, and too many to be told of.
func (f *failover) missed(n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[f.used].more += n
}

// Submit hands a share to the source whose job it is of.
func (f *failover) Submit(s work.Share) error {
	i := s.Job >> memberShift
	if i >= uint64(len(f.members)) {
		return fmt.Errorf("job %x: %w", s.Job, work.ErrStale)
	}
	s.Job &= 1<<memberShift - 1
	return f.members[i].src.Submit(s)
}

// UpstreamStatus is one of the places that work comes from, as it stands.
type UpstreamStatus struct {
	Name    string // host:port
	InUse   bool   // the workers' job is its
	Running bool   // it is connected, or tries to be
	State   work.State
}

// status is that of all, in order of preference.
func (f *failover) status() []UpstreamStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]UpstreamStatus, len(f.members))
	for i, m := range f.members {
		out[i] = UpstreamStatus{Name: m.name, Running: m.runs, State: m.state()}
		out[i].InUse = i == f.used && out[i].State.Job != nil
	}
	return out
}
