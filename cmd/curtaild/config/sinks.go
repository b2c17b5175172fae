package config

import (
	"github.com/curtaild/curtaild/policies/strict"
)

// minStore is the least that the store can work with.
const minStore = 16e6

// sinks reads where records and answers go.
func (l *loader) sinks(m *strict.Map) {
	if m.Has("influxdb") {
		l.influx(m.Map("influxdb"))
	}
	s := m.Map("store")
	l.cfg.Store.Path = l.beside(s.String("path", defaultStorePath))
	l.cfg.Store.MaxSize = s.Bytes("max_size", defaultStoreSize)
	if l.cfg.Store.MaxSize < minStore {
		s.At("max_size").Fault("is too little to work with: want at least 16 MB")
	}
	s.Done()

	h := m.Map("http")
	l.cfg.HTTP.Socket = l.beside(h.String("socket", defaultSocket))
	if len(l.cfg.HTTP.Socket) > 104 { // sun_path
		h.At("socket").Fault("the path %q is too long for a socket: at most 104 bytes", clip(l.cfg.HTTP.Socket))
	}
	l.cfg.HTTP.Listen = listen(h.At("listen"), defaultListen)
	if !loopback(l.cfg.HTTP.Listen) {
		h.At("listen").Warn("%q is open to the network, and the API asks for no password: listen on 127.0.0.1", l.cfg.HTTP.Listen)
	}
	h.Done()
}

func (l *loader) influx(m *strict.Map) {
	m.Require("url", "bucket", "token_file")
	l.cfg.Influx = &Influx{
		URL:    address(m.At("url"), "https://influx.lan:8086", "https", "http"),
		Org:    m.String("org", ""),
		Bucket: m.String("bucket", ""),
		Token:  l.secret(m.At("token_file")),
		CA:     l.ca(m.At("ca_file")),
	}
	m.Done()
}
