package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// After a kill the record ends where it ends: what came right after it is not
// known, and is not guessed.
func TestExplainAfterKill(t *testing.T) {
	dir, killed := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := openPast(t, dir)
		p.sun(2300, 5*time.Minute)
		if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		last := time.Now()
		p.stop(scheduler.ErrHandOver)
		if _, err := explain(killed, last.Add(-time.Minute)); err != nil {
			t.Error(err)
		}
		if _, err := explain(killed, last.Add(2*time.Minute)); err == nil || !strings.Contains(err.Error(), "killed or records were lost") {
			t.Errorf("two minutes later: %v", err)
		}
	})
}

// Records that are no frames, and frames that are broken, are known as such.
func TestParseFrame(t *testing.T) {
	for line, want := range map[string]bool{
		`_journal d="AAAA",o=0i,s=5i 7`:                   true,
		`_journal d="",o=1099511627776i,s=-5i 7`:          true,
		`_journal d="AAAA",o=0i,s=5i x`:                   false,
		`_journal d="AAAA",o=9999999999999999999i,s=5i 7`: false,
		`_journal d="AAAA",o=0i 7`:                        false,
		`_journal d="AAAA`:                                false,
		`site,site=x grid_w=1 7`:                          false,
		``:                                                false,
	} {
		if f, _, ok := parseFrame([]byte(line)); ok != want || ok && f.At.UnixNano() != 7 {
			t.Errorf("%q: %v %+v", line, ok, f)
		}
	}
	if _, err := decode([]byte("no base64!")); err == nil {
		t.Error("decoded what is no base64")
	}
}

// A frame comes back from the log as it went in.
func TestFrameRoundTrip(t *testing.T) {
	dir := t.TempDir()
	st, err := store.Open(store.LogOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var want []scheduler.Frame
	for i := range 50 {
		data := make([]byte, 60*i+60)
		for k := range data {
			data[k] = byte(rnd.Uint32())
		}
		f := scheduler.Frame{Stream: 1e18, Offset: int64(i), At: time.Unix(1e9, int64(i)).UTC(), Data: data}
		st.Log.Append(journalPoint(f))
		want = append(want, f)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []scheduler.Frame
	if err := j.frames(1e18, 0, func(f scheduler.Frame) (bool, error) {
		got = append(got, f)
		return len(got) == len(want), nil
	}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%d frames came back otherwise", len(got))
	}
}

// Every policy comes back from the journal as it was: what decides must not
// hide in fields that are not written down.
func TestPoliciesGoOnRecord(t *testing.T) {
	files, err := filepath.Glob("../../policies/samples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, faults := policies.Load(file, src)
		if faults.Err() != nil || len(list) == 0 {
			t.Fatalf("%s: %v", file, faults)
		}
		data, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		var back []policies.Policy
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		for i := range list {
			a, b := reflect.ValueOf(list[i]), reflect.ValueOf(back[i])
			for k := range a.NumField() {
				field := a.Type().Field(k)
				if field.IsExported() && !reflect.DeepEqual(a.Field(k).Interface(), b.Field(k).Interface()) {
					t.Errorf("%s: %s: %s comes back as %+v, want %+v", file, list[i].Name, field.Name, b.Field(k), a.Field(k))
				}
				if !field.IsExported() && field.Name != "at" && field.Name != "currency" {
					t.Errorf("policy's field %s is not written down: does anything go by it?", field.Name)
				}
			}
		}
	}
}

// A reading a second costs the log some thirty bytes, its decision included.
func TestJournalIsSmall(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := openPast(t, dir)
		rnd := rand.New(rand.NewPCG(3, 4))
		w := 2000.0
		const n = 3000
		for range n {
			w += 20 * rnd.NormFloat64()
			at := time.Now().Add(-time.Duration(rnd.IntN(2e8)))
			p.readings <- energy.Reading{Name: "grid", Value: float64(int(-w*10)) / 10, At: at.Truncate(time.Millisecond), Arrived: time.Now()}
			time.Sleep(time.Second + time.Duration(rnd.IntN(1e6)))
		}
		p.stop(scheduler.ErrHandOver)
		size := int64(0)
		files, _ := filepath.Glob(filepath.Join(dir, "log", "*.seg"))
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
		t.Logf("%d bytes a reading", size/n)
		if size == 0 || size/n > 60 {
			t.Errorf("%d bytes for %d readings", size, n)
		}
	})
}
