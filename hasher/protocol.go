package hasher

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/curtaild/curtaild/hasher/work"
)

// The lines that the daemon and the worker process exchange: JSON objects
// with exactly one key, which says what they are.

// maxLine bounds a line in either direction: a job has a coinbase in base64.
const maxLine = 512 << 10

// order is what the daemon tells the worker process.
type order struct {
	Start *startOrder `json:"start,omitempty"` // once, first
	Duty  *dutyOrder  `json:"duty,omitempty"`
	Job   *jobOrder   `json:"job,omitempty"`
}

type startOrder struct {
	Workers int `json:"workers"`
}

// dutyOrder sets the share of the CPU, 0 to 1 of every worker's core.
type dutyOrder struct {
	Seq  uint64  `json:"seq"` // echoed in stats once in force
	Duty float64 `json:"duty"`
}

// jobOrder replaces the job; a nil one leaves the workers idle.
type jobOrder struct {
	Job   *work.Job `json:"job"`
	First uint64    `json:"first"` // variant that the first worker begins with
}

// notice is what the worker process tells the daemon.
type notice struct {
	Hello *helloNotice `json:"hello,omitempty"`
	Stats *statsNotice `json:"stats,omitempty"`
	Share *work.Share  `json:"share,omitempty"`
}

// helloNotice answers start, after the calibration.
type helloNotice struct {
	Kernels  []kernelNotice `json:"kernels"`            // in order of preference
	Priority string         `json:"priority,omitempty"` // why the priority could not be lowered
}

// kernelNotice is one kernel that the workers use.
type kernelNotice struct {
	Name      string         `json:"name"`
	Algorithm work.Algorithm `json:"algorithm"`
	Versions  int            `json:"versions"`
	Rate      float64        `json:"rate"` // hashes a second of CPU time, one worker
}

// statsNotice is sent twice a second, when the duty changes, and at the end.
// Its numbers but for Seq are totals since the process began.
type statsNotice struct {
	Seq     uint64 `json:"seq"` // of the duty in force
	Hashes  uint64 `json:"hashes"`
	CPU     int64  `json:"cpu_ns"`  // of the process
	Wall    int64  `json:"wall_ns"` // since the process began, monotonic
	Dropped uint64 `json:"dropped"` // shares lost: the daemon did not read, or there were too many
	Wrong   uint64 `json:"wrong"`   // hits of the kernel that were none
	Spent   bool   `json:"spent"`   // a worker has run out of headers for this job
}

// readLines decodes one value a line until the stream ends, and hands each
// to take, which may end the reading with an error.
func readLines[T any](r io.Reader, take func(T) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), maxLine)
	for sc.Scan() {
		dec := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		dec.DisallowUnknownFields()
		var v T
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("read message: %w", err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return errors.New("read message: more than one on a line")
		}
		if err := take(v); err != nil {
			return err
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	return nil
}

func writeLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}
