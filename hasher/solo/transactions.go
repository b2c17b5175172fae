package solo

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/curtaild/curtaild/hasher/work"
)

// leaves are the ends of the two trees over a block's transactions, without
// the coinbase.
type leaves struct {
	txids  []work.Hash
	wtxids []work.Hash
	segwit bool // one at least has a witness
}

// minTransaction is shorter than any transaction: version, counts, lock time.
const minTransaction = 10

// take reads the transactions, as they are: the node has chosen them to be
// within all limits, in an order that holds.
func (t *template) take(list []transaction) (leaves, error) {
	var l leaves
	if len(list) > maxTransactions {
		return l, fmt.Errorf("%d transactions: at most %d", len(list), maxTransactions)
	}
	t.txs = make([][]byte, len(list))
	l.txids, l.wtxids = make([]work.Hash, len(list)), make([]work.Hash, len(list))
	for i, tx := range list {
		data, err := hex.DecodeString(tx.Data)
		if err == nil && len(data) < minTransaction {
			err = errors.New("no whole transaction")
		}
		if err == nil {
			l.txids[i], l.wtxids[i], err = tx.hashes(data)
		}
		if err != nil {
			return l, fmt.Errorf("transaction %d: %w", i, err)
		}
		t.txs[i] = data
		l.segwit = l.segwit || hasWitness(data)
	}
	return l, nil
}

// hashes are the transaction's two: without its witness and with it. Hashing
// what the node gives finds most of what could be wrong with it; only the
// txid of a transaction with a witness is taken on trust.
func (tx *transaction) hashes(data []byte) (txid, wtxid work.Hash, err error) {
	wtxid = work.Double(data)
	given := tx.TxID
	if given == "" { // a node from before segwit
		given = tx.Hash
	}
	if txid, err = displayed(given); err != nil {
		return txid, wtxid, fmt.Errorf("txid: %w", err)
	}
	if !hasWitness(data) && txid != wtxid {
		return txid, wtxid, errors.New("txid is not that of its data")
	}
	if tx.TxID == "" {
		return txid, wtxid, nil
	}
	if hash, err := displayed(tx.Hash); err != nil || hash != wtxid {
		return txid, wtxid, errors.New("hash is not that of its data")
	}
	return txid, wtxid, nil
}

// hasWitness reports whether a transaction is written with witnesses: no
// inputs, and a flag (BIP 144).
func hasWitness(data []byte) bool { return data[4] == 0 && data[5] != 0 }

// branch is what the leaf in front of the others is hashed with, one after the
// other, to get the tree's root.
func branch(others []work.Hash) []work.Hash {
	var out []work.Hash
	for level := others; len(level) > 0; {
		out = append(out, level[0])
		level = level[1:]
		above := make([]work.Hash, 0, (len(level)+1)/2)
		for i := 0; i < len(level); i += 2 {
			last := min(i+1, len(level)-1) // an odd one is joined with itself
			above = append(above, work.Join(level[i], level[last]))
		}
		level = above
	}
	return out
}

// witnessCommitment is the script of the output that commits to all
// witnesses (BIP 141). The coinbase's own place in the tree is zero, and so is
// the reserved value that it has for a witness.
func witnessCommitment(wtxids []work.Hash) []byte {
	var root, reserved work.Hash
	for _, b := range branch(wtxids) {
		root = work.Join(root, b)
	}
	sum := work.Join(root, reserved)
	return append([]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}, sum[:]...)
}
