package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs/emulate"
)

func testRigs(t *testing.T) []emulate.Rig {
	f, err := emulate.NewFleet(emulate.FleetOptions{Rigs: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f.Rigs()
}

func TestSiteTakesItsPointsFromTheRigs(t *testing.T) {
	for i, r := range testRigs(t) {
		got := NewSite("127.0.0.1:1", "127.0.0.1:2", testRigs(t)).Rigs[i]
		var last energy.Watts = -1
		for _, p := range got.Points {
			if p.Draw <= last {
				t.Errorf("%s: points do not rise: %v", r.Name(), got.Points)
			}
			last = p.Draw
		}
		if got.Family != r.Family() || len(got.Points) < 4 || got.Points[energy.Off].Rate != 0 {
			t.Errorf("%s: %+v", r.Name(), got)
		}
	}
}

func TestWriteAgainOverItsOwn(t *testing.T) {
	dir := t.TempDir()
	s := NewSite("127.0.0.1:1", "127.0.0.1:2", testRigs(t))
	for _, broker := range []string{"127.0.0.1:1", "127.0.0.1:3"} {
		s.Broker = broker
		path, err := Write(dir, s)
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(src), "listen: "+broker) {
			t.Errorf("the config does not say %s: %v\n%s", broker, err, src)
		}
	}
}

func TestWriteLeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	theirs := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(theirs, []byte("site: {name: westfield}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, Site{}); err == nil || !strings.Contains(err.Error(), "not the demo's") {
		t.Errorf("error is %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}
