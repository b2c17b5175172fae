// Package rigs controls mining machines over the network.
//
// A [Driver] speaks one firmware and nothing else: it has no retries, no
// schedules and no log. A [Rig] adds what every firmware needs: deadlines,
// back-off, an identity check, proof that a command had an effect, health, and
// counters of energy, hashes, shares and starts that survive the device's and
// our own restarts. A [Fleet] runs the rigs side by side under bounds, so that
// one that hangs, lies or answers garbage costs the others nothing.
//
// A rig is a load: it takes set-points into a mailbox in which the latest
// wins, and reports what it learns as [energy.Status] values on the one
// channel that the fleet was given. A command cuts short a poll that is under
// way; a poll never delays a command.
//
// Acknowledgement is not effect. A command counts as confirmed when the
// device's configuration, read again, shows it and its draw or hash rate has
// moved to the expected side. Until then the rig waits for its family's settle
// time, sends again with back-off, and at last calls the device suspect.
//
// To support a firmware, write a package under rigs/ with a driver, run
// rigtest.Run on it, and add one line to the table in cmd/curtaild.
package rigs
