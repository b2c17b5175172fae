//go:build !amd64

package kernel

// clockRate would be the core's clock: nothing measures it here.
func clockRate() float64 { return 0 }
