package scheduler

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestMemoryIsJSON(t *testing.T) {
	in := Memory{
		Gates: map[string]Gate{"p": {Open: true}, "q": {Since: noon}},
		Stale: map[string]time.Time{"p": noon.Add(time.Minute)},
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"gates":{"p":{"open":true},"q":{"since":"2026-06-01T12:00:00Z"}},"stale":{"p":"2026-06-01T12:01:00Z"}}`
	if string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	var out Memory
	if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%+v, %v", out, err)
	}
}
