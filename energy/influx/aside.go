package influx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// maxAside is how large rejected.log grows before it becomes rejected.log.1,
// and the one before that goes.
const maxAside = 8 << 20

// aside is the file of refused records: one JSON object a line, with the
// record as line protocol, so that it can be mended and written by hand.
type aside struct {
	dir string
	buf bytes.Buffer
}

type rejected struct {
	At    time.Time `json:"at"`
	Error string    `json:"error"`
	Line  string    `json:"line"`
}

func (a *aside) path() string { return filepath.Join(a.dir, "rejected.log") }

func (a *aside) add(line []byte, why string, at time.Time) error {
	b, err := json.Marshal(rejected{At: at.UTC(), Error: why, Line: string(line)})
	if err != nil {
		return fmt.Errorf("set record aside: %w", err)
	}
	a.buf.Write(b)
	a.buf.WriteByte('\n')
	return nil
}

// flush writes what was added, to disk.
func (a *aside) flush() error {
	defer a.buf.Reset()
	if info, err := os.Stat(a.path()); err == nil && info.Size()+int64(a.buf.Len()) > maxAside && info.Size() > 0 {
		if err := os.Rename(a.path(), a.path()+".1"); err != nil {
			return fmt.Errorf("set records aside: %w", err)
		}
	}
	f, err := os.OpenFile(a.path(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("set records aside: %w", err)
	}
	_, err = f.Write(a.buf.Bytes())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("set records aside: %w", err)
	}
	return nil
}
