// Package stratum speaks Stratum V1 to a mining pool: JSON lines over TCP or
// TLS, in which the pool hands out jobs and takes shares.
//
// It asks for version rolling, a minimum difficulty and extranonces that may
// change (mining.configure, BIP 310), and does without where a pool does not
// know them, whether that says so, keeps quiet or hangs up.
//
// A [Client] keeps one connection alive, makes [work.Job] values of what
// the pool says, and sends [work.Share] values back. It checks every share again
// before it sends it, and never sends one twice or one of a job that is over.
//
// Nothing that a pool sends is trusted: lines, coinbases, branches,
// extranonces, difficulties and waits are bounded, every read and write has
// a deadline, and whatever breaks the protocol ends the connection with a
// counted error.
package stratum
