package config

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/policies/strict"
)

// maxHosts bounds the rigs of a site.
const maxHosts = 65536

// host is one device's address, and where the config names it.
type host struct {
	address string // host:port
	port    int
	at      strict.Node
}

// expand lists the hosts of one entry, ranges spelt out; false if any of them
// is missing.
func (l *loader) expand(n strict.Node, port int) (out []host, ok bool) {
	list := n.List()
	if n.Valid() && len(list) == 0 {
		n.Fault("names no host: list addresses, or ranges as in 10.1.0.10-10.1.0.49")
	}
	ok = len(list) > 0
	for _, h := range list {
		before := len(out)
		out = l.host(h, out, port)
		l.hosts += len(out) - before
		ok = ok && h.Valid()
	}
	return out, ok
}

func (l *loader) host(n strict.Node, out []host, port int) []host {
	s := n.String("")
	if s == "" {
		return out
	}
	name, p := splitPort(s, port)
	if p < 0 {
		n.Fault("%q has no port that exists: want 1 to 65535", clip(s))
		return out
	}
	if first, last, ok := strings.Cut(name, "-"); ok && ipv4(first) && ipv4(last) {
		return span(host{at: n, port: p}, out, netip.MustParseAddr(first), netip.MustParseAddr(last), maxHosts-l.hosts)
	}
	if !hostName(name) {
		n.Fault("%q is no host: want an address, a name, or a range as in 10.1.0.10-10.1.0.49, each with :port where it is not the family's", clip(s))
		return out
	}
	return append(out, host{join(name, p), p, n})
}

// span adds the addresses from first to last, if there are at most room.
func span(h host, out []host, first, last netip.Addr, room int) []host {
	switch count := number(last) - number(first) + 1; {
	case count <= 0:
		h.at.Fault("%v-%v runs backwards: exchange the addresses", first, last)
		return out
	case count > int64(room):
		h.at.Fault("%v-%v makes more than %d rigs: name fewer", first, last, maxHosts)
		return out
	}
	for a := first; a.IsValid() && a.Compare(last) <= 0; a = a.Next() {
		h.address = join(a.String(), h.port)
		out = append(out, h)
	}
	return out
}

func number(a netip.Addr) int64 {
	b := a.As4()
	return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
}

func ipv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

// splitPort splits host[:port]; the port is -1 if it is none.
func splitPort(s string, def int) (name string, port int) {
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		return s, def
	}
	name, p, err := net.SplitHostPort(s)
	if err != nil {
		return s, def
	}
	if port = portOf(p); port == 0 {
		port = -1
	}
	return name, port
}

func join(name string, port int) string { return net.JoinHostPort(name, strconv.Itoa(port)) }

func hostName(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return !a.IsUnspecified() && !a.IsMulticast()
	}
	if regexp.MustCompile(`^[0-9.]+(-[0-9.]+)?$`).MatchString(s) {
		return false // meant as an address
	}
	return len(s) <= 253 && regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`).MatchString(s)
}
