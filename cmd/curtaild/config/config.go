// Package config reads config.yaml and the policies it names, strictly: every
// fault of every file at once, each with its place and what would be right.
// What it returns is in the program's own terms (units and signs resolved,
// rigs one by one, names checked), so that the wiring only hands it on.
package config

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Config is all that the operator has said. It is never changed once loaded.
type Config struct {
	Site       Site
	Mode       Mode
	MQTT       MQTT
	Readings   []energy.ReadingSpec
	Balance    energy.BalanceSpec
	Signals    []Source
	Policies   []policies.Policy // most important first
	Rigs       []Rig
	Hasher     *Hasher // nil: none
	Influx     *Influx // nil: records stay on disk
	Store      Store
	HTTP       HTTP
	ExitWithin time.Duration // from SIGTERM to the end
	SHA256     string        // of the files it was read from, in hex
}

// Mode says whether loads are commanded.
type Mode string

// The modes.
const (
	Control Mode = "control"
	Observe Mode = "observe" // decide and record, command nothing
)

// Site is the plant.
type Site struct {
	Name        string
	Zone        *time.Location
	ImportLimit *energy.Watts // most that the site may import; nil: not stated
	ExportLimit *energy.Watts // what lies above it is curtailed; nil: not stated
	Interval    time.Duration // of settlement
	Currency    string        // of all prices: EUR
}

// MQTT is the way to the broker. Without a Broker, one is embedded that
// listens on Listen.
type MQTT struct {
	Broker   string // mqtt://host[:port] or mqtts://host[:port]
	Username string
	Password Secret
	CA       []byte // PEM; nil: the machine's own authorities
	ClientID string
	Prefix   string // of the topics that we publish and take signals on
	Listen   string // host:port
}

// Source is what one source of signals may send.
type Source struct {
	Name     string
	Kinds    []energy.SignalKind
	At       []energy.Bind
	Min, Max energy.Watts // bounds on the value of a limit
}

// Rig is one device. Zero times are the family's.
type Rig struct {
	Spec      energy.LoadSpec         // Ramp is zero where points or times are not given
	Address   string                  // host:port
	Points    []energy.OperatingPoint // off first; nil: what the device says
	StartTime time.Duration           // from off to the highest point
	StopTime  time.Duration           // and back
	Poll      time.Duration
}

// Hasher is the pool of local hashing workers, one load.
type Hasher struct {
	Spec      energy.LoadSpec
	Workers   int
	Algorithm string // sha256d or scrypt
	Power     HasherPower
	Pools     []Pool        // the preferred one first; none: headers of our own making
	Leave     time.Duration // a pool without work for so long is left for the next
	Return    time.Duration // a preferred one with work for so long is returned to
	CoinPrice float64       // of a whole coin, in the site's currency; 0: not said
}

// Pool is a Stratum V1 mining pool, or a node of one's own.
type Pool struct {
	URL      string // stratum+tcp://host:port or stratum+tls://host:port; http://host:port or https://host:port of a node
	User     string
	Password Secret
	CA       []byte // PEM; nil: the machine's own authorities

	Payout     string // address that blocks pay to; empty: this is no node
	CookieFile string // of a node, in place of user and password

	Algorithm     string  // sha256d or scrypt
	MinDifficulty float64 // of shares, asked of a pool; 0: none
}

// Influx is the database that records are copied to.
type Influx struct {
	URL    string
	Org    string
	Bucket string
	Token  Secret
	CA     []byte // PEM; nil: the machine's own authorities
}

// Store is where records and state are kept.
type Store struct {
	Path    string
	MaxSize int64 // bytes
}

// HTTP is where the API is served.
type HTTP struct {
	Socket string // path of the local socket
	Listen string // host:port
}
