package kernel

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

func report(b *testing.B, s Speed) {
	b.ReportMetric(s.CyclesPerHash, "cycles/hash")
	b.ReportMetric(s.HashesPerSecond, "H/s")
	b.ReportMetric(0, "ns/op")
}

// measure is Measure without a report of its progress.
func measure(b *testing.B, kind Kind) Speed {
	b.Helper()
	speed, err := Measure(kind, func(float64) {})
	if err != nil {
		b.Error(err)
	}
	return speed
}

// BenchmarkScan is every kernel, by CPU time and the core's own clock, beside
// the plain way.
func BenchmarkScan(b *testing.B) {
	b.Run("naive", func(b *testing.B) {
		var speed Speed
		for b.Loop() {
			s := sampler{scan: naive, hashes: 1, n: 1}
			speed = s.run(func(float64) {})
		}
		report(b, speed)
	})
	for _, kind := range supported(b) {
		b.Run(kind.Name, func(b *testing.B) {
			var speed Speed
			for b.Loop() {
				speed = measure(b, kind)
			}
			report(b, speed)
		})
	}
}

var sink byte

// naive hashes whole headers with the standard library.
func naive(n uint32) {
	var h work.Header
	for nonce := range n {
		binary.LittleEndian.PutUint32(h[76:], nonce)
		sink |= work.Double(h[:])[31]
	}
}

// BenchmarkTwoCores is how much two cores at once make of what one makes alone.
func BenchmarkTwoCores(b *testing.B) {
	for _, kind := range supported(b) {
		b.Run(kind.Name, func(b *testing.B) {
			var one, two float64
			for b.Loop() {
				one = measure(b, kind).HashesPerSecond
				var both [2]float64
				var wg sync.WaitGroup
				for i := range both {
					wg.Go(func() { both[i] = measure(b, kind).HashesPerSecond })
				}
				wg.Wait()
				two = both[0] + both[1]
			}
			b.ReportMetric(two/one, "cores")
			b.ReportMetric(two, "H/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkBegin is what taking up work costs.
func BenchmarkBegin(b *testing.B) {
	for _, kind := range supported(b) {
		b.Run(kind.Name, func(b *testing.B) {
			k := newKernel(b, kind)
			w := Work{Versions: versions(kind, 0)}
			b.ReportAllocs()
			for b.Loop() {
				k.Begin(&w)
			}
		})
	}
}
