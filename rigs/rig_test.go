package rigs

import (
	"fmt"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestStopAndStart(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		s := b.wait(2 * time.Second)
		b.want(s, energy.StateRunning, 3)
		if len(s.Points) != 4 || s.Points[0].Name != "off" || s.Seq != 0 || s.Model != "test" {
			t.Fatalf("status %+v", s)
		}
		s = b.tell("off")
		b.want(s, energy.StateStopping, 3)
		if s.Seq != 1 {
			t.Errorf("seq %d after acceptance", s.Seq)
		}
		b.want(b.wait(time.Minute), energy.StateIdle, 0)
		b.wrote("pause")
		b.tell("L2")
		b.want(b.status(), energy.StateStarting, 0)
		b.want(b.wait(2*time.Minute), energy.StateRunning, 2)
		b.wrote("level L2", "resume")
		b.tell("L1")
		b.want(b.wait(time.Minute), energy.StateRunning, 1)
		b.wrote("level L1")
		if b.dev.starts != 1 || b.status().Starts != 1 {
			t.Errorf("%d starts, %d counted", b.dev.starts, b.status().Starts)
		}
	})
}

func TestNothingIsSentTwice(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(2), nil)
		b.wait(time.Second)
		for range 3 { // already there, as after a restart of the daemon
			b.tell("L2")
			b.wait(20 * time.Second)
		}
		b.wrote()
		if s := b.status(); s.Seq != 3 || s.Starts != 0 {
			t.Errorf("status %+v", s)
		}
		b.rig.Apply(energy.Setpoint{Seq: 2, Point: 0, Name: "off"}) // an old one
		b.wait(time.Minute)
		b.wrote()
	})
}

func TestSetpointBeforeTheFirstAnswer(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(2), nil)
		b.tell("L2")
		b.wait(time.Minute)
		b.wrote()
		if s := b.status(); s.Seq != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestLatestSetpointWins(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(energy.Off), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.slow = 2 * time.Second })
		b.tell("L3")
		b.wait(time.Second) // on its way
		b.tell("off")
		b.dev.set(func(d *device) { d.slow = 0 })
		b.want(b.wait(time.Minute), energy.StateIdle, 0)
		if s := b.status(); s.Seq != 2 || b.dev.starts != 0 {
			t.Errorf("status %+v, %d starts", s, b.dev.starts)
		}
	})
}

func TestCommandCutsShortAPoll(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.slow = 3 * time.Second })
		polling := func() bool {
			b.rig.mu.Lock()
			defer b.rig.mu.Unlock()
			return b.rig.cut != nil
		}
		for !polling() {
			b.wait(100 * time.Millisecond)
		}
		b.dev.writes()
		b.dev.set(func(d *device) { d.slow = 0 })
		before := time.Now()
		b.tell("off")
		b.wrote("pause")
		if d := time.Since(before); d != 0 {
			t.Errorf("the command waited %v for a poll", d)
		}
	})
}

func TestIgnoredCommandIsSentAgainThenSuspect(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.deaf = true })
		b.tell("off")
		s := b.wait(4 * time.Minute)
		b.want(s, energy.StateSuspect, 3)
		if n := len(b.dev.writes()); n < 3 || n > 12 {
			t.Errorf("%d attempts", n)
		}
		b.dev.set(func(d *device) { d.deaf = false })
		s = b.wait(2 * time.Minute)
		b.want(s, energy.StateIdle, 0)
		if s.Err != "" {
			t.Errorf("error stays: %s", s.Err)
		}
	})
}

func TestLostAnswerDoesNotStartTwice(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(energy.Off), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.drop = true })
		b.tell("L1")
		b.wait(100 * time.Millisecond)
		b.dev.set(func(d *device) { d.drop = false })
		b.want(b.wait(2*time.Minute), energy.StateRunning, 1)
		b.wrote("resume")
		if s := b.status(); s.Seq != 1 || s.Starts != 1 || b.dev.starts != 1 || s.Err != "" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestRebootIsCountedAndCorrected(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(20 * time.Second)
		b.dev.reboot(3)
		b.wait(time.Minute)
		if s := b.status(); s.Starts != 1 {
			t.Errorf("%d starts after a reboot", s.Starts)
		}
		b.tell("off")
		b.wait(time.Minute)
		b.dev.writes()
		b.dev.reboot(3) // a pause that is not kept
		b.want(b.wait(time.Minute), energy.StateIdle, 0)
		b.wrote("pause")
		if s := b.status(); s.Starts != 2 {
			t.Errorf("%d starts", s.Starts)
		}
	})
}

func TestUnreachable(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		before := b.wait(time.Minute)
		b.dev.set(func(d *device) { d.err = fmt.Errorf("no route: %w", ErrUnreachable) })
		s := b.wait(time.Minute)
		if s.State != energy.StateUnreachable || s.Draw != 3000 || s.Err == "" || s.Rate != 0 {
			t.Errorf("status %+v", s)
		}
		if s.Energy < before.Energy+60000 {
			t.Errorf("a draw that is not proven off must count: %v after %v", s.Energy, before.Energy)
		}
		b.tell("off")
		b.wait(time.Minute)
		b.dev.writes()
		b.dev.set(func(d *device) { d.err = nil })
		b.want(b.wait(2*time.Minute), energy.StateIdle, 0)
		b.wrote("pause")
	})
}

func TestAnotherDeviceIsNotCommanded(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.id = "02:00:00:00:00:99" })
		s := b.wait(20 * time.Second)
		if s.State != energy.StateFault || s.Draw != 3000 {
			t.Errorf("status %+v", s)
		}
		b.dev.writes()
		b.tell("off")
		b.wait(time.Minute)
		b.wrote()
		b.dev.set(func(d *device) { d.id = "02:00:00:00:00:01" })
		b.want(b.wait(2*time.Minute), energy.StateIdle, 0)
	})
	in(t, func(t *testing.T) { // known from before the restart
		b := start(t, newDevice(3), func(c *Config) { c.Counters.ID = "02:00:00:00:00:99" })
		b.tell("off")
		if s := b.wait(time.Minute); s.State != energy.StateFault {
			t.Errorf("status %+v", s)
		}
		b.wrote()
	})
}

func TestSuspectWhenWordsAndDrawDisagree(t *testing.T) {
	for name, lie := range map[string]func(*Report){
		"hashes without power": func(r *Report) { r.Draw = 25 },
		"hashes nothing":       func(r *Report) { r.Rate = 0 },
		"starts for ever":      func(r *Report) { r.Rate, r.State = 0, energy.StateStarting },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				b := start(t, newDevice(3), nil)
				b.want(b.wait(time.Minute), energy.StateRunning, 3)
				b.dev.set(func(d *device) { d.report = lie })
				if s := b.wait(5 * time.Minute); s.State != energy.StateSuspect || s.Err == "" {
					t.Errorf("status %+v", s)
				}
				b.dev.set(func(d *device) { d.report = nil })
				b.want(b.wait(time.Minute), energy.StateRunning, 3)
			})
		})
	}
}

func TestFirmwareThatCannotPause(t *testing.T) {
	in(t, func(t *testing.T) {
		dev := newDevice(3)
		dev.noPause = true
		b := start(t, dev, nil)
		b.wait(time.Second)
		b.tell("off")
		s := b.wait(time.Minute)
		if s.State != energy.StateFault || s.Seq != 0 || s.Err == "" {
			t.Errorf("status %+v", s)
		}
		b.tell("L1")
		b.want(b.wait(time.Minute), energy.StateRunning, 1)
	})
}

func TestUnknownStaysUnknown(t *testing.T) {
	in(t, func(t *testing.T) {
		dev := newDevice(3)
		dev.report = func(r *Report) { r.State, r.Level = energy.StateUnknown, "" }
		b := start(t, dev, nil)
		b.want(b.wait(time.Minute), energy.StateUnknown, -1)
	})
}
