package solo

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// plain and spent are transactions without and with a witness, with their two
// hashes as they are shown.
const (
	plain = "0200000001" + "1111111111111111111111111111111111111111111111111111111111111111" + "00000000" + "00" + "ffffffff" + "01" + "e803000000000000" + "0151" + "00000000"
	spent = "02000000" + "0001" + "01" + "2222222222222222222222222222222222222222222222222222222222222222" + "00000000" + "00" + "ffffffff" + "01" + "e803000000000000" + "0151" + "01" + "0151" + "00000000"
	bare  = "02000000" + "01" + "2222222222222222222222222222222222222222222222222222222222222222" + "00000000" + "00" + "ffffffff" + "01" + "e803000000000000" + "0151" + "00000000"
)

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shown is a transaction's hash as it is shown.
func shown(t testing.TB, data string) string {
	h := work.Double(mustHex(t, data))
	slices.Reverse(h[:])
	return hex.EncodeToString(h[:])
}

// all is the target that any hash meets.
func all() (t work.Target) {
	for i := range t {
		t[i] = 0xff
	}
	return t
}

type fields = map[string]any

// example is a template as Bitcoin's own node writes it.
func example(t testing.TB) fields {
	return fields{
		"capabilities": []string{"proposal"}, "version": 0x20000004, "rules": []string{"csv", "!segwit", "taproot"},
		"vbavailable": fields{"testdummy": 28}, "vbrequired": 0,
		"previousblockhash": "000000000000000000024bead8df69990852c202db0e0097c1a12ea637d7e96d",
		"transactions": []fields{
			{"data": plain, "txid": shown(t, plain), "hash": shown(t, plain), "depends": []int{}, "fee": 100, "sigops": 0, "weight": 244},
			{"data": spent, "txid": shown(t, bare), "hash": shown(t, spent), "depends": []int{1}, "fee": 200, "sigops": 0, "weight": 250},
		},
		"coinbaseaux": fields{"flags": "0b2f503253482f627463642f"}, "coinbasevalue": 312500300, "longpollid": "1234abcd",
		"target": "00000000000404cb000000000000000000000000000000000000000000000000", "mintime": 1700000000, "curtime": 1700000600,
		"mutable": []string{"time", "transactions", "prevblock"}, "noncerange": "00000000ffffffff", "sigoplimit": 80000, "sizelimit": 4000000,
		"weightlimit": 4000000, "bits": "1b0404cb", "height": 840000, "default_witness_commitment": "",
	}
}

func pay(t testing.TB) payout {
	script, err := Script("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
	if err != nil {
		t.Fatal(err)
	}
	return payout{script: script, tag: "/curtaild/", extranonce: []byte{1, 2, 3, 4}, easiest: all()}
}

func encode(t testing.TB, f fields) []byte {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTemplateBecomesAJob(t *testing.T) {
	tpl, err := parseTemplate(encode(t, example(t)), pay(t))
	if err != nil {
		t.Fatal(err)
	}
	j := &tpl.job
	if tpl.height != 840000 || tpl.longPoll != "1234abcd" || !tpl.submitOld || !tpl.witness || len(tpl.txs) != 2 {
		t.Errorf("template %+v", tpl)
	}
	if j.Version != 0x20000004 || j.Mask != 0x0fffe000 || j.Bits != 0x1b0404cb || j.Time != 1700000600 || j.Size2 != 8 || j.Algorithm != work.SHA256d {
		t.Errorf("job %+v", j)
	}
	if y, err := j.Yield(); err != nil || y.Height != 840000 || y.Reward != 312500300 {
		t.Errorf("yield %+v, %v", y, err)
	}
	s := work.Share{Extranonce2: []byte{9, 8, 7, 6, 5, 4, 3, 2}, Version: j.Version, Time: j.Time, Nonce: 7}
	cb := j.Coinbase(s.Extranonce2)
	text := hex.EncodeToString(cb)
	for _, want := range []string{
		"ffffffff" + "28" + "0340d10c" + "0b2f503253482f627463642f" + "0a2f6375727461696c642f" + "0c" + "01020304" + "0908070605040302" + "ffffffff",
		"02" + "4c60a01200000000" + "1976a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac" + "0000000000000000" + "266a24aa21a9ed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("coinbase %s has no %s", text, want)
		}
	}
	// Both trees, taken together by hand.
	ids := []work.Hash{work.Double(cb), work.Double(mustHex(t, plain)), work.Double(mustHex(t, bare))}
	root := work.Join(work.Join(ids[0], ids[1]), work.Join(ids[2], ids[2]))
	h := j.Header(s)
	if !slices.Equal(h[36:68], root[:]) {
		t.Errorf("root %x, want %x", h[36:68], root)
	}
	ids = []work.Hash{{}, work.Double(mustHex(t, plain)), work.Double(mustHex(t, spent))}
	commitment := work.Join(work.Join(work.Join(ids[0], ids[1]), work.Join(ids[2], ids[2])), work.Hash{})
	if !strings.Contains(text, "6a24aa21a9ed"+hex.EncodeToString(commitment[:])) {
		t.Errorf("coinbase %s does not commit to %x", text, commitment)
	}
	// A node leaves some thousands of units of weight for the coinbase.
	if weight := 4*len(cb) + len(withWitness(cb)) - len(cb); weight > 1500 {
		t.Errorf("coinbase weighs %d", weight)
	}
	b := tpl.block(j, s)
	want := hex.EncodeToString(h[:]) + "03" + "02000000" + "0001" + text[8:len(text)-8] + "0120" + strings.Repeat("00", 32) + "00000000" + plain + spent
	if hex.EncodeToString(b.raw) != want || b.hash != work.Double(h[:]) || b.height != 840000 {
		t.Errorf("block %x, want %s", b.raw, want)
	}
}

// What templates may say instead, and what comes of it.
func TestTemplates(t *testing.T) {
	empty := func(f fields) { f["transactions"] = []fields{} }
	for name, tc := range map[string]struct {
		change func(fields)
		want   func(*template) bool
	}{
		"empty, segwit in force": {empty, func(p *template) bool {
			// The commitment to no other transactions is the same in every such block.
			return p.witness && strings.Contains(hex.EncodeToString(p.job.Coinbase2), "6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9")
		}},
		"empty, segwit unheard of": {func(f fields) { empty(f); delete(f, "rules") }, func(p *template) bool {
			return !p.witness && len(p.job.Branches) == 0 && p.job.Coinbase2[4] == 1
		}},
		"a witness says that segwit is in force": {func(f fields) { delete(f, "rules") }, func(p *template) bool { return p.witness }},
		"the commitment says so": {func(f fields) {
			empty(f)
			delete(f, "rules")
			f["default_witness_commitment"] = "6a24AA21A9EDe2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9"
		}, func(p *template) bool { return p.witness }},
		"the bare commitment, as of btcd": {func(f fields) {
			empty(f)
			f["default_witness_commitment"] = "e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9"
		}, func(p *template) bool { return p.witness }},
		"transactions from before segwit": {func(f fields) { f["transactions"] = []fields{{"data": plain, "hash": shown(t, plain)}} }, func(p *template) bool { return len(p.job.Branches) == 1 }},
		"clock behind":                    {func(f fields) { f["mintime"] = 1700000700 }, func(p *template) bool { return p.job.Time == 1700000700 }},
		"bits in use": {func(f fields) {
			f["version"] = 0x30004000
			f["vbrequired"] = 1 << 13
			f["vbavailable"] = fields{"x": 15}
		}, func(p *template) bool { return p.job.Mask == 0x0fff0000 }},
		"old version":      {func(f fields) { f["version"] = 4 }, func(p *template) bool { return p.job.Mask == 0 && p.job.Version == 4 }},
		"negative version": {func(f fields) { f["version"] = -2 }, func(p *template) bool { return p.job.Mask == 0 && p.job.Version == 0xfffffffe }},
		"old work is void": {func(f fields) { f["submitold"] = false }, func(p *template) bool { return !p.submitOld }},
		"no extras":        {func(f fields) { delete(f, "coinbaseaux"); delete(f, "longpollid"); f["workid"] = "w" }, func(p *template) bool { return p.longPoll == "" && p.workID == "w" }},
		"short bits":       {func(f fields) { f["bits"] = "5009234"; delete(f, "target") }, func(p *template) bool { return p.job.Bits == 0x05009234 }},
		"nothing to earn":  {func(f fields) { f["coinbasevalue"] = 0 }, func(p *template) bool { return true }},
	} {
		f := example(t)
		tc.change(f)
		if p, err := parseTemplate(encode(t, f), pay(t)); err != nil || !tc.want(p) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	p := pay(t)
	p.easiest = work.Target{0: 1}
	f := example(t)
	f["bits"] = "207fffff"
	delete(f, "target")
	if tpl, err := parseTemplate(encode(t, f), p); err != nil || tpl.job.Target != p.easiest || tpl.job.Bits != 0x207fffff {
		t.Errorf("easier than we take: %+v, %v", tpl, err)
	}
	p.algorithm = work.Scrypt
	if tpl, err := parseTemplate(encode(t, example(t)), p); err != nil || tpl.job.Mask != 0 || tpl.job.Algorithm != work.Scrypt {
		t.Errorf("scrypt: %+v, %v", tpl, err)
	}
}

func TestTemplatesRefused(t *testing.T) {
	set := func(name string, v any) func(fields) { return func(f fields) { f[name] = v } }
	tx := func(name, v string) func(fields) {
		return func(f fields) { f["transactions"].([]fields)[1][name] = v }
	}
	for name, tc := range map[string]struct {
		change func(fields)
		cause  string
	}{
		"no version":         {func(f fields) { delete(f, "version") }, "template"},
		"version":            {set("version", int64(1)<<32), "template"},
		"height 0":           {set("height", 0), "template"},
		"height":             {set("height", int64(1)<<31), "template"},
		"value":              {set("coinbasevalue", -1), "template"},
		"all coins":          {set("coinbasevalue", int64(2100000000000001)), "template"},
		"no value":           {func(f fields) { delete(f, "coinbasevalue") }, "unsupported"},
		"time":               {set("curtime", -1), "template"},
		"time beyond":        {set("curtime", int64(1)<<32-1), "template"},
		"mintime":            {set("mintime", int64(1)<<33), "template"},
		"maxtime":            {set("maxtime", 1600000000), "template"},
		"nonces":             {set("noncerange", "0000000000ffffff"), "template"},
		"bits":               {set("bits", "1b0404cg"), "template"},
		"long bits":          {set("bits", "001b0404cb"), "template"},
		"no bits":            {set("bits", ""), "template"},
		"zero bits":          {set("bits", "1b000000"), "template"},
		"target":             {set("target", strings.Repeat("f", 64)), "template"},
		"prev":               {set("previousblockhash", "00"), "template"},
		"commitment":         {set("default_witness_commitment", "6a24aa21a9ed"+strings.Repeat("00", 32)), "template"},
		"commitment's tail":  {set("default_witness_commitment", "e8cf9"), "template"},
		"aux":                {set("coinbaseaux", fields{"a": "zz"}), "template"},
		"long aux":           {set("coinbaseaux", fields{"a": strings.Repeat("00", 30), "b": strings.Repeat("00", 11)}), "template"},
		"bit 32":             {set("vbavailable", fields{"x": 32}), "template"},
		"long poll":          {set("longpollid", strings.Repeat("x", 1025)), "template"},
		"type":               {set("height", "840000"), "template"},
		"data":               {tx("data", "xx"), "template"},
		"short data":         {tx("data", "0200000001"), "template"},
		"hash":               {tx("hash", shown(t, plain)), "template"},
		"no hash":            {tx("hash", ""), "template"},
		"txid":               {tx("txid", "1234"), "template"},
		"txid of other data": {func(f fields) { f["transactions"].([]fields)[0]["txid"] = shown(t, spent) }, "template"},
		"extension blocks":   {set("mweb", "00"), "unsupported"},
		"rule mweb":          {set("rules", []string{"segwit", "mweb"}), "unsupported"},
		"signed chain":       {set("rules", []string{"!segwit", "!signet"}), "unsupported"},
	} {
		f := example(t)
		tc.change(f)
		_, err := parseTemplate(encode(t, f), pay(t))
		if err == nil || faultCause(err) != tc.cause {
			t.Errorf("%s: %v, counted as %q", name, err, faultCause(err))
		}
	}
}

func TestTemplatesThatAreNone(t *testing.T) {
	many := example(t)
	many["transactions"] = make([]fields, maxTransactions+1)
	if _, err := parseTemplate(encode(t, many), pay(t)); !errors.Is(err, errTemplate) {
		t.Errorf("too many: %v", err)
	}
	for _, raw := range []string{"", "null", "[]", "{}", `{"version":1}`, `"x"`} {
		if _, err := parseTemplate([]byte(raw), pay(t)); err == nil {
			t.Errorf("%q is taken", raw)
		}
	}
}

// Whatever a node writes, a template that is taken can be worked on, and its
// block be written.
func FuzzTemplate(f *testing.F) {
	f.Add(encode(f, example(f)))
	old := example(f)
	delete(old, "rules")
	old["transactions"] = []fields{}
	f.Add(encode(f, old))
	delete(old, "coinbaseaux") // the shortest block
	old["default_witness_commitment"] = ""
	f.Add(encode(f, old))
	p := pay(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		tpl, err := parseTemplate(raw, p)
		if err != nil {
			if c := faultCause(err); c != "template" && c != "unsupported" {
				t.Errorf("%v is counted as %q", err, c)
			}
			return
		}
		y, err := tpl.job.Yield()
		if err != nil || y.Height != tpl.height && tpl.height <= 1e8 {
			t.Errorf("yield %+v, %v of height %d", y, err, tpl.height)
		}
		s, ok := tpl.job.Variant(0)
		h := tpl.job.Header(s)
		if b := tpl.block(&tpl.job, s).raw; !ok || !bytes.HasPrefix(b, h[:]) || len(b) <= len(h)+len(tpl.job.Coinbase(s.Extranonce2)) {
			t.Error("no block can be made of it")
		}
	})
}
