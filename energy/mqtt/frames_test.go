package mqtt

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// reader is a network connection that only reads.
type reader struct {
	net.Conn
	io.Reader
}

func (r reader) Read(p []byte) (int, error) { return r.Reader.Read(p) }

func publishPacket(t testing.TB, topic string, payload []byte) []byte {
	t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Qos, p.MessageID = topic, payload, 1, 7
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLongPublishIsCutAndTheNextOneWhole(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, MaxPayload, MaxPayload + 1, maxPublish, maxPublish + 1, 5 << 20} {
		long := bytes.Repeat([]byte("x"), size)
		stream := append(publishPacket(t, "a/long/one", long), publishPacket(t, "b", []byte("next"))...)
		c := newBoundedConn(reader{Reader: bytes.NewReader(stream)})
		first, err := packets.ReadPacket(c)
		if err != nil {
			t.Fatal(size, err)
		}
		got := first.(*packets.PublishPacket)
		if got.TopicName != "a/long/one" || got.MessageID != 7 || (len(got.Payload) > MaxPayload) != (size > MaxPayload) || len(got.Payload) > maxPublish {
			t.Errorf("%d bytes: topic %q, %d bytes", size, got.TopicName, len(got.Payload))
		}
		if size <= MaxPayload && !bytes.Equal(got.Payload, long) {
			t.Errorf("%d bytes: changed", size)
		}
		second, err := packets.ReadPacket(c)
		if err != nil {
			t.Fatal(size, err)
		}
		if got := second.(*packets.PublishPacket); got.TopicName != "b" || string(got.Payload) != "next" {
			t.Errorf("after %d bytes: %v", size, got)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(publishPacket(f, "a", []byte("b")))
	f.Add([]byte{0x20, 2, 0, 0})
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1})
	f.Add([]byte{0xd0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, stream []byte) {
		c := newBoundedConn(reader{Reader: bytes.NewReader(stream)})
		out, _ := io.ReadAll(c)
		if len(out) > len(stream)+5 {
			t.Fatalf("%d bytes became %d", len(stream), len(out))
		}
	})
}
