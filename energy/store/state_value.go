package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Tx collects what one Update writes.
type Tx struct {
	changes map[stateKey][]byte
	err     error
}

// Put sets a value, which is marshalled at once.
func (t *Tx) Put(bucket, key string, v any) {
	b, err := pack(bucket, key, v)
	if err != nil {
		t.err = errors.Join(t.err, err)
		return
	}
	t.changes[stateKey{bucket, key}] = b
}

// Delete removes a value, if it is there.
func (t *Tx) Delete(bucket, key string) { t.changes[stateKey{bucket, key}] = nil }

// pack is a value as it is stored: CRC-32C of names and value, and the value
// as JSON.
func pack(bucket, key string, v any) ([]byte, error) {
	if bucket == "" || key == "" || len(bucket) > maxStateKey || len(key) > maxStateKey {
		return nil, fmt.Errorf("state %.40q/%.40q: a name needs 1 to %d bytes", bucket, key, maxStateKey)
	}
	j, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("state %s/%s: %w", bucket, key, err)
	}
	if len(j) > maxStateValue {
		return nil, fmt.Errorf("state %s/%s: value of %d bytes, at most %d are kept", bucket, key, len(j), maxStateValue)
	}
	return append(binary.LittleEndian.AppendUint32(nil, stateSum(bucket, key, j)), j...), nil
}

// stateSum covers the names too: a value under a wrong name is as bad as a
// wrong value.
func stateSum(bucket, key string, j []byte) uint32 {
	return checksum(slices.Concat([]byte(bucket), []byte{0}, []byte(key), []byte{0}, j))
}

func unpack(bucket, key string, b []byte) (json.RawMessage, error) {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != stateSum(bucket, key, b[4:]) {
		return nil, errors.New("value does not match its checksum")
	}
	return append(json.RawMessage(nil), b[4:]...), nil
}
