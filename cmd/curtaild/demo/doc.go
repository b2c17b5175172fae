// Package demo is what `curtaild demo` puts around the real daemon: a plant
// that is not there, and a view of what the daemon does with it.
//
// Day is a day of sun and clouds, a pure function of a seed and a time. Plant
// closes the loop around it: grid power is the site's load, plus what the
// emulated rigs truly draw, less what the sun gives; it is published over MQTT
// as real meters would. A grid operator, a client of its own, sends a limit now
// and then and hears how it is met. Story turns the daemon's snapshots into
// sentences, and Plain or Screen show them.
//
// Nothing here decides anything, and the daemon knows nothing of this package:
// it reads the config that Write puts into a folder, and the clock is the real
// one.
package demo
