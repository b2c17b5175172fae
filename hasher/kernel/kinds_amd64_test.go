package kernel

import (
	"slices"
	"testing"

	"github.com/klauspost/cpuid/v2"

	"github.com/curtaild/curtaild/hasher/work"
)

func TestPickByFeatures(t *testing.T) {
	avx2 := []cpuid.FeatureID{cpuid.AVX, cpuid.AVX2, cpuid.BMI2}
	sha := append(avx2, cpuid.SHA)
	avx512 := append(avx2, cpuid.AVX512F, cpuid.AVX512VL, cpuid.AVX512BW, cpuid.AVX512DQ)
	for _, tc := range []struct {
		cpu                       string
		features                  []cpuid.FeatureID
		sha256d, versions, scrypt string
	}{
		{"none", nil, "stdlib-midstate", "", "x-crypto"},
		{"Sandy Bridge", []cpuid.FeatureID{cpuid.AVX}, "stdlib-midstate", "", "x-crypto"},
		{"Goldmont", []cpuid.FeatureID{cpuid.SHA, cpuid.SSE4}, "stdlib-midstate", "", "x-crypto"},
		{"Haswell", avx2, "avx2-x8", "avx2-rolled", "scrypt-avx2-x6"},
		{"Zen 3", sha, "sha-ni-avx-x4", "sha-ni-avx-rolled", "scrypt-avx2-x6"},
		{"Knights Landing", append(avx2, cpuid.AVX512F), "avx2-x8", "avx2-rolled", "scrypt-avx2-x6"},
		{"Skylake-X", avx512, "avx2-x8", "avx2-rolled", "scrypt-avx512-x12"},
		{"Zen 4", append(avx512, cpuid.SHA), "sha-ni-x4", "sha-ni-rolled", "scrypt-avx512-x12"},
	} {
		kinds := slices.Concat(kindsFor(func(ids ...cpuid.FeatureID) bool {
			return !slices.ContainsFunc(ids, func(id cpuid.FeatureID) bool { return !slices.Contains(tc.features, id) })
		}), portable)
		sha256d, _ := pick(kinds, work.SHA256d, false)
		versions, _ := pick(kinds, work.SHA256d, true)
		scrypt, _ := pick(kinds, work.Scrypt, false)
		if sha256d.Name != tc.sha256d || versions.Name != tc.versions || scrypt.Name != tc.scrypt {
			t.Errorf("%s: %q, of versions %q, scrypt %q", tc.cpu, sha256d.Name, versions.Name, scrypt.Name)
		}
	}
}
