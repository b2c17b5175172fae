package mqtt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// ErrUnauthorized is in the chain of an error when the broker knows neither
// user nor password, or does not let them in.
var ErrUnauthorized = errors.New("the broker refuses the user name or the password")

// explain says what a failed connection means and what helps.
func explain(e endpoint, err error) error {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		dns      *net.DNSError
	)
	where := "connect to broker " + e.addr
	switch {
	case errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword), errors.Is(err, packets.ErrorRefusedNotAuthorised):
		return fmt.Errorf("%s: %w: check mqtt.username and mqtt.password_file (%w)", where, ErrUnauthorized, err)
	case errors.Is(err, packets.ErrorRefusedIDRejected):
		return fmt.Errorf("%s: the broker refuses the client id: set mqtt.client_id to one it allows (%w)", where, err)
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: its certificate is signed by an authority that this machine does not know: set mqtt.ca_file to the authority's certificate (%w)", where, err)
	case errors.As(err, &hostname):
		return fmt.Errorf("%s: its certificate is not for %s: write a name that it bears in mqtt.broker (%w)", where, e.host, err)
	case errors.As(err, &invalid):
		return fmt.Errorf("%s: its certificate is not valid now: renew it, or set this machine's clock right (%w)", where, err)
	case errors.As(err, &record):
		return fmt.Errorf("%s: it does not speak TLS on this port: is it mqtt:// in place of mqtts://, or another port? (%w)", where, err)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: no address is known for %s: check mqtt.broker and the name server (%w)", where, e.host, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: nothing listens there: is the broker running, and is the port right? (%w)", where, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%s: no answer in time: is the address right, and does a firewall let it through? (%w)", where, err)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("%s: it hangs up on us: does the port want TLS (mqtts://), or a user name and password? (%w)", where, err)
	default:
		return fmt.Errorf("%s: %w", where, err)
	}
}
