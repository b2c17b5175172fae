package solo

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/curtaild/curtaild/hasher/work"
)

// To be told to end is no fault of the node's.
func TestEndIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFake(t).client(nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		if s := c.State(); s.Job != nil || s.Err != errOffline || len(s.Counts.Faults) != 0 || s.Counts.Sessions != 1 {
			t.Errorf("state %+v", s)
		}
	})
}

// Templates are large: those whose blocks count no more are not held on to.
func TestOldTemplatesAreLetGo(t *testing.T) {
	c, err := New(Config{URL: "http://127.0.0.1:8332", Payout: anyone})
	if err != nil {
		t.Fatal(err)
	}
	var list []weak.Pointer[template]
	for n := range uint32(3 * keepTemplates) {
		tpl := &template{submitOld: true, job: work.Job{Time: n}}
		list = append(list, weak.Make(tpl))
		c.take(tpl)
	}
	runtime.GC()
	for i, p := range list {
		if kept := p.Value() != nil; kept != (i >= len(list)-keepTemplates) {
			t.Errorf("template %d of %d is kept: %v", i+1, len(list), kept)
		}
	}
	runtime.KeepAlive(c)
}
