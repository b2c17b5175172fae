package hasher

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

const (
	stopTimeout = 2 * time.Second // for the child to end by itself
	stderrKept  = 4 << 10
)

// child is one worker process. Its methods never block but for stop.
type child struct {
	notices chan notice
	gone    chan struct{} // closed when the process has ended
	closing chan struct{}
	once    sync.Once
	wg      sync.WaitGroup

	mu   sync.Mutex
	duty *order // not yet written; the latest wins
	job  *order
	wake chan struct{}

	cmd    *exec.Cmd
	stderr tail

	// What is left of it once gone is closed.
	err error
	cpu time.Duration // all that the process has used
}

// startChild runs the command as a worker process.
func startChild(cmd *exec.Cmd, workers int) (*child, error) {
	c := &child{
		notices: make(chan notice, 64), gone: make(chan struct{}), closing: make(chan struct{}),
		wake: make(chan struct{}, 1), cmd: cmd, stderr: tail{most: stderrKept},
	}
	cmd.SysProcAttr = childAttr()
	cmd.Stderr = &c.stderr
	cmd.WaitDelay = stopTimeout
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("worker process: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("worker process: %w", err)
	}
	started := make(chan error)
	read := make(chan struct{})
	c.wg.Go(func() { c.live(started, read) })
	if err := <-started; err != nil {
		c.wg.Wait()
		in.Close()
		out.Close()
		return nil, fmt.Errorf("start worker process %s: %w", cmd.Path, err)
	}
	c.wg.Go(func() {
		defer close(read)
		if err := readLines(out, c.deliver); err != nil {
			c.close() // what cannot be understood is not waited for
		}
		_, _ = io.Copy(io.Discard, out)
	})
	c.wg.Go(func() { c.write(in, order{Start: &startOrder{Workers: workers}}) })
	return c, nil
}

// live starts the process and waits for it, on one thread that stays: the
// kernel ties the child's life to the thread that started it.
func (c *child) live(started chan<- error, read <-chan struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	<-read
	c.err = c.cmd.Wait()
	if s := c.cmd.ProcessState; s != nil {
		c.cpu = s.UserTime() + s.SystemTime()
	}
	close(c.gone)
	c.close()
}

func (c *child) deliver(n notice) error {
	select {
	case c.notices <- n:
		return nil
	case <-c.closing:
	}
	// On the way out the last figures still count, if there is room.
	select {
	case c.notices <- n:
	default:
	}
	return nil
}

// send hands an order over; of each kind the latest wins.
func (c *child) send(o order) {
	c.mu.Lock()
	if o.Job != nil {
		c.job = &o
	} else {
		c.duty = &o
	}
	c.mu.Unlock()
	poke(c.wake)
}

// write writes orders until the child is closed, and then closes its input,
// which ends it.
func (c *child) write(in io.WriteCloser, first order) {
	defer in.Close()
	err := writeLine(in, first)
	for err == nil {
		select {
		case <-c.closing:
			return
		case <-c.wake:
		}
		c.mu.Lock()
		pending := []*order{c.duty, c.job}
		if c.duty != nil && c.duty.Duty.Duty > 0 {
			pending[0], pending[1] = pending[1], pending[0] // the job first, or a stale one is hashed
		}
		c.duty, c.job = nil, nil
		c.mu.Unlock()
		for _, o := range pending {
			if o != nil && err == nil {
				err = writeLine(in, *o)
			}
		}
	}
}

func (c *child) close() { c.once.Do(func() { close(c.closing) }) }

// kill ends a process that hangs. It does not wait.
func (c *child) kill() {
	c.close()
	_ = c.cmd.Process.Kill() // it may just have gone
}

// stop ends the process, by force if it must, and waits for it.
func (c *child) stop() {
	c.close()
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-c.gone:
	case <-timer.C:
		c.kill()
	}
	c.wg.Wait()
}

// tail keeps the last bytes written to it.
type tail struct {
	most int
	mu   sync.Mutex
	buf  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > t.most {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-t.most:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
