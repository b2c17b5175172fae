package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/policies/strict"
)

func (l *loader) mqtt(m *strict.Map) {
	c := &l.cfg.MQTT
	c.Broker = address(m.At("broker"), "mqtts://broker.lan:8883", "mqtt", "mqtts")
	c.Username = m.String("username", "")
	c.Password = l.secret(m.At("password_file"))
	c.CA = l.ca(m.At("ca_file"))
	c.ClientID = m.String("client_id", defaultClientID+l.cfg.Site.Name)
	c.Prefix = topicName(m.At("prefix"), defaultPrefix+l.cfg.Site.Name)
	c.Listen = listen(m.At("listen"), defaultMQTTListen)

	switch {
	case m.Has("password_file") && !m.Has("username"):
		m.At("password_file").Fault("is of no use without a username: add it")
	case m.Has("username") && !m.Has("password_file") && !m.Has("broker"):
		m.At("username").Fault("has no password: add password_file")
	}
	if m.Has("broker") {
		m.Refuse("is for the embedded broker, and there is one of your own: remove one of them", "listen")
		if !strings.HasPrefix(c.Broker, "mqtts:") {
			m.Refuse("is of use only with an mqtts:// broker: change the one, or remove the other", "ca_file")
		}
	} else {
		m.Refuse("is of use only with a broker: add it, or remove this", "ca_file")
		if !loopback(c.Listen) && m.At("username").String("") == "" {
			m.At("listen").Fault("%q is open to the network: add username and password_file, or listen on 127.0.0.1", c.Listen)
		}
	}
	m.Done()
}

// address is a URL of one of the schemes, with a host and nothing after it.
// Whatever does not parse is not quoted: it may hold a password.
func address(n strict.Node, example string, schemes ...string) string {
	s := n.String("")
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	port := -1
	if err == nil {
		port = portOf(u.Port())
	}
	switch {
	case err != nil || u.Hostname() == "" || u.Port() != "" && port < 1:
		n.Fault("is no URL with a host: write it as in %q", example)
	case u.User != nil:
		n.Fault("holds a user or password, which have keys of their own: take them out")
	case !slices.Contains(schemes, u.Scheme):
		n.Fault("unknown scheme %q: %s", u.Scheme, strict.Hint(u.Scheme, schemes))
	case u.RawQuery != "" || u.Fragment != "":
		n.Fault("%q has something after the address: write it as in %q", s, example)
	default:
		return s
	}
	return ""
}

// listen is a host and port to listen on.
func listen(n strict.Node, def string) string {
	s := n.String(def)
	host, port, err := net.SplitHostPort(s)
	if err != nil || portOf(port) < 0 || strings.ContainsAny(host, " /") {
		n.Fault("%q is no address to listen on: write host:port, as in %q", s, def)
		return def
	}
	return s
}

// portOf is a port number, or -1.
func portOf(s string) int {
	p, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return -1
	}
	return int(p)
}

// loopback reports whether an address is reached from this machine alone.
func loopback(hostport string) bool {
	host, _, _ := net.SplitHostPort(hostport)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func portless(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Port() == ""
}
