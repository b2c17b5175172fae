package emulate

import "math"

// Shares arrive in batches: each batch of shareBatch is spread over as many
// expected intervals at places that its number decides. The count of shares is
// so a function of the hashes done, monotone, irregular like the real thing,
// and costs the same after a second as after a year.
const (
	shareBatch  = 16
	rejectEvery = 1024 // one share in so many is rejected
)

// sharesAfter counts the shares, accepted and rejected, found in the given
// number of hashes at the given difficulty.
func sharesAfter(seed uint64, hashes, difficulty float64) (accepted, rejected uint64) {
	expected := hashes / (difficulty * (1 << 32))
	if !(expected > 0) {
		return 0, 0
	}
	batch := math.Floor(expected / shareBatch)
	part := expected/shareBatch - batch
	n := uint64(batch) * shareBatch
	for i := range uint64(shareBatch) {
		if unit(mix(seed, uint64(batch)*shareBatch+i)) <= part {
			n++
		}
	}
	rejected = n / rejectEvery
	if n%rejectEvery > mix(^seed, rejected)%rejectEvery {
		rejected++
	}
	return n - rejected, rejected
}

// mix is a number that looks random, the same for the same arguments
// (splitmix64).
func mix(seed, n uint64) uint64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit maps a number to [0, 1).
func unit(n uint64) float64 { return float64(n>>11) / (1 << 53) }
