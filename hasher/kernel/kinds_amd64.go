package kernel

import (
	"github.com/klauspost/cpuid/v2"

	"github.com/curtaild/curtaild/hasher/work"
)

// archKinds are the kinds in assembly.
var archKinds = kindsFor(cpuid.CPU.Supports)

// kindsFor are the kinds in assembly, the fastest first, for a CPU that has
// features, and a system that lets us use their registers.
func kindsFor(has func(...cpuid.FeatureID) bool) []Kind {
	var (
		avx2 = has(cpuid.AVX2)
		// For its 32 registers of up to 32 bytes, and masks of eight bits.
		avx512 = avx2 && has(cpuid.AVX512F, cpuid.AVX512VL, cpuid.AVX512BW, cpuid.AVX512DQ)
		shaNI  = has(cpuid.SHA, cpuid.AVX, cpuid.BMI2)
	)
	return []Kind{
		{Name: "sha-ni-rolled", Algorithm: work.SHA256d, Versions: rolledVersions, Supported: shaNI && avx512, make: newShaRolled(scanRolled)},
		{Name: "sha-ni-x4", Algorithm: work.SHA256d, Versions: 1, Batch: 4, Supported: shaNI && avx512, make: newShaX4(scanX4)},
		{Name: "sha-ni-avx-rolled", Algorithm: work.SHA256d, Versions: rolledVersions, Supported: shaNI, make: newShaRolled(scanRolledAVX)},
		{Name: "sha-ni-avx-x4", Algorithm: work.SHA256d, Versions: 1, Batch: 4, Supported: shaNI, make: newShaX4(scanX4AVX)},
		{Name: "avx2-rolled", Algorithm: work.SHA256d, Versions: rolledVersions, Batch: 8, Supported: avx2, make: newShaX8Rolled},
		{Name: "avx2-x8", Algorithm: work.SHA256d, Versions: 1, Batch: 8, Supported: avx2, make: newShaX8},
		{Name: "scrypt-avx512-x12", Algorithm: work.Scrypt, Versions: 1, Batch: 12, Supported: avx512, make: newLanes(scryptAVX512)},
		{Name: "scrypt-avx2-x6", Algorithm: work.Scrypt, Versions: 1, Batch: 6, Supported: avx2, make: newLanes(scryptAVX2)},
	}
}
