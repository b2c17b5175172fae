package testbed

import (
	"crypto/tls"
	"strings"
	"testing"
)

func TestMosquittoComesBackOnItsPort(t *testing.T) {
	b := Mosquitto(t, BrokerOptions{})
	for range 2 {
		c, err := tls.Dial("tcp", strings.TrimPrefix(b.TLSURL, "mqtts://"), b.TLS())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		b.Stop()
		b.Start()
	}
}
