// Package mqtt is the site's ear and mouth: it turns MQTT messages into
// readings and signals, publishes what the site says of itself, and holds the
// broker that runs inside the daemon where none is configured.
//
// Understanding a payload is pure ([Understand], [UnderstandSignal]): bytes,
// topic and time of arrival in, a value or a [*Fault] with its cause out. The
// [Client] around it keeps two connections. Readings come over a clean
// session, so that no queued, old value comes with a reconnect; signals come
// at QoS 1 over a persistent session with a fixed id, so that a stop sent
// while the daemon restarts is not lost. A signal is acknowledged only after
// the [Sink] has taken it.
//
// Nothing here decides: ranges and retained leftovers are refused and counted
// by cause, and what a source may ask for is judged by the scheduler.
package mqtt
