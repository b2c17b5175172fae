package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	btcdVersion = "0.24.2" // pinned in btcd/go.mod
	btcdTool    = "github.com/btcsuite/btcd"
)

// Bitcoind is a real Bitcoin node (btcd) that belongs to one test: on a
// simulation chain of its own, without peers, where half of all hashes make a
// block. The chain outlives Stop, and most of it Kill; on the regression-test
// chain, which is much the same, btcd starts anew each time.
type Bitcoind struct {
	URL      string // http://127.0.0.1:port
	User     string
	Password string

	args   []string
	log    *os.File
	bin    string
	cmd    *exec.Cmd
	exited chan struct{}
}

// Btcd starts a node, whose own generate call pays to miner, and stops it when
// the test ends.
func Btcd(t testing.TB, miner string) *Bitcoind {
	t.Helper()
	bin, err := goTool(t, "btcd", btcdVersion, btcdTool, "some ten seconds")
	Need(t, "btcd "+btcdVersion, err)
	addr := FreeAddr(t)
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "btcd.log"))
	if err != nil {
		t.Fatalf("testbed: %v", err)
	}
	n := &Bitcoind{URL: "http://" + addr, User: "curtaild", Password: "correct-horse", bin: bin, log: log}
	n.args = []string{
		"--simnet", "--nodnsseed", "--nolisten", "--notls", "--rpclisten=" + addr, "--rpcuser=" + n.User, "--rpcpass=" + n.Password,
		"--miningaddr=" + miner, "--datadir=" + filepath.Join(dir, "data"), "--logdir=" + filepath.Join(dir, "logs"), "--configfile=" + os.DevNull,
	}
	t.Cleanup(func() { n.Kill(); _ = log.Close() })
	n.Start(t)
	return n
}

// Start runs the node, again after Kill, on the same port and chain, and
// returns when it answers.
func (n *Bitcoind) Start(t testing.TB) {
	t.Helper()
	if err := n.start(t.Context()); err != nil {
		t.Fatalf("testbed: btcd: %v", err)
	}
}

func (n *Bitcoind) start(ctx context.Context) error {
	cmd := exec.Command(n.bin, n.args...)
	cmd.Stdout, cmd.Stderr = n.log, n.log
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	n.cmd, n.exited = cmd, exited
	go func() { _ = cmd.Wait(); close(exited) }()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := n.call(ctx, "getblockcount"); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-exited:
			out, _ := os.ReadFile(n.log.Name())
			return fmt.Errorf("it ended: %s", out)
		case <-ctx.Done():
			return errors.New("it does not answer")
		}
	}
}

// Kill ends the node with SIGKILL and waits until it is gone.
func (n *Bitcoind) Kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	<-n.exited
	n.cmd = nil
}

// Stop has the node end by itself, with its chain written down.
func (n *Bitcoind) Stop(t testing.TB) {
	t.Helper()
	n.Call(t, nil, "stop")
	<-n.exited
	n.cmd = nil
}

// Call calls a method and reads its result into result, unless that is nil.
func (n *Bitcoind) Call(t testing.TB, result any, method string, params ...any) {
	t.Helper()
	raw, err := n.call(t.Context(), method, params...)
	if err == nil && result != nil {
		err = json.Unmarshal(raw, result)
	}
	if err != nil {
		t.Fatalf("testbed: btcd: %s: %v", method, err)
	}
}

func (n *Bitcoind) call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(n.User, n.Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s: %w", resp.Status, err)
	}
	if answer.Error != nil {
		return nil, errors.New(answer.Error.Message)
	}
	return answer.Result, nil
}
