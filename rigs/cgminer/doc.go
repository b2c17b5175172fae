// Package cgminer speaks the JSON API on TCP port 4028 that cgminer began and
// many firmwares took over: one request to a connection, one JSON document
// back, usually ended by a NUL.
//
// Firmwares get that JSON wrong in known ways. A reply is parsed strictly
// first; only if that fails are the known mistakes mended, each by name and
// counted (see [Repair]), and the result parsed strictly again. A value is
// never guessed: what no repair covers is an error that wraps
// [rigs.ErrGarbage].
package cgminer
