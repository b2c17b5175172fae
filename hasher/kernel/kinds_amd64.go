package kernel

import (
	"github.com/klauspost/cpuid/v2"

	"github.com/curtaild/curtaild/hasher/work"
)

// archKinds are the kinds in assembly.
var archKinds = []Kind{
	{Name: "sha-ni-rolled", Algorithm: work.SHA256d, Versions: rolledVersions, Supported: has(shaNI512...), make: newShaRolled},
	{Name: "sha-ni-x4", Algorithm: work.SHA256d, Versions: 1, Batch: 4, Supported: has(shaNI512...), make: newShaX4(scanX4)},
	{Name: "sha-ni-avx-x4", Algorithm: work.SHA256d, Versions: 1, Batch: 4, Supported: has(shaNIAVX...), make: newShaX4(scanX4AVX)},
	{Name: "avx2-x8", Algorithm: work.SHA256d, Versions: 1, Batch: 8, Supported: has(cpuid.AVX2), make: newShaX8},
	{Name: "scrypt-avx512-x12", Algorithm: work.Scrypt, Versions: 1, Batch: 12, Supported: has(cpuid.AVX2, cpuid.AVX512F, cpuid.AVX512VL), make: newLanes(scryptAVX512)},
	{Name: "scrypt-avx2-x6", Algorithm: work.Scrypt, Versions: 1, Batch: 6, Supported: has(cpuid.AVX2), make: newLanes(scryptAVX2)},
}

// shaNIAVX is the SHA instructions, and AVX's with three operands.
var shaNIAVX = []cpuid.FeatureID{cpuid.SHA, cpuid.BMI2, cpuid.AVX}

// shaNI512 is the SHA instructions, and 32 vector registers of 16 bytes.
var shaNI512 = []cpuid.FeatureID{cpuid.SHA, cpuid.BMI2, cpuid.AVX, cpuid.AVX512F, cpuid.AVX512VL, cpuid.AVX512BW}

// has tells whether the CPU has these features and the system lets us use
// their registers.
func has(features ...cpuid.FeatureID) bool { return cpuid.CPU.Supports(features...) }
