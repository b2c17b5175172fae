package kernel

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/hasher/work"
)

// Work is headers that differ in version and nonce alone.
type Work struct {
	Header   work.Header // its version and nonce do not matter
	Versions []uint32    // of the headers, one or as many as the kind takes; all different
	Target   work.Target
}

// header is the work's with that version and nonce.
func (w *Work) header(version, nonce uint32) work.Header {
	h := w.Header
	binary.LittleEndian.PutUint32(h[0:], version)
	binary.LittleEndian.PutUint32(h[76:], nonce)
	return h
}

// Hit is a header that meets the target.
type Hit struct {
	Version uint32
	Nonce   uint32
}

// Kernel tries nonces. One kernel belongs to one goroutine at a time.
type Kernel interface {
	// Begin takes up work, which must not change before the next Begin.
	Begin(*Work)
	// Scan hashes the headers of all the work's versions with the n nonces
	// that follow from, which is one of them, stopping short at the last nonce
	// there is. It appends what meets the target to hits, in any order, and
	// tells how many nonces it tried; for each it has made as many hashes as
	// there are versions. The caller chooses n so that a call lasts at most a
	// millisecond.
	Scan(hits []Hit, from, n uint32) ([]Hit, uint64)
}

// Kind is one way to hash.
type Kind struct {
	Name      string
	Algorithm work.Algorithm
	// Versions is how many versions its work has. A kind of more than one
	// does what they have in common only once.
	Versions int
	// Batch is how many nonces it tries at once, if several: of other numbers
	// than its multiples it wastes a part.
	Batch     int
	Supported bool // by this CPU

	make func() Kernel
}

// Kinds are all that this program has, for any CPU of its architecture, the
// fastest of each algorithm first.
func Kinds() []Kind { return slices.Clone(kinds) }

var kinds = slices.Concat(archKinds, portable)

// portable are the kinds that every CPU supports, one of each algorithm.
var portable = []Kind{
	{Name: "stdlib-midstate", Algorithm: work.SHA256d, Versions: 1, Supported: true, make: newStd},
	{Name: "x-crypto", Algorithm: work.Scrypt, Versions: 1, Supported: true, make: newReference(work.Scrypt)},
}

// Pick is the fastest kind for an algorithm that this CPU supports, of those
// for work of one version or, if rolled, of several. There is always one of
// the former.
func Pick(a work.Algorithm, rolled bool) (Kind, bool) { return pick(kinds, a, rolled) }

func pick(kinds []Kind, a work.Algorithm, rolled bool) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool {
		return k.Supported && k.Algorithm == a && (k.Versions > 1) == rolled
	})
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// Whole is about n nonces, and at least one: a number that wastes nothing.
func (k Kind) Whole(n uint32) uint32 {
	batch := uint32(max(k.Batch, 1))
	return max((n+batch/2)/batch, 1) * batch
}

// New makes a kernel and holds it against plain Go, so that a CPU or a library
// on which it does something else is noticed before a share is lost.
func (k Kind) New() (Kernel, error) {
	if !k.Supported {
		return nil, fmt.Errorf("kernel %s: not supported by this CPU", k.Name)
	}
	kernel := k.make()
	return kernel, k.verify(kernel)
}
