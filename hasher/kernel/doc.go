// Package kernel tries nonces: it is where hashes are made. There are several
// kernels, each for what some CPUs can do; [Pick] chooses one for this machine.
// All of them find the same hits, and a kernel that does not find those of
// plain Go on this very machine is refused ([Kind.New]).
//
// Assembly is not preempted: whoever calls [Kernel.Scan] asks for so few
// nonces that a call lasts at most a millisecond.
package kernel
