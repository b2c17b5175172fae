package solo

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/hasher/work"
)

// Bounds on a template. The answer that holds it is bounded by maxAnswer.
const (
	maxTransactions = 50_000
	maxHeight       = 1 << 30
	maxValue        = 21e14 // of the smallest units: all that Bitcoin will ever have
	maxText         = 1024  // of a long poll's or a work's id
)

// answer is a template as the node writes it: BIP 22 and 23, the version's
// bits as of BIP 9, segwit's fields as of BIP 145.
type answer struct {
	Version       *int64            `json:"version"`
	Rules         []string          `json:"rules"`
	Available     map[string]int    `json:"vbavailable"`
	Required      uint32            `json:"vbrequired"`
	Previous      string            `json:"previousblockhash"`
	Transactions  []transaction     `json:"transactions"`
	CoinbaseAux   map[string]string `json:"coinbaseaux"`
	CoinbaseValue *int64            `json:"coinbasevalue"`
	LongPollID    string            `json:"longpollid"`
	WorkID        string            `json:"workid"`
	Target        string            `json:"target"`
	MinTime       int64             `json:"mintime"`
	MaxTime       int64             `json:"maxtime"`
	CurTime       int64             `json:"curtime"`
	NonceRange    string            `json:"noncerange"`
	Height        int64             `json:"height"`
	Bits          string            `json:"bits"`
	Commitment    string            `json:"default_witness_commitment"`
	SubmitOld     *bool             `json:"submitold"`
	MWEB          string            `json:"mweb"`
}

type transaction struct {
	Data string `json:"data"`
	TxID string `json:"txid"`
	Hash string `json:"hash"` // with witness, or the txid where a node knows no witness
}

// payout is what we bring to a template.
type payout struct {
	script     []byte
	tag        string
	extranonce []byte // the first of the two, ours alone
	algorithm  work.Algorithm
	easiest    work.Target // that a job may have, however easy the chain is
}

// template is a block but for what a miner varies.
type template struct {
	job       work.Job // not numbered yet
	txs       [][]byte // all but the coinbase, as the block holds them
	witness   bool     // the coinbase commits to witnesses
	longPoll  string   // empty: the node knows no long polling
	submitOld bool     // work on the template before this one still counts
	workID    string
	height    int64
}

// parseTemplate reads a template and checks it; pay goes into its coinbase.
func parseTemplate(raw []byte, pay payout) (*template, error) {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fmt.Errorf("%w: %w", errTemplate, err)
	}
	if err := a.supported(); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsupported, err)
	}
	t, err := a.template(pay)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTemplate, err)
	}
	return t, nil
}

// supported reports what the chain demands and we cannot do.
func (a *answer) supported() error {
	if a.MWEB != "" {
		return errMWEB
	}
	for _, r := range a.Rules {
		switch name, must := strings.CutPrefix(r, "!"); {
		case name == "mweb":
			return errMWEB
		case must && name != "segwit":
			return fmt.Errorf("the chain demands rule %.40q, which is not supported: mine it through a pool", name)
		}
	}
	if a.CoinbaseValue == nil {
		return errors.New("the node makes the coinbase transaction itself: let it give coinbasevalue")
	}
	return nil
}

func (a *answer) template(pay payout) (*template, error) {
	t := &template{longPoll: a.LongPollID, workID: a.WorkID, height: a.Height, submitOld: a.SubmitOld == nil || *a.SubmitOld}
	leaves, err := t.take(a.Transactions)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return nil, err
	}
	j := &t.job
	j.Algorithm, j.Extranonce1, j.Size2 = pay.algorithm, pay.extranonce, extranonce2
	j.Branches = branch(leaves.txids)
	if j.Prev, err = displayed(a.Previous); err != nil {
		return nil, fmt.Errorf("previousblockhash: %w", err)
	}
	if err := a.numbers(j, pay.easiest); err != nil {
		return nil, err
	}
	j.ID = strconv.FormatInt(a.Height, 10)
	t.witness = leaves.segwit || a.Commitment != "" || slices.Contains(a.Rules, "segwit") || slices.Contains(a.Rules, "!segwit")
	var commitment []byte
	if t.witness {
		commitment = witnessCommitment(leaves.wtxids)
		// btcd gives the hash alone, others the script.
		script := hex.EncodeToString(commitment)
		if given := strings.ToLower(a.Commitment); given != "" && given != script && given != script[len(script)-64:] {
			return nil, fmt.Errorf("default_witness_commitment %.100q is not that of the transactions", a.Commitment)
		}
	}
	cb := coinbase{height: a.Height, value: uint64(*a.CoinbaseValue), script: pay.script, tag: pay.tag, commitment: commitment}
	if cb.aux, err = a.aux(); err != nil {
		return nil, err
	}
	if j.Coinbase1, j.Coinbase2, err = cb.parts(len(pay.extranonce)); err != nil {
		return nil, err
	}
	return t, j.Check()
}

// check holds what is a number against its bounds.
func (a *answer) check() error {
	switch {
	case a.Version == nil || *a.Version < math.MinInt32 || *a.Version > math.MaxUint32:
		return errors.New("no version, or one of more than 32 bits")
	case a.Height < 1 || a.Height > maxHeight:
		return fmt.Errorf("height %d", a.Height)
	case *a.CoinbaseValue < 0 || *a.CoinbaseValue > maxValue:
		return fmt.Errorf("coinbasevalue %d", *a.CoinbaseValue)
	case a.CurTime < 1 || a.CurTime > math.MaxUint32-work.MaxRoll:
		return fmt.Errorf("curtime %d", a.CurTime)
	case a.MinTime < 0 || a.MinTime > math.MaxUint32-work.MaxRoll:
		return fmt.Errorf("mintime %d", a.MinTime)
	case a.MaxTime != 0 && (a.MaxTime < a.CurTime || a.MaxTime < a.MinTime):
		return fmt.Errorf("maxtime %d before curtime %d or mintime %d", a.MaxTime, a.CurTime, a.MinTime)
	case a.NonceRange != "" && a.NonceRange != "00000000ffffffff":
		return fmt.Errorf("noncerange %.40q: want all of them", a.NonceRange)
	case len(a.LongPollID) > maxText || len(a.WorkID) > maxText:
		return errors.New("longpollid or workid too long")
	}
	return nil
}

// numbers fills in the header's words. Time does not roll: the extranonce
// has room enough, and a new template brings a new time.
func (a *answer) numbers(j *work.Job, easiest work.Target) error {
	bits, err := strconv.ParseUint(a.Bits, 16, 32)
	if err != nil || len(a.Bits) > 8 { // some leave out zeros in front
		return fmt.Errorf("bits %.40q: want 8 hex digits", a.Bits)
	}
	j.Bits = uint32(bits)
	if j.Target, err = work.CompactTarget(j.Bits); err != nil {
		return err
	}
	if got := hex.EncodeToString(j.Target[:]); a.Target != "" && !strings.EqualFold(a.Target, got) {
		return fmt.Errorf("target %.70q is not that of bits %08x", a.Target, j.Bits)
	}
	if bytes.Compare(easiest[:], j.Target[:]) < 0 {
		j.Target = easiest
	}
	j.Time = uint32(max(a.CurTime, a.MinTime))
	j.Version = uint32(*a.Version)
	// Bits are for rolling where BIP 9 has given them a meaning; elsewhere they
	// may be anything, such as the chain's number. What the node signals with, or
	// may ask us to, is not for rolling.
	if j.Algorithm != work.SHA256d || j.Version>>29 != 1 {
		return nil
	}
	used := j.Version | a.Required
	for name, bit := range a.Available {
		if bit < 0 || bit > 31 {
			return fmt.Errorf("vbavailable: bit %d of %.40q", bit, name)
		}
		used |= 1 << bit
	}
	j.Mask = work.Rollable &^ used
	return nil
}

// aux is what the node wants in the coinbase's script besides.
func (a *answer) aux() ([]byte, error) {
	names := make([]string, 0, len(a.CoinbaseAux))
	size := 0
	for name, v := range a.CoinbaseAux {
		names, size = append(names, name), size+len(v)/2
	}
	if size > maxAux {
		return nil, fmt.Errorf("coinbaseaux of %d bytes: at most %d fit", size, maxAux)
	}
	slices.Sort(names)
	var out []byte
	for _, name := range names {
		b, err := hex.DecodeString(a.CoinbaseAux[name])
		if err != nil {
			return nil, fmt.Errorf("coinbaseaux: %w", err)
		}
		out = append(out, b...)
	}
	return out, nil
}

// same reports whether t says what u says, its time included.
func (t *template) same(u *template) bool {
	a, b := &t.job, &u.job
	return a.Prev == b.Prev && a.Version == b.Version && a.Bits == b.Bits && a.Time == b.Time && slices.Equal(a.Branches, b.Branches) &&
		bytes.Equal(a.Coinbase1, b.Coinbase1) && bytes.Equal(a.Coinbase2, b.Coinbase2)
}

// displayed reads a hash as it is shown: backwards.
func displayed(s string) (work.Hash, error) {
	var h work.Hash
	if err := h.UnmarshalText([]byte(s)); err != nil {
		return h, err
	}
	slices.Reverse(h[:])
	return h, nil
}
