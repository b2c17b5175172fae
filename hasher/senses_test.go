package hasher

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/curtaild/curtaild/hasher/power"
)

// A counter that cannot be read is warned of once, and taken up when it can.
func TestCounterThatComesLate(t *testing.T) {
	const zone = "sys/class/powercap/intel-rapl:0/"
	files := fstest.MapFS{
		zone + "name":                {Data: []byte("package-0\n")},
		zone + "max_energy_range_uj": {Data: []byte("262143328850\n")},
		"proc/stat":                  {Data: []byte("cpu 0 0 0 0 0 0 0 0 0 0\n")},
	}
	var text bytes.Buffer
	now := time.Now()
	s := newSenses(&Power{Core: 10, Counter: power.RAPL, Files: files}, slog.New(slog.NewTextHandler(&text, nil)), now)
	for range 5 {
		now = now.Add(glance)
		s.look(now, 0)
	}
	if n := strings.Count(text.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, &text)
	}
	if !s.blind {
		t.Error("a counter that cannot be read is believed")
	}
	files[zone+"energy_uj"] = &fstest.MapFile{Data: []byte("1000000\n")}
	for i := range 2 {
		now = now.Add(glance)
		files[zone+"energy_uj"].Data = append([]byte{'2' + byte(i)}, "000000\n"...)
		s.look(now, 0)
	}
	if s.blind {
		t.Error("a counter that can be read is not taken up")
	}
}
