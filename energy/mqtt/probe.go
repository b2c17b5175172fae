package mqtt

import (
	"context"
	"crypto/rand"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Probe connects to the broker of cfg once, under an id of its own, and hangs
// up again. Its error says what is wrong and what helps;
// [ErrUnauthorized] is in its chain where user or password are.
func Probe(ctx context.Context, cfg Config) error {
	e, err := parseBroker(cfg.Broker, cfg.CA)
	if err != nil {
		return err
	}
	d := dialer{
		endpoint: e, id: "curtaild-" + rand.Text()[:12], user: cfg.Username, password: cfg.Password,
		clean: true, message: func(paho.Message) {},
	}
	l, err := d.dial(ctx)
	if err != nil {
		return err
	}
	l.close()
	return nil
}
