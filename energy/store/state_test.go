package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func openState(t *testing.T, path string) (*State, error) {
	t.Helper()
	s, warning, err := OpenState(StateOptions{Path: path, Interval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, warning
}

type gate struct {
	Since time.Time
	Open  bool
}

func TestStateReadsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, warning := openState(t, path)
	if warning != nil {
		t.Fatal(warning)
	}
	want := gate{Since: epoch, Open: true}
	if err := s.Update(func(tx *Tx) {
		tx.Put("gates", "soak", want)
		tx.Put("gates", "fill", gate{})
		tx.Put("stops", "dso", true)
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete("gates", "fill"); err != nil {
		t.Fatal(err)
	}
	if err := s.Lazy("counters", "a", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Lazy("counters", "a", 2); err != nil {
		t.Fatal(err)
	}
	for range 2 { // before and after a restart
		gates, err := LoadAs[gate](s, "gates")
		if err != nil || len(gates) != 1 || gates["soak"] != want {
			t.Errorf("gates %v (%v)", gates, err)
		}
		n := 0
		if ok, err := s.Get("counters", "a", &n); !ok || err != nil || n != 2 {
			t.Errorf("counter %d, %v, %v", n, ok, err)
		}
		if ok, err := s.Get("counters", "b", &n); ok || err != nil {
			t.Errorf("what is not there: %v, %v", ok, err)
		}
		if m, err := s.Load("counters"); err != nil || string(m["a"]) != "2" {
			t.Errorf("counters %s (%v)", m, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, _ = openState(t, path)
	}
}

func TestStateNewerValueWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, _ := openState(t, path)
	_ = s.Lazy("b", "k", "old")
	if err := s.Put("b", "k", "new"); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	var got string
	if _, err := s.Get("b", "k", &got); err != nil || got != "new" {
		t.Errorf("value %q (%v)", got, err)
	}
}

func TestStateBounds(t *testing.T) {
	s, _ := openState(t, filepath.Join(t.TempDir(), "state.db"))
	for name, err := range map[string]error{
		"large value": s.Put("b", "k", strings.Repeat("x", maxStateValue)),
		"long key":    s.Put("b", strings.Repeat("x", maxStateKey+1), 1),
		"no key":      s.Lazy("b", "", 1),
		"not JSON":    s.Put("b", "k", func() {}),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if m, err := s.Load("b"); err != nil || len(m) != 0 {
		t.Errorf("what was refused is there: %v (%v)", m, err)
	}
}

func TestStateAllOrNothing(t *testing.T) {
	s, _ := openState(t, filepath.Join(t.TempDir(), "state.db"))
	err := s.Update(func(tx *Tx) { tx.Put("b", "good", 1); tx.Put("b", "bad", make(chan int)) })
	if m, _ := s.Load("b"); err == nil || len(m) != 0 {
		t.Errorf("half an update: %v (%v)", m, err)
	}
}

// TestDamagedState damages the file in every way that is quick to try: it
// opens, says so, keeps the damaged file, and never makes up a value.
func TestDamagedState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, _ := openState(t, path)
	for i := range 200 {
		if err := s.Lazy("bucket", fmt.Sprintf("key-%03d", i), strings.Repeat(fmt.Sprint(i%10), 50)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{"text": []byte("this is no database at all"), "one byte": {0}}
	for n := 1; n < len(data); n += 4999 {
		cases[fmt.Sprintf("cut at %d", n)] = data[:n]
	}
	for n := 0; n < len(data); n += 811 {
		b := append([]byte(nil), data...)
		b[n] ^= 0xff
		cases[fmt.Sprintf("byte %d", n)] = b
	}
	for name, b := range cases {
		damagedCase(t, name, b)
	}
}

func damagedCase(t *testing.T, name string, data []byte) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, warning, err := OpenState(StateOptions{Path: path, Interval: time.Hour})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer s.Close()
	aside, _ := filepath.Glob(path + ".damaged-*")
	if (warning == nil) != (len(aside) == 0) {
		t.Errorf("%s: warning %v, set aside %v", name, warning, aside)
	}
	m, err := s.Load("bucket")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if warning == nil && len(m) != 200 {
		t.Errorf("%s: %d values of 200, and no warning", name, len(m))
	}
	for k, v := range m {
		var i int
		var got string
		if _, err := fmt.Sscanf(k, "key-%d", &i); err != nil {
			continue // a key's own byte was hit: see the warning
		}
		if json.Unmarshal(v, &got) != nil || got != strings.Repeat(fmt.Sprint(i%10), 50) {
			t.Errorf("%s: %s is %s", name, k, v)
		}
	}
	if err := s.Put("bucket", "new", 1); err != nil {
		t.Errorf("%s: write after: %v", name, err)
	}
}

func TestStateFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, _ := openState(t, path)
	if err := s.Put("b", "k", 1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenState(StateOptions{Path: path}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("second opening: %v", err)
	}
}
