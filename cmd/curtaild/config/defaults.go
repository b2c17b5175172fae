package config

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// What holds where the config is silent. Those of policies are in package
// policies; start_time, stop_time and poll are the rig family's.
const (
	defaultMode        = Control
	defaultTimeZone    = "UTC"
	defaultInterval    = 15 * time.Minute
	defaultCurrency    = "EUR"
	defaultPrefix      = "curtaild/" // and the site's name
	defaultClientID    = "curtaild-" // and the site's name
	defaultMQTTListen  = "127.0.0.1:1883"
	defaultMaxAge      = 60 * time.Second
	defaultForecastAge = 6 * time.Hour    // services make a few a day
	defaultFollow      = 30 * time.Second // SA Power Networks wants a limit held within 15 s; some plants take twice that
	maxFollow          = 5 * time.Minute
	defaultHysteresis  = energy.Pct(5) // from first_until down to again_below
	defaultOnline      = "online"
	defaultOnExit      = energy.ExitKeep
	defaultWorkers     = 1
	defaultLevels      = 20 // steps of 5 %
	defaultHasher      = "cpu"
	defaultIdle        = energy.Watts(0)
	defaultCore        = energy.Watts(10)
	defaultStorePath   = "/var/lib/curtaild"
	defaultStoreSize   = int64(2e9)
	defaultSocket      = "/run/curtaild/api.sock"
	defaultListen      = "127.0.0.1:7070"
	defaultExitWithin  = 20 * time.Second
)

// defaultRange is what a value may be at all. It only keeps out what no meter
// can mean: a narrower one is for the operator, who knows the plant.
func defaultRange(r energy.Role) (low, high float64) {
	switch r {
	case energy.RoleSoC:
		return 0, 100
	case energy.RoleImportPrice, energy.RoleExportPrice, energy.RoleCarbon:
		return -1e6, 1e6
	default:
		return -1e12, 1e12
	}
}
