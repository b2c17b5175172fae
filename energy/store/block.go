package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"github.com/curtaild/curtaild/energy"
)

// A block is a header of headerSize bytes, little endian, and a payload:
//
//	 0  magic "cbk1"
//	 4  CRC-32C of the header from byte 8 on
//	 8  CRC-32C of the payload
//	12  length of the payload
//	16  length of the payload unpacked
//	20  records in the payload
//	24  number of the first record
//	32  record numbers that the block covers: more than it holds once thinned
//	36  class; kindFooter for a segment's footer
//	40  earliest time of a record, ns
//	48  latest
//
// The payload is zstd over lines of the line protocol, each ended by a newline.
const (
	headerSize = 56
	magic      = "cbk1"
	kindFooter = 0xff
	maxPayload = 2 << 20 // unpacked or packed
	chunkSize  = 1 << 20 // a block is closed once it holds this much
)

var (
	errCorrupt = errors.New("corrupt block")
	errShort   = errors.New("block is cut short")
)

type header struct {
	payloadSum uint32
	size       uint32 // of the payload, packed
	raw        uint32
	count      uint32
	span       uint32
	kind       uint8
	first      uint64
	min, max   int64
}

func (h *header) class() energy.Class { return energy.Class(h.kind) }

// end is the number after the last record that the block covers.
func (h *header) end() uint64 { return h.first + uint64(h.span) }

func (h *header) put(b []byte) {
	le := binary.LittleEndian
	copy(b, magic)
	le.PutUint32(b[8:], h.payloadSum)
	le.PutUint32(b[12:], h.size)
	le.PutUint32(b[16:], h.raw)
	le.PutUint32(b[20:], h.count)
	le.PutUint64(b[24:], h.first)
	le.PutUint32(b[32:], h.span)
	b[36], b[37], b[38], b[39] = h.kind, 0, 0, 0
	le.PutUint64(b[40:], uint64(h.min))
	le.PutUint64(b[48:], uint64(h.max))
	le.PutUint32(b[4:], checksum(b[8:headerSize]))
}

func parseHeader(b []byte) (h header, err error) {
	if len(b) < headerSize {
		return h, errShort
	}
	le := binary.LittleEndian
	if string(b[:4]) != magic || le.Uint32(b[4:]) != checksum(b[8:headerSize]) {
		return h, errCorrupt
	}
	h = header{
		payloadSum: le.Uint32(b[8:]), size: le.Uint32(b[12:]), raw: le.Uint32(b[16:]), count: le.Uint32(b[20:]),
		first: le.Uint64(b[24:]), span: le.Uint32(b[32:]), kind: b[36],
		min: int64(le.Uint64(b[40:])), max: int64(le.Uint64(b[48:])),
	}
	known := h.kind <= uint8(energy.Telemetry) || h.kind == kindFooter
	if h.size > maxPayload || h.raw > maxPayload || !known || h.span < h.count {
		return h, errCorrupt
	}
	return h, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// codec packs and unpacks blocks. Its methods may be called from several
// goroutines; it has none of its own, and nothing to close.
type codec struct {
	pack   *zstd.Encoder
	unpack *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(false), zstd.WithAllLitEntropyCompression(true), zstd.WithEncoderDictRaw(dictID, []byte(dict)))
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxPayload),
		zstd.WithDecoderDictRaw(dictID, []byte(dict)))
	if err != nil {
		return nil, fmt.Errorf("zstd decoder: %w", err)
	}
	return &codec{pack: enc, unpack: dec}, nil
}

// encode appends a block of the given lines to dst, filling in what the header
// says of the payload.
func (c *codec) encode(dst []byte, h header, lines []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	dst = c.pack.EncodeAll(lines, dst)
	payload := dst[at+headerSize:]
	h.raw, h.size, h.payloadSum = uint32(len(lines)), uint32(len(payload)), checksum(payload)
	h.put(dst[at:])
	return dst
}

// decode unpacks a payload into dst.
func (c *codec) decode(dst []byte, h header, payload []byte) ([]byte, error) {
	if checksum(payload) != h.payloadSum {
		return nil, errCorrupt
	}
	out, err := c.unpack.DecodeAll(payload, dst[:0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if len(out) != int(h.raw) {
		return nil, errCorrupt
	}
	return out, nil
}
