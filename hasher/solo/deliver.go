package solo

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

const (
	blockWorth  = 10 * time.Minute // beyond it the chain has gone on without the block
	rejectPause = time.Second
)

// deliver brings blocks to the node as they are found, and has the template
// after each asked for at once.
func (c *Client) deliver(ctx context.Context, kick chan<- struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c.held = <-c.found:
		}
		if err := c.deliverHeld(ctx); err != nil {
			return err
		}
		select {
		case kick <- struct{}{}:
		default:
		}
	}
}

// deliverHeld submits the block that is on its way, if there is one. It stays
// on its way if the node does not answer.
func (c *Client) deliverHeld(ctx context.Context) error {
	b := c.held
	if b == nil {
		return nil
	}
	if time.Since(b.found) > blockWorth {
		c.held = nil
		c.desk.Count(func(n *work.Counts) { n.Unsent["offline"]++ })
		c.cfg.Log.Error("block lost: the node was away for too long", "node", c.node.at.Host, "height", b.height, "block", b.String())
		return nil
	}
	sent := time.Now()
	verdict, err := c.submit(ctx, b)
	if err != nil {
		b.tries++
		return err
	}
	c.held = nil
	word := verdictWord(verdict)
	if word == "duplicate" && b.tries > 0 { // the node may have said yes before, unheard
		word = ""
	}
	if word != "" {
		c.mu.Lock()
		c.solved = nil // there is a block to be found yet
		c.mu.Unlock()
	}
	c.desk.Answered(time.Since(sent), word)
	if word == "" {
		c.cfg.Log.Info("block accepted", "node", c.node.at.Host, "height", b.height, "block", b.String())
		return nil
	}
	c.cfg.Log.Error("block rejected", "node", c.node.at.Host, "height", b.height, "block", b.String(), "reason", fmt.Sprintf("%.200q", verdict))
	rest(ctx, rejectPause, nil)
	return nil
}

// submit sends a block and gives what the node says against it, if anything.
func (c *Client) submit(ctx context.Context, b *block) (verdict string, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	params := []any{hex.EncodeToString(b.raw)}
	if b.workID != "" {
		params = append(params, map[string]string{"workid": b.workID})
	}
	raw, err := c.node.call(ctx, "submitblock", params...)
	if e, ok := errors.AsType[*rpcError](err); ok {
		return e.Error(), nil
	}
	if err != nil || string(raw) == "null" {
		return "", err
	}
	if err := json.Unmarshal(raw, &verdict); err != nil || verdict == "" {
		return "", fmt.Errorf("%w: answer to a block: %.100q", errProtocol, raw)
	}
	return verdict, nil
}

// verdictWord is the word that a verdict is counted under; none for a block
// that is taken. The texts are BIP 22's and those of Bitcoin's own node; btcd
// speaks in sentences.
func verdictWord(verdict string) string {
	switch {
	case verdict == "":
		return ""
	case verdict == "high-hash" || verdict == "bad-diffbits":
		return "low-difficulty"
	case strings.HasPrefix(verdict, "duplicate") || strings.Contains(verdict, "already have block"):
		return "duplicate"
	case strings.HasPrefix(verdict, "stale-") || verdict == "bad-prevblk" || verdict == "prev-blk-not-found" || verdict == "inconclusive-not-best-prevblk":
		return "stale"
	case verdict == "inconclusive":
		return verdict
	case strings.HasPrefix(verdict, "time-"):
		return "time"
	default:
		return "other"
	}
}

// payable asks the node whether it would pay to our address: it knows which
// chain it is on.
func (c *Client) payable(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	raw, err := c.node.call(ctx, "validateaddress", c.cfg.Payout)
	if e, ok := errors.AsType[*rpcError](err); ok && e.Code == codeNoMethod {
		return nil
	}
	if err != nil {
		return err
	}
	var answer struct {
		IsValid bool   `json:"isvalid"`
		Script  string `json:"scriptPubKey"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("%w: validateaddress: %w", errProtocol, err)
	}
	if !answer.IsValid || answer.Script != "" && answer.Script != hex.EncodeToString(c.script) {
		return fmt.Errorf("%w: %s", errPayout, c.cfg.Payout)
	}
	return nil
}
