package kernel

import (
	"runtime"
	"slices"
	"time"
)

// Speed is what a kernel reaches on one core.
type Speed struct {
	CyclesPerHash   float64 // of the core's clock; 0 where nothing measures it
	HashesPerSecond float64 // of CPU time
}

const (
	samples    = 61
	sampleTime = 8 * time.Millisecond
)

// Measure makes a kernel of that kind and times it on one core for half a
// second of CPU time. It tells progress what part of that is done.
//
// The time is this thread's, and the core's clock is measured before and after
// each sample, because it changes; both medians are of samples, because what
// else goes on in a machine leaves some of them worse.
func Measure(k Kind, progress func(part float64)) (Speed, error) {
	kernel, err := k.New()
	if err != nil {
		return Speed{}, err
	}
	w := Work{Versions: make([]uint32, k.Versions)} // a target that no hash meets
	for i := range w.Versions {
		w.Versions[i] = uint32(i) << 13
	}
	kernel.Begin(&w)
	s := sampler{scan: func(n uint32) { kernel.Scan(nil, 0, n) }, hashes: float64(k.Versions), n: k.Whole(1)}
	return s.run(progress), nil
}

// sampler times a scan of n nonces, each of several hashes.
type sampler struct {
	scan   func(n uint32)
	hashes float64 // a nonce
	n      uint32
	cycles []float64 // a hash
	rate   []float64 // hashes a second
}

func (s *sampler) run(progress func(part float64)) Speed {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s.fit()
	for i := range samples {
		s.sample()
		progress(float64(i+1) / samples)
	}
	return Speed{CyclesPerHash: median(s.cycles), HashesPerSecond: median(s.rate)}
}

// fit doubles n until it takes as long as a sample should.
func (s *sampler) fit() {
	for ; s.n < 1<<30; s.n *= 2 {
		start := threadCPU()
		s.scan(s.n)
		if threadCPU()-start > sampleTime/2 {
			return
		}
	}
}

func (s *sampler) sample() {
	before := clockRate()
	start := threadCPU()
	s.scan(s.n)
	spent := (threadCPU() - start).Seconds()
	after := clockRate()
	made := s.hashes * float64(s.n)
	s.cycles = append(s.cycles, spent*(before+after)/2/made)
	s.rate = append(s.rate, made/spent)
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
