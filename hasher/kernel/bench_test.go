package kernel

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// BenchmarkScan is every kernel beside the plain way and beside a midstate saved
// and restored with the library's own Write and Sum.
func BenchmarkScan(b *testing.B) {
	const batch = 1024
	b.Run("naive", func(b *testing.B) {
		var h work.Header
		var n uint32
		for b.Loop() {
			for range batch {
				n++
				binary.LittleEndian.PutUint32(h[76:], n)
				if work.Double(h[:])[31] == 0xff && n == 0 {
					b.Fatal()
				}
			}
		}
		b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "H/s")
	})
	b.Run("midstate", func(b *testing.B) {
		d := sha256.New()
		var h work.Header
		d.Write(h[:64])
		mid, _ := d.(encoding.BinaryMarshaler).MarshalBinary()
		var n uint32
		buf := make([]byte, 0, 32)
		for b.Loop() {
			for range batch {
				n++
				binary.LittleEndian.PutUint32(h[76:], n)
				d.(encoding.BinaryUnmarshaler).UnmarshalBinary(mid)
				d.Write(h[64:])
				buf = d.Sum(buf[:0])
				if sha256.Sum256(buf)[31] == 0xff && n == 0 {
					b.Fatal()
				}
			}
		}
		b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "H/s")
	})
	for _, kind := range supported(b) {
		b.Run(kind.Name, func(b *testing.B) {
			k := newKernel(b, kind)
			k.Begin(&Work{Versions: versions(kind, 0)})
			n := uint32(max(1, batch/kind.Versions))
			var from uint32
			for b.Loop() {
				k.Scan(nil, from, n)
				from += n
			}
			b.ReportMetric(float64(b.N)*float64(n)*float64(kind.Versions)/b.Elapsed().Seconds(), "H/s")
		})
	}
}
