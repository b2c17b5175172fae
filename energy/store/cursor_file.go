package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// readCursors reads the saved cursors. Without the file, or with a broken one,
// there are none: readers begin at the oldest record and lose nothing.
func readCursors(dir string) (map[string]*cursorState, error) {
	none := map[string]*cursorState{}
	b, err := os.ReadFile(filepath.Join(dir, cursorFile))
	if errors.Is(err, os.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read log cursors: %w", err)
	}
	m := map[string]*cursorState{}
	if err := json.Unmarshal(b, &m); err != nil {
		return none, fmt.Errorf("read log cursors: %w", err)
	}
	for name, c := range m {
		if c == nil {
			delete(m, name)
		}
	}
	return m, nil
}

// saveCursors writes the cursors, if one has moved.
func (l *Log) saveCursors() error {
	l.mu.Lock()
	moved := l.moved
	l.moved = false
	b, _ := json.Marshal(l.cursors) // numbers: it cannot fail
	l.mu.Unlock()
	if !moved {
		return nil
	}
	if err := writeFile(filepath.Join(l.opt.Dir, cursorFile), b); err != nil {
		l.mu.Lock()
		l.moved = true
		l.mu.Unlock()
		return fmt.Errorf("save log cursors: %w", err)
	}
	return nil
}
