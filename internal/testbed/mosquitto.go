package testbed

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Broker is a running Mosquitto, on loopback: one plain listener and one with
// TLS, both for one user with a password. What clients leave with it
// (sessions, retained messages) outlives Stop and Start.
type Broker struct {
	URL      string // mqtt://127.0.0.1:…
	TLSURL   string // mqtts://127.0.0.1:…
	CAFile   string // of the authority that signed the certificate
	User     string
	Password string

	t    testing.TB
	bin  mosquittoBin
	dir  string
	addr [2]string

	mu   sync.Mutex
	proc *exec.Cmd
	log  bytes.Buffer
	done chan struct{}
}

// BrokerOptions changes what [Mosquitto] starts.
type BrokerOptions struct {
	// ACL is the text of an access list; empty lets the user do all.
	ACL string
}

// Mosquitto starts a real broker that ends with the test. Where there is none
// on the machine, Debian's package is unpacked into the cache, without root.
func Mosquitto(t testing.TB, o BrokerOptions) *Broker {
	t.Helper()
	bin, err := findMosquitto(t)
	Need(t, "mosquitto", err)
	b := &Broker{t: t, bin: bin, dir: t.TempDir(), User: "curtaild", Password: "correct horse"}
	t.Cleanup(b.Stop)
	for range 10 { // somebody else may take a port that was just found free
		if err = b.configure(o); err != nil {
			t.Fatalf("testbed: configure mosquitto: %v", err)
		}
		if err = b.start(); err == nil {
			return b
		}
	}
	t.Fatalf("testbed: start mosquitto: %v", err)
	return nil
}

// freePort finds a port below those that the kernel gives out by itself, so
// that nobody gets it while the broker is down.
func freePort() (string, error) {
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		if l, err := net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", errors.New("no free port")
}

// configure writes certificates, passwords and the config.
func (b *Broker) configure(o BrokerOptions) error {
	for i := range b.addr {
		addr, err := freePort()
		if err != nil {
			return err
		}
		b.addr[i] = addr
	}
	b.URL, b.TLSURL = "mqtt://"+b.addr[0], "mqtts://"+b.addr[1]
	b.CAFile = filepath.Join(b.dir, "ca.pem")
	if err := Certificates(b.dir); err != nil {
		return err
	}
	passwords := filepath.Join(b.dir, "passwords")
	if out, err := b.bin.command("mosquitto_passwd", "-b", "-c", passwords, b.User, b.Password).CombinedOutput(); err != nil {
		return fmt.Errorf("mosquitto_passwd: %w: %s", err, out)
	}
	var c strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&c, format+"\n", args...) }
	line("per_listener_settings false")
	line("allow_anonymous false")
	line("password_file %s", passwords)
	line("persistence true")
	line("persistence_location %s/", b.dir)
	line("autosave_interval 1")
	line("autosave_on_changes true")
	line("log_dest stderr")
	if os.Getuid() == 0 {
		line("user root") // or it gives up its rights, and cannot read its files
	}
	if o.ACL != "" {
		acl := filepath.Join(b.dir, "acl")
		if err := os.WriteFile(acl, []byte(o.ACL), 0o600); err != nil {
			return err
		}
		line("acl_file %s", acl)
	}
	line("listener %s 127.0.0.1", port(b.addr[0]))
	line("listener %s 127.0.0.1", port(b.addr[1]))
	line("cafile %s", b.CAFile)
	line("certfile %s", filepath.Join(b.dir, "server.pem"))
	line("keyfile %s", filepath.Join(b.dir, "server.key"))
	return os.WriteFile(filepath.Join(b.dir, "mosquitto.conf"), []byte(c.String()), 0o600)
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

// Start starts the broker, again on the same ports, and returns when it
// accepts connections.
func (b *Broker) Start() {
	b.t.Helper()
	if err := b.start(); err != nil {
		b.t.Fatalf("testbed: start mosquitto: %v", err)
	}
}

func (b *Broker) start() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.proc != nil {
		return nil
	}
	b.log.Reset()
	cmd := b.bin.command("mosquitto", "-c", filepath.Join(b.dir, "mosquitto.conf"))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done, up := make(chan struct{}), make(chan struct{})
	b.proc, b.done = cmd, done
	go b.follow(cmd, bufio.NewScanner(stderr), up, done)
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	select {
	case <-up:
		return nil
	case <-done:
		err = errors.New("it ended at once")
	case <-deadline.C:
		_ = cmd.Process.Kill()
		<-done
		err = errors.New("it does not come up")
	}
	b.proc = nil
	return fmt.Errorf("%w: %s", err, b.log.String())
}

// follow reads the broker's log until it ends. The log is closed over by the
// scanner alone until done is closed.
func (b *Broker) follow(cmd *exec.Cmd, lines *bufio.Scanner, up, done chan<- struct{}) {
	defer close(done)
	ready := false
	for lines.Scan() {
		if b.log.Len() < 64<<10 {
			fmt.Fprintln(&b.log, lines.Text())
		}
		if !ready && strings.Contains(lines.Text(), " running") {
			ready = true
			close(up)
		}
	}
	_ = cmd.Wait()
}

// Stop kills the broker the hard way once it has written down what it keeps.
func (b *Broker) Stop() { b.end(os.Interrupt) }

// Kill kills the broker with no chance to write anything down.
func (b *Broker) Kill() { b.end(os.Kill) }

func (b *Broker) end(how os.Signal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.proc == nil {
		return
	}
	defer func() { b.proc = nil }()
	for range 100 {
		_ = b.proc.Process.Signal(how)
		select {
		case <-b.done:
			return
		case <-time.After(100 * time.Millisecond): // a signal that comes while it starts is lost on it
		}
	}
	_ = b.proc.Process.Kill()
	<-b.done
}

// TLS is a client's config that trusts the broker's authority.
func (b *Broker) TLS() *tls.Config {
	pem, err := os.ReadFile(b.CAFile)
	if err != nil {
		b.t.Fatalf("testbed: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
