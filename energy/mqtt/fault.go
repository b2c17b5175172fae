package mqtt

// Cause is one word for why a message was not taken. The list is closed:
// counters and the status page are kept by it.
type Cause string

// The causes. Those up to Gone are the source's way of saying that it has no
// value now, and no fault.
const (
	Absent     Cause = "absent"       // a well-formed message that says nothing of this reading
	Gone       Cause = "gone"         // the source says that it has left
	Empty      Cause = "empty"        // no payload
	Oversize   Cause = "oversize"     // more bytes than a payload may have
	NotJSON    Cause = "not-json"     // JSON was expected
	NoValue    Cause = "no-value"     // the configured path is not in the payload
	NoTime     Cause = "no-time"      // the source time is missing or cannot be read
	WrongType  Cause = "wrong-type"   // the value is there, but is no number
	NotANumber Cause = "not-a-number" // NaN, infinity, or text that is no number
	OutOfRange Cause = "out-of-range" // suspect: outside the range of the reading
	Future     Cause = "future"       // from further ahead than clocks may differ
	Retained   Cause = "retained"     // a leftover that the broker kept
	Old        Cause = "old"          // stale on arrival, or older than the last one taken
	Crowded    Cause = "crowded"      // more topics under one filter than are followed
)

const nCauses = 14

// causes lists every cause; its index is the cause's place in counters.
func causes() [nCauses]Cause {
	return [...]Cause{
		Absent, Gone, Empty, Oversize, NotJSON, NoValue, NoTime, WrongType, NotANumber, OutOfRange,
		Future, Retained, Old, Crowded,
	}
}

func (c Cause) index() int {
	for i, known := range causes() {
		if c == known {
			return i
		}
	}
	return 0
}

// Fault says why a message was not taken. Text from the payload is quoted and
// cut short in it.
type Fault struct {
	Cause  Cause
	Detail string
}

func (f *Fault) Error() string {
	if f.Detail == "" {
		return string(f.Cause)
	}
	return string(f.Cause) + ": " + f.Detail
}

// Silent reports whether the message was in order and merely held no value.
func (f *Fault) Silent() bool { return f.Cause == Absent || f.Cause == Gone }

// Is makes every fault match another of the same cause.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Cause == f.Cause
}

func fault(c Cause, detail string) *Fault { return &Fault{Cause: c, Detail: detail} }
