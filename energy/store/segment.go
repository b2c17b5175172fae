package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/energy"
)

const segmentExt = ".seg"

// classes is how many classes of records there are.
const classes = int(energy.Telemetry) + 1

// file is what a segment needs of a file.
type file interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

// segment is one file of the log. Its name is the number of its first record.
type segment struct {
	path   string
	start  uint64
	size   int64 // bytes that are whole and on disk
	sealed bool  // no longer written to
	sum    summary
}

// summary is what is known of a segment without reading it; a sealed segment
// ends with it.
type summary struct {
	Next    uint64         `json:"next"` // number after the last record
	Records [classes]int64 `json:"records"`
	Min     int64          `json:"min"`
	Max     int64          `json:"max"`
	Thinned bool           `json:"thinned,omitempty"`
}

func (s *summary) add(h *header) {
	if s.Min == 0 || h.min < s.Min {
		s.Min = h.min
	}
	s.Max = max(s.Max, h.max)
	s.Next = max(s.Next, h.end())
	s.Records[h.kind] += int64(h.count)
}

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, segmentExt))
}

// listSegments finds the segments in dir, oldest first, and removes what a
// rewrite has left unfinished.
func listSegments(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read log folder: %w", err)
	}
	var list []*segment
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tmp") {
			_ = os.Remove(filepath.Join(dir, e.Name()))
			continue
		}
		if s, ok := segmentOf(dir, e); ok {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, byStart)
	return list, nil
}

// segmentOf is the segment that a file of the folder is, if it is one.
func segmentOf(dir string, e os.DirEntry) (*segment, bool) {
	base, ok := strings.CutSuffix(e.Name(), segmentExt)
	first, err := strconv.ParseUint(base, 10, 64)
	if !ok || err != nil || !e.Type().IsRegular() {
		return nil, false
	}
	return &segment{path: filepath.Join(dir, e.Name()), start: first, sum: summary{Next: first}}, true
}

func byStart(a, b *segment) int { return cmp.Compare(a.start, b.start) }

// footerTail ends a sealed file: where the footer block starts, and a word
// that says it is there.
const (
	footerTail = 12
	footerWord = "cft1"
)

func appendFooter(dst []byte, at int64, sum summary) []byte {
	payload, _ := json.Marshal(sum) // numbers and a bool: it cannot fail
	h := header{kind: kindFooter, size: uint32(len(payload)), raw: uint32(len(payload)), payloadSum: checksum(payload), first: sum.Next}
	n := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	h.put(dst[n:])
	dst = append(dst, payload...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(at))
	return append(dst, footerWord...)
}

// readFooter reads the summary of a sealed segment, if it has one.
func readFooter(f io.ReaderAt, size int64) (sum summary, ok bool) {
	var tail [footerTail]byte
	if size < headerSize+footerTail {
		return sum, false
	}
	if _, err := f.ReadAt(tail[:], size-footerTail); err != nil || string(tail[8:]) != footerWord {
		return sum, false
	}
	r := blockReader{f: f, off: int64(binary.LittleEndian.Uint64(tail[:])), limit: size - footerTail}
	if r.off < 0 || r.off > r.limit {
		return sum, false
	}
	h, payload, err := r.next(true)
	if err != nil || h.kind != kindFooter || checksum(payload) != h.payloadSum {
		return sum, false
	}
	return sum, json.Unmarshal(payload, &sum) == nil
}

// blockReader walks the blocks of a segment.
type blockReader struct {
	f     io.ReaderAt
	off   int64
	limit int64
	head  [headerSize]byte
	buf   []byte
}

// next reads the block at the reader's place and moves on. The payload is
// valid until the next call, and nil unless asked for. At the end it returns
// io.EOF. errCorrupt or errShort leave the reader where it was.
func (r *blockReader) next(payload bool) (header, []byte, error) {
	if r.off >= r.limit {
		return header{}, nil, io.EOF
	}
	if r.limit-r.off < headerSize {
		return header{}, nil, errShort
	}
	if _, err := r.f.ReadAt(r.head[:], r.off); err != nil {
		return header{}, nil, fmt.Errorf("read block header: %w", err)
	}
	h, err := parseHeader(r.head[:])
	if err != nil {
		return h, nil, err
	}
	if r.limit-r.off-headerSize < int64(h.size) {
		return h, nil, errShort
	}
	var p []byte
	if payload {
		r.buf = slices.Grow(r.buf[:0], int(h.size))
		p = r.buf[:h.size]
		if _, err := r.f.ReadAt(p, r.off+headerSize); err != nil {
			return h, nil, fmt.Errorf("read block: %w", err)
		}
	}
	r.off += headerSize + int64(h.size)
	return h, p, nil
}

// resync moves on to the next place where a block's header stands, and reports
// whether there is one.
func (r *blockReader) resync() bool {
	const window = 64 << 10
	buf := make([]byte, window)
	for at := r.off + 1; at < r.limit; {
		n, err := r.f.ReadAt(buf[:min(window, r.limit-at)], at)
		if n == 0 || (err != nil && !errors.Is(err, io.EOF)) {
			return false
		}
		for i := 0; ; {
			j := bytes.Index(buf[i:n], []byte(magic))
			if j < 0 {
				break
			}
			i += j
			var head [headerSize]byte
			if _, err := r.f.ReadAt(head[:], at+int64(i)); err == nil {
				if _, err := parseHeader(head[:]); err == nil {
					r.off = at + int64(i)
					return true
				}
			}
			i++
		}
		if int64(n) <= int64(len(magic)) {
			return false
		}
		at += int64(n - len(magic) + 1)
	}
	return false
}

// scan reads a whole segment that has no summary. Its size becomes the place
// after which no whole block stands: what follows is torn.
func (s *segment) scan(f io.ReaderAt, size int64) error {
	r := blockReader{f: f, limit: size}
	s.sum = summary{Next: s.start}
	s.size = 0
	for {
		h, p, err := r.next(true)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errCorrupt), errors.Is(err, errShort):
			if !r.resync() {
				return nil
			}
			continue
		case err != nil:
			return fmt.Errorf("scan %s: %w", filepath.Base(s.path), err)
		}
		if checksum(p) != h.payloadSum {
			continue
		}
		if h.kind != kindFooter {
			s.sum.add(&h)
			s.size = r.off
		}
	}
}
