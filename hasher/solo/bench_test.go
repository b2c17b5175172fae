package solo

import (
	"encoding/hex"
	"testing"
)

// A template as full as it may be: 4 MB of transactions.
func BenchmarkFullTemplate(b *testing.B) {
	f := example(b)
	const size = 800
	var txs []fields
	for i := range 5000 {
		data := make([]byte, size)
		data[4], data[10], data[11] = 1, byte(i), byte(i>>8)
		text := hex.EncodeToString(data)
		id := shown(b, text)
		txs = append(txs, fields{"data": text, "txid": id, "hash": id, "depends": []int{}, "fee": 1000, "sigops": 4, "weight": 4 * size})
	}
	f["transactions"] = txs
	raw, p := encode(b, f), pay(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseTemplate(raw, p); err != nil {
			b.Fatal(err)
		}
	}
}
