package hasher

import (
	"sync/atomic"
	"time"

	"github.com/curtaild/curtaild/hasher/kernel"
	"github.com/curtaild/curtaild/hasher/work"
)

// calibration lasts this much CPU time, and on a busy machine at most ten
// times as long by the wall clock.
const calibration = 20 * time.Millisecond

// minScan keeps the bookkeeping around a scan small beside it.
const minScan = 64 // hashes

// tool is one worker's kernel of one kind.
type tool struct {
	kind   kernel.Kind
	kernel kernel.Kernel
	rate   *atomic.Uint64 // hashes a second of CPU time, for all workers
}

// nonces is about how many of them fill a quantum.
func (t *tool) nonces(quantum time.Duration) uint32 {
	hashes := float64(t.rate.Load()) * quantum.Seconds()
	if t.kind.Algorithm == work.SHA256d { // each of the others is work enough
		hashes = max(hashes, minScan)
	}
	return t.kind.Whole(uint32(hashes / float64(t.kind.Versions)))
}

// toolbox is one worker's kernels: for every algorithm, the fastest for work
// of one version and, where there is one, for work of several.
type toolbox []*tool

// newToolbox makes the kernels that fit this CPU and measures how fast they
// are, on this goroutine.
func newToolbox() (toolbox, error) {
	var box toolbox
	for _, a := range work.Algorithms() {
		for _, rolled := range []bool{true, false} {
			kind, ok := kernel.Pick(a, rolled)
			if !ok {
				continue
			}
			k, err := kind.New()
			if err != nil {
				return nil, err
			}
			t := &tool{kind: kind, kernel: k, rate: &atomic.Uint64{}}
			t.rate.Store(uint64(t.calibrate()))
			box = append(box, t)
		}
	}
	return box, nil
}

// again is a toolbox of the same kinds for another worker.
func (b toolbox) again() (toolbox, error) {
	var box toolbox
	for _, t := range b {
		k, err := t.kind.New()
		if err != nil {
			return nil, err
		}
		box = append(box, &tool{kind: t.kind, kernel: k, rate: t.rate})
	}
	return box, nil
}

// notices say what is in the box.
func (b toolbox) notices() []kernelNotice {
	var list []kernelNotice
	for _, t := range b {
		list = append(list, kernelNotice{Name: t.kind.Name, Algorithm: t.kind.Algorithm, Versions: t.kind.Versions, Rate: float64(t.rate.Load())})
	}
	return list
}

// fit is the best tool for a job, and the versions to use it with; nil if none
// is for its algorithm.
func (b toolbox) fit(j *work.Job, versions []uint32) (*tool, []uint32) {
	for _, t := range b {
		if t.kind.Algorithm != j.Algorithm {
			continue
		}
		if versions = j.Versions(versions[:0], t.kind.Versions); len(versions) > 0 {
			return t, versions
		}
	}
	return nil, versions
}

// calibrate measures hashes a second of CPU time.
func (t *tool) calibrate() float64 {
	w := kernel.Work{Versions: make([]uint32, t.kind.Versions)}
	t.kernel.Begin(&w)
	n := uint32(max(1, 512/t.kind.Versions))
	if t.kind.Algorithm == work.Scrypt {
		n = t.kind.Whole(8)
	}
	var nonces uint64
	began, cpu := time.Now(), processCPU()
	for {
		_, tried := t.kernel.Scan(nil, uint32(nonces), n)
		nonces += tried
		used := processCPU() - cpu
		if used >= calibration || time.Since(began) > 10*calibration && used > 0 {
			return float64(nonces) * float64(t.kind.Versions) / used.Seconds()
		}
	}
}
