package hasher

import "github.com/curtaild/curtaild/energy"

const (
	// deadBand is how far, as a fraction, what is measured must be from what
	// is stated before operating points change. Plans flap otherwise.
	deadBand = 0.05
	// learnFrom is the CPU time, in seconds, that one measurement takes.
	learnFrom = 2
	// maxRate is more hashes a second, and maxCore more watts, than any core
	// makes.
	maxRate = 1e12
	maxCore = 1000
	// alien is how far, as a factor, a kernel's calibration may be from what
	// was kept of it: beyond, the state has come from another machine.
	alien = 2
)

// learner measures one kernel at a time: what a busy core makes and draws.
type learner struct {
	all    Learned
	kernel string
	now    Lesson // as measured
	stated Lesson

	hashes float64
	cpu    float64 // seconds
}

// newLearner states what was kept of the kernel that was last in use, until one
// is.
func newLearner(kept Learned, rate float64) learner {
	l := learner{all: kept.sane()}
	lesson, known := l.all.Lessons[l.all.Kernel]
	if !known {
		lesson = Lesson{Rate: flat(rate)}
	}
	l.now, l.stated = lesson, lesson
	return l
}

// use turns to another kernel, which has been calibrated at rate. It reports
// whether what is stated has moved.
func (l *learner) use(kernel string, rate float64) bool {
	if kernel == l.kernel || !(rate > 0 && rate <= maxRate) {
		return false
	}
	lesson, known := l.all.Lessons[kernel]
	if kept := lesson.Rate.At(1); !known || kept > rate*alien || kept < rate/alien {
		// What a core draws is nearer to what it drew under the last kernel
		// than to any guess.
		lesson = Lesson{Rate: flat(rate), Core: l.now.Core}
	}
	l.kernel, l.hashes, l.cpu = kernel, 0, 0
	l.now, l.stated = lesson, lesson
	l.keep()
	return true
}

// work takes in a stretch of work at a duty and reports whether what is stated
// has moved.
func (l *learner) work(duty, hashes, cpu float64) bool {
	l.hashes += hashes
	l.cpu += cpu
	if l.cpu < learnFrom || l.hashes <= 0 {
		return false
	}
	measured := l.hashes / l.cpu
	l.hashes, l.cpu = 0, 0
	if measured > maxRate || l.kernel == "" {
		return false
	}
	l.now.Rate = l.now.Rate.Learn(duty, measured)
	return l.state()
}

// draw takes in what a busy core drew at a duty, and reports the same.
func (l *learner) draw(duty float64, core energy.Watts) bool {
	if core > maxCore || l.kernel == "" {
		return false
	}
	l.now.Core = l.now.Core.Learn(duty, float64(core))
	return l.state()
}

// rest forgets a measurement that has been begun: the duty changes.
func (l *learner) rest() { l.hashes, l.cpu = 0, 0 }

// state states what has left the dead band.
func (l *learner) state() bool {
	if !l.now.Rate.strays(l.stated.Rate) && !l.now.Core.strays(l.stated.Core) {
		return false
	}
	l.stated = l.now
	l.keep()
	return true
}

// keep writes down what is stated: of what is measured the last digits differ
// all the time.
func (l *learner) keep() {
	l.all = l.all.with(l.kernel, l.stated)
	l.all.Kernel = l.kernel
}
