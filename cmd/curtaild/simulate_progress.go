package main

import (
	"fmt"
	"io"
	"time"
)

// progress shows how far a run is: a line that is written over on a terminal,
// a line now and then elsewhere, and nothing for a run that is over at once.
type progress struct {
	out      io.Writer
	name     string
	terminal bool
	began    time.Time
	next     time.Time
	shown    bool
}

func newProgress(out io.Writer, name string) *progress {
	now := time.Now()
	p := &progress{out: out, name: name, terminal: isTerminal(out), began: now, next: now.Add(2 * time.Second)}
	if p.terminal {
		p.next = now.Add(200 * time.Millisecond)
	}
	return p
}

func (p *progress) at(done float64) {
	now := time.Now()
	if now.Before(p.next) || done <= 0 {
		return
	}
	left := time.Duration(float64(now.Sub(p.began)) * (1 - done) / done).Round(time.Second)
	if p.terminal {
		p.next, p.shown = now.Add(100*time.Millisecond), true
		fmt.Fprintf(p.out, "\r\x1b[K%s: %3.0f %%, %v left", p.name, 100*done, left)
		return
	}
	p.next = now.Add(5 * time.Second)
	fmt.Fprintf(p.out, "%s: %.0f %%, %v left\n", p.name, 100*done, left)
}

// end takes the line away.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
