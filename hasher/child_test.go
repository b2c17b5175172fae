package hasher

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// easyJob has a share every few thousand hashes.
func easyJob() *work.Job {
	j := ownJob([32]byte{1}, 1, time.Unix(1.7e9, 0))
	j.Seq, j.Target = 7, work.SHA256d.DifficultyTarget(1e-5)
	return &j
}

func start(t *testing.T, workers int) *child {
	t.Helper()
	c, err := startChild(workerCommand(), workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

// await reads notices up to one that is wanted.
func await(t *testing.T, c *child, want func(notice) bool) notice {
	t.Helper()
	for {
		select {
		case n := <-c.notices:
			if want(n) {
				return n
			}
		case <-c.gone:
			t.Fatalf("worker process ended: %v: %s", c.err, c.stderr.String())
		}
	}
}

func TestWorkerProcess(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	hello := await(t, c, func(n notice) bool { return n.Hello != nil }).Hello
	if len(hello.Kernels) < 2 || hello.Kernels[0].Rate < 1000 || hello.Kernels[0].Name == "" {
		t.Errorf("hello %+v", hello)
	}
	job := easyJob()
	var book work.Book
	for range job.Seq - 1 {
		book.Add(*job, true)
	}
	book.Add(*job, true)
	c.send(order{Job: &jobOrder{Job: job}})
	c.send(order{Duty: &dutyOrder{Seq: 1, Duty: 0.5}})
	for range 20 {
		s := await(t, c, func(n notice) bool { return n.Share != nil }).Share
		if _, err := book.Take(*s); err != nil {
			t.Fatalf("share %+v: %v", s, err)
		}
	}
	busy := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Hashes > 0 }).Stats
	if busy.Seq != 1 || busy.Wrong != 0 || busy.CPU <= 0 {
		t.Errorf("figures %+v", busy)
	}

	c.send(order{Duty: &dutyOrder{Seq: 2, Duty: 0}})
	off := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Seq == 2 }).Stats
	still := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Wall > off.Wall+int64(time.Second) }).Stats
	// Quanta under way at the order may still have ended.
	if more := still.Hashes - off.Hashes; float64(more) > 4*hello.Kernels[0].Rate*maxQuantum.Seconds() {
		t.Errorf("%d hashes after off was confirmed", more)
	}

	// Without a job there is nothing to do, whatever the duty.
	c.send(order{Job: &jobOrder{}})
	c.send(order{Duty: &dutyOrder{Seq: 3, Duty: 1}})
	on := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Seq == 3 }).Stats
	if on.Hashes > still.Hashes {
		t.Errorf("hashed rubbish: %d", on.Hashes-still.Hashes)
	}
	c.stop()
	if c.err != nil || c.cpu < time.Duration(on.CPU)-10*time.Millisecond {
		t.Errorf("ended with %v, CPU %v, had reported %v", c.err, c.cpu, time.Duration(on.CPU))
	}
}

// Over a second, the CPU used stays under the duty. That it reaches it is for
// the benchmark: a busy machine gives less.
func TestWorkerKeepsToItsDuty(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	c.send(order{Job: &jobOrder{Job: easyJob()}})
	for i, duty := range []float64{1, 0.2, 0.05} {
		seq := uint64(i + 1)
		c.send(order{Duty: &dutyOrder{Seq: seq, Duty: duty}})
		from := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Seq == seq }).Stats
		to := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Wall > from.Wall+int64(time.Second) }).Stats
		share := float64(to.CPU-from.CPU) / float64(to.Wall-from.Wall) / 2
		if share > duty*1.3+0.03 {
			t.Errorf("duty %.2f used %.3f", duty, share)
		}
		if to.Hashes == from.Hashes {
			t.Errorf("duty %.2f hashed nothing", duty)
		}
	}
}

func TestWorkerRefusesNonsense(t *testing.T) {
	t.Parallel()
	for name, input := range map[string]string{
		"nothing":       "",
		"no start":      `{"duty":{"seq":1,"duty":0.5}}` + "\n",
		"no workers":    `{"start":{"workers":0}}` + "\n",
		"garbage":       "hello\n",
		"duty too high": `{"start":{"workers":1}}` + "\n" + `{"duty":{"seq":1,"duty":7}}` + "\n",
		"unknown order": `{"start":{"workers":1}}` + "\n" + `{"dance":true}` + "\n",
		"bad job":       `{"start":{"workers":1}}` + "\n" + `{"job":{"job":{"extranonce2_size":64}}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			cmd := workerCommand()
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, input); err != nil {
				t.Fatal(err)
			}
			if name == "nothing" {
				in.Close() // and it ends in peace
			}
			err = cmd.Wait()
			if (err == nil) != (name == "nothing") {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

// SIGKILL takes the daemon; the worker process goes by itself.
func TestWorkerDoesNotOutliveTheDaemon(t *testing.T) {
	t.Parallel()
	alive, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	cmd := exec.Command(os.Args[0], asDaemon)
	cmd.ExtraFiles = []*os.File{held}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	held.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "running\n" {
		t.Fatalf("daemon says %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, as it should be
	if _, err := io.ReadAll(alive); err != nil {
		t.Fatal(err) // it ends when nobody holds the other end any more
	}
}

// A job that no kernel is for leaves the workers idle, and alive.
func TestWorkerWithoutAKernel(t *testing.T) {
	t.Parallel()
	w := &worker{out: io.Discard, began: time.Now(), crew: newCrew(1), tools: []toolbox{nil}}
	if _, err := w.obey(order{Duty: &dutyOrder{Seq: 1, Duty: 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.obey(order{Job: &jobOrder{Job: easyJob()}}); err != nil {
		t.Fatal(err)
	}
	if now := w.crew.board.now.Load(); now.job != nil || w.crew.throttle.duty != 0 {
		t.Errorf("posted %+v, duty %v", now.job, w.crew.throttle.duty)
	}
	if err := w.stats(); err != nil {
		t.Fatal(err)
	}
}

// A pool whose difficulty is next to nothing does not keep the daemon busy:
// so many shares a second, and the rest counted.
func TestWorkerTellsOfSoManyShares(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	job := easyJob()
	job.Target = work.SHA256d.DifficultyTarget(0)
	c.send(order{Job: &jobOrder{Job: job}})
	c.send(order{Duty: &dutyOrder{Seq: 1, Duty: 0.5}})
	from := await(t, c, func(n notice) bool { return n.Stats != nil && n.Stats.Dropped > 0 }).Stats
	shares := 0
	to := await(t, c, func(n notice) bool {
		if n.Share != nil {
			shares++
		}
		return n.Stats != nil && n.Stats.Wall > from.Wall+int64(time.Second)
	}).Stats
	if most := 1 + (to.Wall-from.Wall)/int64(shareEvery); shares == 0 || int64(shares) > most {
		t.Errorf("%d shares in %v, at most %d", shares, time.Duration(to.Wall-from.Wall), most)
	}
	if to.Dropped <= from.Dropped {
		t.Errorf("%d lost, then %d", from.Dropped, to.Dropped)
	}
}
