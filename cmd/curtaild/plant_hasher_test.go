package main

import (
	"log/slog"
	"reflect"
	"testing"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/power"
	"github.com/curtaild/curtaild/hasher/work"
)

func localConfig() *config.Hasher {
	return &config.Hasher{
		Spec: energy.LoadSpec{Name: "cpu"}, Workers: 2, Algorithm: "scrypt",
		Power: config.HasherPower{Levels: 50, Counter: "none", Supply: 80, Idle: 3, Core: 7, OnBattery: true, CPUAbove: 85, BusyAbove: 40},
		Pools: []config.Pool{{URL: "stratum+tcp://a:1", User: "u", Algorithm: "scrypt"}},
	}
}

func TestLocalLoad(t *testing.T) {
	got, err := localLoad(localConfig())
	if err != nil {
		t.Fatal(err)
	}
	want := hasher.Power{
		Idle: 3, Core: 7, Counter: power.None, Supply: 0.8, Pause: power.Limits{OnBattery: true, HotC: 85, Busy: 40},
	}
	if got.Power != want || got.Workers != 2 || got.Levels != 50 || got.Algorithm != work.Scrypt || got.Upstreams[0].Stratum.Algorithm != work.Scrypt {
		t.Errorf("%+v", got)
	}
	bad := localConfig()
	bad.Algorithm = "md5"
	if _, err := localLoad(bad); err == nil {
		t.Error("md5 is taken")
	}
}

// What the workers have learned is there again in the next life, also in what
// they state at first.
func TestLearnedIsKept(t *testing.T) {
	st, err := store.Open(store.LogOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	learned := hasher.Learned{Kernel: "k", Lessons: map[string]hasher.Lesson{
		"k": {Rate: hasher.Curve{4e7, 4e7, 4e7, 4e7}, Core: hasher.Curve{9, 9, 8, 8}},
	}}
	h := localConfig()
	h.Power, h.Pools = config.HasherPower{Levels: 10, Counter: "none", Supply: 100, Core: 7}, nil
	if err := st.State.Update(func(tx *store.Tx) { tx.Put(bucketLearned, "cpu", learned) }); err != nil {
		t.Fatal(err)
	}
	life := func() *plant {
		p := &plant{cfg: &config.Config{Hasher: h}, store: st, log: slog.New(slog.DiscardHandler)}
		if _, _, err := p.buildLoads(make(chan energy.Status, 1)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := life()
	if got := p.pool.Learned(); !reflect.DeepEqual(got, learned) {
		t.Fatalf("read %+v", got)
	}
	if err := st.State.Update(func(tx *store.Tx) { tx.Delete(bucketLearned, "cpu") }); err != nil {
		t.Fatal(err)
	}
	p.keepCounters()()
	if err := st.State.Sync(); err != nil {
		t.Fatal(err)
	}
	if got := life().pool.Learned(); !reflect.DeepEqual(got, learned) {
		t.Errorf("kept %+v", got)
	}
}
