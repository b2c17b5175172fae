package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/kernel"
	"github.com/curtaild/curtaild/hasher/work"
)

// All kernels of this machine, verified and timed, with nothing but JSON on
// standard output.
func TestHashKernels(t *testing.T) {
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs([]string{"hash", "--kernels", "--json"})
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	if status := execute(t.Context(), root); status != 0 {
		t.Fatalf("status %d, complains %q", status, stderr.String())
	}
	var rows []map[string]any
	if err := json.Unmarshal(stdout.Bytes(), &rows); err != nil {
		t.Fatalf("%v in %q", err, stdout.String())
	}
	if len(rows) != len(kernel.Kinds()) {
		t.Errorf("%d rows for %d kinds", len(rows), len(kernel.Kinds()))
	}
	for _, row := range rows {
		rate, timed := row["hashes_per_second"].(float64)
		if row["verified"] != row["supported"] || timed != (row["verified"] == true) || timed && !(rate > 0) {
			t.Errorf("%v", row)
		}
		if timed && !strings.Contains(stderr.String(), "timing "+row["name"].(string)) {
			t.Errorf("no word of %v while it was timed: %q", row["name"], stderr.String())
		}
	}
}

var threeKinds = []kernel.Kind{
	{Name: "fast", Algorithm: work.SHA256d, Versions: 1, Supported: true},
	{Name: "wrong", Algorithm: work.Scrypt, Versions: 1, Supported: true},
	{Name: "alien", Algorithm: work.SHA256d, Versions: 4},
}

func fakeMeasure(kind kernel.Kind, progress func(float64)) (kernel.Speed, error) {
	progress(1)
	if kind.Name == "wrong" {
		return kernel.Speed{}, errors.New("kernel wrong: finds nothing")
	}
	return kernel.Speed{CyclesPerHash: 65.12, HashesPerSecond: 56.3e6}, nil
}

func TestHashKernelsThatFail(t *testing.T) {
	rows, err := timeKernels(t.Context(), threeKinds, fakeMeasure, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "finds nothing") {
		t.Errorf("error %v", err)
	}
	got, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"fast","algorithm":"sha256d","supported":true,"verified":true,"cycles_per_hash":65.12,"hashes_per_second":56300000},` +
		`{"name":"wrong","algorithm":"scrypt","supported":true,"verified":false,"cycles_per_hash":null,"hashes_per_second":null},` +
		`{"name":"alien","algorithm":"sha256d","supported":false,"verified":false,"cycles_per_hash":null,"hashes_per_second":null}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var table bytes.Buffer
	if err := printKernels(&table, rows); err != nil {
		t.Fatal(err)
	}
	want = `KERNEL  ALGORITHM  CYCLES A HASH  ONE CORE   STATE
fast    sha256d    65.1           56.3 MH/s  verified
wrong   scrypt     -              -          WRONG: not used
alien   sha256d    -              -          not supported by this CPU
`
	if table.String() != want {
		t.Errorf("got\n%swant\n%s", table.String(), want)
	}
}

func TestHashKernelsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	measured := 0
	rows, err := timeKernels(ctx, threeKinds, func(kind kernel.Kind, progress func(float64)) (kernel.Speed, error) {
		measured++
		cancel()
		return fakeMeasure(kind, progress)
	}, io.Discard)
	if rows != nil || !errors.Is(err, context.Canceled) || measured != 1 {
		t.Errorf("rows %v, error %v, %d measured", rows, err, measured)
	}
}
