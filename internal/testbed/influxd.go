package testbed

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	influxdVersion = "1.8.10" // the last that builds from Go alone; pinned in influxd/go.mod
	influxdTool    = "github.com/influxdata/influxdb/cmd/influxd"
	influxdUser    = "curtaild"
	influxdAdmin   = "admin"
	influxdSecret  = "correct-horse"
)

// InfluxDB is a real InfluxDB that belongs to one test. Its data outlive Kill.
type InfluxDB struct {
	URL    string // http://127.0.0.1:port
	Org    string // empty: this version has none
	Bucket string // "energy/autogen": database and retention policy
	Token  string // "user:password"

	bin, config, addr string
	log               *os.File
	cmd               *exec.Cmd
	exited            chan struct{}
}

// Influxd starts an InfluxDB with a user and a database, and stops it when the
// test ends.
func Influxd(t testing.TB) *InfluxDB {
	t.Helper()
	bin, err := goTool(t, "influxd", influxdVersion, influxdTool, "one to two minutes")
	Need(t, "InfluxDB "+influxdVersion, err)
	db, err := newInfluxd(bin, t.TempDir())
	if err == nil {
		t.Cleanup(func() { db.Kill(); _ = db.log.Close() })
		err = db.Start(t.Context())
	}
	if err == nil {
		err = db.prepare(t.Context())
	}
	if err != nil {
		t.Fatalf("testbed: InfluxDB: %v", err)
	}
	return db
}

func newInfluxd(bin, dir string) (*InfluxDB, error) {
	var addrs [2]string // HTTP, and the backup service that cannot be turned off
	for i := range addrs {
		addr, err := freePort()
		if err != nil {
			return nil, err
		}
		addrs[i] = addr
	}
	config := fmt.Sprintf(`reporting-disabled = true
bind-address = %q
[meta]
dir = %q
[data]
dir = %q
wal-dir = %q
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = %q
auth-enabled = true
flux-enabled = true
log-enabled = false
[logging]
level = "warn"
`, addrs[1], filepath.Join(dir, "meta"), filepath.Join(dir, "data"), filepath.Join(dir, "wal"), addrs[0])
	path := filepath.Join(dir, "influxd.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "influxd.log"))
	if err != nil {
		return nil, err
	}
	return &InfluxDB{
		URL: "http://" + addrs[0], Bucket: "energy/autogen", Token: influxdUser + ":" + influxdSecret,
		bin: bin, config: path, addr: addrs[0], log: log,
	}, nil
}

// Start runs the server, again after Kill, on the same port and data, and
// returns when it answers.
func (db *InfluxDB) Start(ctx context.Context) error {
	db.cmd = exec.Command(db.bin, "-config", db.config)
	db.cmd.Stdout, db.cmd.Stderr = db.log, db.log
	if err := db.cmd.Start(); err != nil {
		return fmt.Errorf("start influxd: %w", err)
	}
	exited := make(chan struct{})
	db.exited = exited
	cmd := db.cmd
	go func() { _ = cmd.Wait(); close(exited) }()

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, db.URL+"/ping", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-tick.C:
		case <-exited:
			out, _ := os.ReadFile(db.log.Name())
			return fmt.Errorf("influxd ended: %s", out)
		case <-ctx.Done():
			return fmt.Errorf("influxd does not answer: %w", ctx.Err())
		}
	}
}

// Kill ends the server with SIGKILL and waits until it is gone.
func (db *InfluxDB) Kill() {
	if db.cmd == nil {
		return
	}
	_ = db.cmd.Process.Kill()
	<-db.exited
	db.cmd = nil
}

// prepare makes the users and the database.
func (db *InfluxDB) prepare(ctx context.Context) error {
	for _, q := range []string{
		fmt.Sprintf("CREATE USER %s WITH PASSWORD '%s' WITH ALL PRIVILEGES", influxdAdmin, influxdSecret),
		"CREATE DATABASE energy",
		fmt.Sprintf("CREATE USER %s WITH PASSWORD '%s'", influxdUser, influxdSecret),
		fmt.Sprintf("GRANT ALL ON energy TO %s", influxdUser),
	} {
		if _, err := db.influxQL(ctx, influxdAdmin, q); err != nil {
			return err
		}
	}
	return nil
}

// Row is one row of an answer: values by column name, tags of a GROUP BY among
// them. Numbers are json.Number, times nanoseconds since 1970.
type Row map[string]any

// Query runs InfluxQL and returns the rows of all series.
func (db *InfluxDB) Query(t testing.TB, q string) []Row {
	t.Helper()
	rows, err := db.influxQL(t.Context(), influxdUser, q)
	if err != nil {
		t.Fatalf("testbed: InfluxQL %q: %v", q, err)
	}
	return rows
}

func (db *InfluxDB) influxQL(ctx context.Context, user, q string) ([]Row, error) {
	form := url.Values{"q": {q}, "db": {"energy"}, "epoch": {"ns"}}
	body, err := db.post(ctx, user, "/query", "application/x-www-form-urlencoded", form.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Error   string
		Results []struct {
			Error  string
			Series []struct {
				Tags    map[string]string
				Columns []string
				Values  [][]any
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, err
	}
	var rows []Row
	for _, r := range answer.Results {
		if r.Error != "" {
			return nil, errors.New(r.Error)
		}
		for _, s := range r.Series {
			for _, v := range s.Values {
				row := Row{}
				for k, tag := range s.Tags {
					row[k] = tag
				}
				for i, c := range s.Columns {
					row[c] = v[i]
				}
				rows = append(rows, row)
			}
		}
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return rows, nil
}

// Flux runs a Flux query and returns the rows of all tables, as text.
func (db *InfluxDB) Flux(t testing.TB, q string) []map[string]string {
	t.Helper()
	rows, err := db.flux(t.Context(), q)
	if err != nil {
		t.Fatalf("testbed: Flux %q: %v", q, err)
	}
	return rows
}

func (db *InfluxDB) flux(ctx context.Context, q string) ([]map[string]string, error) {
	body, err := db.post(ctx, influxdUser, "/api/v2/query", "application/vnd.flux", q)
	if err != nil {
		return nil, err
	}
	var rows []map[string]string
	// Tables of different columns follow each other, with an empty line between.
	for table := range strings.SplitSeq(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n\n") {
		r := csv.NewReader(strings.NewReader(table))
		r.Comment = '#' // annotations
		records, err := r.ReadAll()
		if err != nil {
			return nil, err
		}
		if len(records) == 0 {
			continue
		}
		head := records[0]
		for _, r := range records[1:] {
			row := map[string]string{}
			for i, c := range head {
				if c != "" {
					row[c] = r[i]
				}
			}
			if row["error"] != "" {
				return nil, errors.New(row["error"])
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (db *InfluxDB) post(ctx context.Context, user, path, kind, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, db.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	if path != "/query" { // which would answer CSV too, but is read as JSON
		req.Header.Set("Accept", "application/csv")
	}
	req.SetBasicAuth(user, influxdSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 256<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %s", resp.Status, b)
	}
	return b, nil
}
