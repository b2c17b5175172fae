package hasher

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Every thread of the worker process is in the idle class, also those that
// started after the others were put there.
func TestWorkerHasTheLowestPriority(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	if hello := await(t, c, func(n notice) bool { return n.Hello != nil }).Hello; hello.Priority != "" {
		t.Fatalf("priority not lowered: %s", hello.Priority)
	}
	c.send(order{Job: &jobOrder{Job: easyJob()}})
	c.send(order{Duty: &dutyOrder{Seq: 1, Duty: 0.1}})
	await(t, c, func(n notice) bool { return n.Share != nil })
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", c.cmd.Process.Pid))
	if err != nil || len(tasks) < 3 {
		t.Fatalf("%d threads, %v", len(tasks), err)
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			t.Fatal(err)
		}
		attr, err := unix.SchedGetAttr(tid, 0)
		if err != nil {
			continue // it has just ended
		}
		if attr.Policy != unix.SCHED_IDLE || attr.Nice != niceLowest {
			t.Errorf("thread %d: class %d, niceness %d", tid, attr.Policy, attr.Nice)
		}
	}
}
