package config

import "testing"

func BenchmarkLoadExample(b *testing.B) {
	opts := options()
	for b.Loop() {
		if _, faults := Load(examplePath, opts); faults.Err() != nil {
			b.Fatal(faults)
		}
	}
}
