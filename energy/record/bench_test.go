package record

import (
	"fmt"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

// BenchmarkObserve is a second of a site on which one load in a hundred has
// news.
func BenchmarkObserve(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("rigs=%d", n), func(b *testing.B) {
			r := newRecorder()
			views := make([]energy.LoadView, n)
			for i := range views {
				views[i] = runs(3600)
				views[i].Spec = &energy.LoadSpec{Name: fmt.Sprint("rig-", i), Group: "a", Family: "luxos"}
			}
			b.ReportAllocs()
			sec := 0
			for b.Loop() {
				s := quiet(float64(sec))
				s.Loads = views
				for i := sec % 100; i < n; i += 100 {
					views[i].Status.At = s.At
					views[i].Status.Energy += 360e3
				}
				r.Observe(s)
				sec++
			}
		})
	}
}

func BenchmarkCheckpoint(b *testing.B) {
	r := newRecorder()
	views := make([]energy.LoadView, 1000)
	for i := range views {
		views[i] = runs(3600)
		views[i].Spec = &energy.LoadSpec{Name: fmt.Sprint("rig-", i), Group: "a", Family: "luxos"}
	}
	s := quiet(0)
	s.Loads = views
	r.Observe(s)
	var size int
	for b.Loop() {
		out, err := r.Checkpoint()
		if err != nil {
			b.Fatal(err)
		}
		size = len(out)
	}
	b.ReportMetric(float64(size), "bytes")
}
