package power

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"
)

var t0 = time.Unix(1.8e9, 0)

// files is a machine's /sys and /proc: texts by path.
type files map[string]string

func (f files) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for path, text := range f {
		m[path] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return m
}

func (f files) with(more files) files {
	f = maps.Clone(f)
	maps.Copy(f, more)
	return f
}

func set(m fstest.MapFS, path string, v any) {
	m[path] = &fstest.MapFile{Data: fmt.Appendln(nil, v)}
}

func zone(id, name string, span, shown uint64) files {
	dir := powercap + "/" + id + "/"
	return files{dir + "name": name, dir + "max_energy_range_uj": fmt.Sprint(span), dir + "energy_uj": fmt.Sprint(shown)}
}

// server is a machine of two packages with zones within, one around, and the
// first package shown a second time.
func server(span uint64) files {
	all := files{powercap + "/intel-rapl/enabled": "1"}
	for i, z := range []struct{ id, name string }{
		{"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "core"}, {"intel-rapl:0:1", "dram"},
		{"intel-rapl:1", "package-1"}, {"intel-rapl:1:0", "core"},
		{"intel-rapl:2", "psys"}, {"intel-rapl-mmio:0", "package-0"},
	} {
		all = all.with(zone(z.id, z.name, span, uint64(i)))
	}
	return all
}

func TestRAPLAddsPackagesUp(t *testing.T) {
	m := server(1e9).fs()
	c, err := Find(m, Auto, t0)
	if err != nil || c.Name() != "RAPL of 2 processor package(s)" {
		t.Fatalf("%v, %v", c, err)
	}
	set(m, powercap+"/intel-rapl:0/energy_uj", 30_000_000)
	set(m, powercap+"/intel-rapl:0:0/energy_uj", 20_000_000)
	set(m, powercap+"/intel-rapl:1/energy_uj", 12_000_003)
	set(m, powercap+"/intel-rapl:2/energy_uj", 90_000_000)
	set(m, powercap+"/intel-rapl-mmio:0/energy_uj", 30_000_000)
	if e, err := c.Energy(t0.Add(time.Second)); err != nil || math.Abs(float64(e)-42) > 1e-9 {
		t.Errorf("%v J, %v; want 42", float64(e), err)
	}
}

// Whatever the pace of a counter and however often it wraps, nothing is lost
// and nothing is made up.
func TestRAPLWraps(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 7))
		span := uint64(1e9 + rng.Float64()*3e9)
		shown := [2]uint64{rng.Uint64N(span), rng.Uint64N(span)}
		m := server(span).fs()
		show := func() {
			set(m, powercap+"/intel-rapl:0/energy_uj", shown[0])
			set(m, powercap+"/intel-rapl:1/energy_uj", shown[1])
		}
		show()
		now, want := t0, 0.0
		c, err := Find(m, RAPL, now)
		if err != nil {
			t.Fatal(err)
		}
		for range 500 {
			d := time.Duration(1e6 + rng.Int64N(2e9))
			now = now.Add(d)
			for i := range shown {
				by := uint64(d.Seconds() * (5 + 300*rng.Float64()) * 1e6)
				want += float64(by) / 1e6
				shown[i] = (shown[i] + by) % span
			}
			show()
			if e, err := c.Energy(now); err != nil || math.Abs(float64(e)-want) > 1e-6*want {
				t.Fatalf("seed %d: %v J, %v; want %v", seed, float64(e), err, want)
			}
		}
	}
}

func TestCounterThatIsOdd(t *testing.T) {
	const path = powercap + "/intel-rapl:0/energy_uj"
	m := zone("intel-rapl:0", "package-0", 262143328850, 1000).fs()
	c, err := Find(m, Auto, t0)
	if err != nil {
		t.Fatal(err)
	}
	now := t0
	for i, row := range []struct {
		after time.Duration // since the row before
		shown any
		total float64
		want  error
	}{
		{time.Second, 50_001_000, 50, nil},
		{time.Second, 50_001_000, 50, nil}, // too soon to worry
		{time.Second, 50_001_000, 50, nil},
		{time.Second, 50_001_000, 50, errStalled},
		{time.Second, 50_001_000, 50, errStalled},
		{time.Second, 90_001_000, 90, nil}, // it moves again
		{time.Second, "90001000000", 90, errJumped},
		{time.Second, "90101000000", 190, nil},
		{time.Second, 5, 190, errJumped}, // it was reset: no wrap draws so much
		{time.Second, 10_000_005, 200, nil},
		{longest + 1, 20_000_005, 200, errGap},
		{time.Second, 30_000_005, 210, nil},
		{-time.Minute, 31_000_005, 210, errGap}, // the clock was set back
		{time.Second, 41_000_005, 220, nil},
		{time.Second, "dead", 220, errAny},
		{time.Second, -1, 220, errAny},
		{time.Second, 47_000_005, 226, nil},
	} {
		now = now.Add(row.after)
		set(m, path, row.shown)
		e, err := c.Energy(now)
		if math.Abs(float64(e)-row.total) > 1e-6 || !errors.Is(err, row.want) && !(row.want == errAny && err != nil) {
			t.Errorf("row %d: %v J, %v; want %v, %v", i, float64(e), err, row.total, row.want)
		}
	}
	delete(m, path)
	if _, err := c.Energy(now); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

var errAny = errors.New("any")

// refusing is a file system in which some files are only root's.
type refusing struct {
	fstest.MapFS
	path string
}

func (r refusing) Open(name string) (fs.File, error) {
	if name == r.path {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.MapFS.Open(name)
}

func (r refusing) ReadFile(name string) ([]byte, error) {
	if _, err := r.Open(name); err != nil {
		return nil, err
	}
	return r.MapFS.ReadFile(name)
}

func TestFind(t *testing.T) {
	amd := files{
		"sys/class/hwmon/hwmon0/name": "nvme", "sys/class/hwmon/hwmon0/power1_input": "1",
		"sys/class/hwmon/hwmon1/name": "amdgpu", "sys/class/hwmon/hwmon1/power1_average": "300000000",
		"sys/class/hwmon/hwmon2/name":          "amd_energy",
		"sys/class/hwmon/hwmon2/energy1_input": "5", "sys/class/hwmon/hwmon2/energy1_label": "Ecore000",
		"sys/class/hwmon/hwmon2/energy2_input": "7", "sys/class/hwmon/hwmon2/energy2_label": "Esocket0",
	}
	board := files{"sys/class/hwmon/hwmon0/name": "power_meter", "sys/class/hwmon/hwmon0/power1_average": "120000000"}
	zen := files{
		"sys/class/hwmon/hwmon0/name":         "zenpower",
		"sys/class/hwmon/hwmon0/power1_input": "30000000", "sys/class/hwmon/hwmon0/power1_label": "SVI2_P_Core",
		"sys/class/hwmon/hwmon0/power2_input": "10000000", "sys/class/hwmon/hwmon0/power2_label": "SVI2_P_SoC",
	}
	private := refusing{server(1e9).with(board).fs(), powercap + "/intel-rapl:1/energy_uj"}
	for name, tc := range map[string]struct {
		files fs.FS
		kind  Kind
		want  string
		err   error
	}{
		"nothing at all":               {files{}.fs(), Auto, "", ErrNone},
		"graphics card":                {files{"sys/class/hwmon/hwmon1/name": "amdgpu", "sys/class/hwmon/hwmon1/power1_average": "3"}.fs(), Auto, "", ErrNone},
		"not wanted":                   {server(1e9).fs(), None, "", ErrNone},
		"rapl first":                   {server(1e9).with(amd).fs(), Auto, "RAPL of 2 processor package(s)", nil},
		"hwmon if asked for":           {server(1e9).with(amd).fs(), Hwmon, "hwmon amd_energy", nil},
		"no rapl":                      {amd.fs(), Auto, "hwmon amd_energy", nil},
		"board":                        {board.fs(), Auto, "hwmon power_meter", nil},
		"zenpower":                     {zen.fs(), Auto, "hwmon zenpower", nil},
		"rapl is root's, board is not": {private, Auto, "hwmon power_meter", nil},
		"rapl is root's":               {private, RAPL, "", errRefused},
		"only root's":                  {refusing{server(1e9).fs(), powercap + "/intel-rapl:1/energy_uj"}, Auto, "", errRefused},
		"cores alone":                  {zone("intel-rapl:0:0", "core", 1, 1).fs(), Auto, "", ErrNone},
		"no range":                     {files{powercap + "/intel-rapl:0/name": "package-0", powercap + "/intel-rapl:0/energy_uj": "1"}.fs(), Auto, "", fs.ErrNotExist},
	} {
		c, err := Find(tc.files, tc.kind, t0)
		if !errors.Is(err, tc.err) || err == nil && c.Name() != tc.want {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestHwmonCounts(t *testing.T) {
	m := files{
		"sys/class/hwmon/hwmon0/name":          "amd_energy",
		"sys/class/hwmon/hwmon0/energy1_input": "9", "sys/class/hwmon/hwmon0/energy1_label": "Ecore000",
		"sys/class/hwmon/hwmon0/energy2_input": "10000000", "sys/class/hwmon/hwmon0/energy2_label": "Esocket0",
		"sys/class/hwmon/hwmon0/energy3_input": "20000000", "sys/class/hwmon/hwmon0/energy3_label": "Esocket1",
	}.fs()
	c, err := Find(m, Auto, t0)
	if err != nil {
		t.Fatal(err)
	}
	set(m, "sys/class/hwmon/hwmon0/energy2_input", 30_000_000)
	set(m, "sys/class/hwmon/hwmon0/energy3_input", 25_000_000)
	if e, err := c.Energy(t0.Add(time.Second)); e != 25 || err != nil {
		t.Errorf("%v, %v", e, err)
	}
	set(m, "sys/class/hwmon/hwmon0/energy2_input", 5) // the driver was loaded anew
	if e, err := c.Energy(t0.Add(2 * time.Second)); e != 25 || !errors.Is(err, errJumped) {
		t.Errorf("%v, %v", e, err)
	}
}

func TestGaugeIntegrates(t *testing.T) {
	const path = "sys/class/hwmon/hwmon0/power1_average"
	m := files{"sys/class/hwmon/hwmon0/name": "power_meter", path: "100000000"}.fs()
	c, err := Find(m, Auto, t0)
	if err != nil {
		t.Fatal(err)
	}
	set(m, path, 140_000_000)
	if e, err := c.Energy(t0.Add(2 * time.Second)); e != 240 || err != nil {
		t.Errorf("%v, %v", float64(e), err)
	}
	set(m, path, "9000000000")
	if e, err := c.Energy(t0.Add(3 * time.Second)); e != 240 || err == nil {
		t.Errorf("9 kW: %v, %v", float64(e), err)
	}
	set(m, path, 140_000_000)
	if e, err := c.Energy(t0.Add(4 * time.Second)); e != 520 || err != nil {
		t.Errorf("%v, %v", float64(e), err)
	}
	if e, err := c.Energy(t0.Add(5 * time.Minute)); e != 520 || !errors.Is(err, errGap) {
		t.Errorf("%v, %v", float64(e), err)
	}
}

func TestBusy(t *testing.T) {
	stat := files{procStat: "cpu  10 20 30 1000 500 6 7 99 5 0\ncpu0 1 2 3 4"}
	group := files{cgroupStat: "usage_usec 2500000\nuser_usec 1\nsystem_usec 2"}
	for name, tc := range map[string]struct {
		files files
		want  time.Duration
		ok    bool
	}{
		"stat":              {stat.with(group), 730 * time.Millisecond, true},
		"groups":            {group, 2500 * time.Millisecond, true},
		"a container's own": {group.with(files{cgroupInner: "populated 1"}), 0, false},
		"hidden":            {files{}, 0, false},
		"garbage":           {files{procStat: "cpu 1 2 x 4 5 6 7 8", cgroupStat: "usage 5"}, 0, false},
		"short":             {files{procStat: "cpu 1 2"}, 0, false},
	} {
		b, err := FindBusy(tc.files.fs())
		if (err == nil) != tc.ok || !tc.ok && !errors.Is(err, errNoBusy) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if tc.ok {
			if used, err := b.Used(); used != tc.want || err != nil {
				t.Errorf("%s: %v, %v", name, used, err)
			}
		}
	}
}

func TestCores(t *testing.T) {
	for text, want := range map[string]int{"0": 1, "0-3": 4, "0-3,6,8-9": 7, "": 0, "3-1": 0, "a-b": 0, "-1": 0, "0-99999999": 0} {
		if got := Cores(files{online: text}.fs()); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := Cores(files{}.fs()); got != 0 {
		t.Errorf("where nothing says: %d", got)
	}
}
