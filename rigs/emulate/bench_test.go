package emulate

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"
)

func BenchmarkMeter(b *testing.B) {
	c := newCurve(luxPoints(luxModels()[0]), 300, 8)
	p := newPlant(epoch, c, 0, 17, 1)
	p.set(epoch, 17)
	now := epoch.Add(time.Minute)
	for b.Loop() {
		_, hashes := p.current().totals(now, c)
		sharesAfter(1, hashes, luxDifficulty)
	}
}

// BenchmarkLuxOSRequest is one command over a connection of its own, as the
// protocol wants it.
func BenchmarkLuxOSRequest(b *testing.B) {
	for _, command := range []string{"power", "summary"} {
		b.Run(command, func(b *testing.B) {
			l, err := NewLuxOS(Options{Running: true})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			request := []byte(`{"command":"` + command + `"}`)
			buf := bytes.NewBuffer(nil)
			for b.Loop() {
				conn, err := net.Dial("tcp", l.Addr())
				if err != nil {
					b.Fatal(err)
				}
				if _, err := conn.Write(request); err != nil {
					b.Fatal(err)
				}
				buf.Reset()
				if _, err := buf.ReadFrom(conn); err != nil {
					b.Fatal(err)
				}
				conn.Close()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

func BenchmarkBitaxeRequest(b *testing.B) {
	x, err := NewBitaxe(Options{Running: true})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	for b.Loop() {
		resp, err := http.Get("http://" + x.Addr() + "/api/system/info")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkFleet is what a thousand rigs cost that nobody talks to.
func BenchmarkFleet(b *testing.B) {
	const rigs = 1000
	var before, after runtime.MemStats
	var goroutines int
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		g := runtime.NumGoroutine()
		f, err := NewFleet(FleetOptions{Rigs: rigs})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		goroutines = runtime.NumGoroutine() - g
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	used := after.HeapAlloc + after.StackInuse - before.HeapAlloc - before.StackInuse
	b.ReportMetric(float64(used)/rigs, "bytes/rig")
	b.ReportMetric(float64(goroutines)/rigs, "goroutines/rig")
}
