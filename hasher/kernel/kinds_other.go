//go:build !amd64

package kernel

// archKinds are the kinds that only some architectures have.
var archKinds []Kind
