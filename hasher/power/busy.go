package power

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

const (
	procStat   = "proc/stat"
	cgroupStat = "sys/fs/cgroup/cpu.stat"
	// cgroupInner is a file that every control group has but the root: where
	// it is, a container shows us its own.
	cgroupInner = "sys/fs/cgroup/cgroup.events"

	tick = time.Second / 100 // the kernel's, towards programs
)

// errNoBusy is a machine, or a sandbox, that hides how busy it is.
var errNoBusy = errors.New("neither /proc/stat nor the root of /sys/fs/cgroup tells how busy the machine is: under systemd, set ProcSubset=all")

// Busy is the CPU time that all programs of a machine have used together,
// ours among them.
type Busy struct {
	files  fs.FS
	cgroup bool
}

// FindBusy finds out where the machine tells of its CPU time.
func FindBusy(files fs.FS) (*Busy, error) {
	for _, cgroup := range []bool{false, true} {
		b := &Busy{files: files, cgroup: cgroup}
		if _, err := b.Used(); err == nil {
			return b, nil
		}
	}
	return nil, errNoBusy
}

// Used is the CPU time since the machine was booted.
func (b *Busy) Used() (time.Duration, error) {
	if b.cgroup {
		return b.ofGroups()
	}
	text, err := readText(b.files, procStat)
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	// user nice system idle iowait irq softirq; steal is other machines', and
	// guests are in user.
	if len(f) < 8 || f[0] != "cpu" {
		return 0, fmt.Errorf("read CPU time: /%s begins with %.40q", procStat, line)
	}
	var ticks uint64
	for _, i := range []int{1, 2, 3, 6, 7} {
		v, err := strconv.ParseUint(f[i], 10, 48)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: /%s begins with %.40q", procStat, line)
		}
		ticks += v
	}
	return time.Duration(ticks) * tick, nil
}

func (b *Busy) ofGroups() (time.Duration, error) {
	if _, err := fs.Stat(b.files, cgroupInner); err == nil {
		return 0, errNoBusy
	}
	text, err := readText(b.files, cgroupStat)
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(text, "\n")
	used, is := strings.CutPrefix(line, "usage_usec ")
	v, err := strconv.ParseUint(used, 10, 52)
	if !is || err != nil {
		return 0, fmt.Errorf("read CPU time: /%s begins with %.40q", cgroupStat, line)
	}
	return time.Duration(v) * time.Microsecond, nil
}

const online = "sys/devices/system/cpu/online"

// Cores is how many cores the machine has that are on, whoever may use them; 0
// if it does not say.
func Cores(files fs.FS) int {
	text, err := readText(files, online) // as in 0-3,6
	if err != nil {
		return 0
	}
	n := 0
	for part := range strings.SplitSeq(text, ",") {
		from, to, many := strings.Cut(part, "-")
		if !many {
			to = from
		}
		a, errA := strconv.ParseUint(from, 10, 16)
		b, errB := strconv.ParseUint(to, 10, 16)
		if errA != nil || errB != nil || b < a {
			return 0
		}
		n += int(b-a) + 1
	}
	return n
}
