package mqtt

import (
	"slices"
	"strings"

	"github.com/curtaild/curtaild/energy"
)

// routes says what to do with a message of the readings connection. It is
// never changed; a reload makes another.
type routes struct {
	exact   map[string]*target
	wild    []wildTarget
	filters []string // to subscribe, sorted
	feeds   map[string]*feed
	live    []string // readings that live by their availability topic
	portals []victronPortal
}

// target is what one topic, or one filter, stands for. Several readings may
// come in the payload of one topic.
type target struct {
	feeds     []*feed
	presences []presence
}

type wildTarget struct {
	filter string
	*target
}

// presence is an availability topic's meaning for one reading.
type presence struct{ name, online string }

// victronPortal is an installation that has to be kept alive.
type victronPortal struct {
	id string
	// suppress asks for changes only. Without it each keep-alive has the
	// installation publish everything, which is what keeps values fresh for
	// readings that live by their age.
	suppress bool
}

// newRoutes builds the routes of specs. Feeds of old that mean the same go on,
// with their counters.
func newRoutes(specs []energy.ReadingSpec, old *routes) *routes {
	r := &routes{exact: make(map[string]*target), feeds: make(map[string]*feed)}
	for i := range specs {
		spec := &specs[i]
		f := newFeed(spec)
		if old != nil {
			f.inherit(old.feeds[spec.Name])
		}
		r.feeds[spec.Name] = f
		t := r.target(spec.Topic)
		t.feeds = append(t.feeds, f)
		live := false
		if a := spec.Availability; a != nil {
			t := r.target(a.Topic)
			t.presences = append(t.presences, presence{spec.Name, a.Online})
			if live = a.Liveness; live {
				r.live = append(r.live, spec.Name)
			}
		}
		if id, ok := portal(spec.Topic); ok && spec.Decoder == DecoderVictron {
			r.portal(id, live)
		}
	}
	for filter := range r.exact {
		r.filters = append(r.filters, filter)
	}
	for _, w := range r.wild {
		r.filters = append(r.filters, w.filter)
	}
	slices.Sort(r.filters)
	return r
}

func (r *routes) target(filter string) *target {
	if !strings.ContainsAny(filter, "+#") {
		if r.exact[filter] == nil {
			r.exact[filter] = &target{}
		}
		return r.exact[filter]
	}
	for _, w := range r.wild {
		if w.filter == filter {
			return w.target
		}
	}
	t := &target{}
	r.wild = append(r.wild, wildTarget{filter, t})
	return t
}

func (r *routes) portal(id string, live bool) {
	for i := range r.portals {
		if r.portals[i].id == id {
			r.portals[i].suppress = r.portals[i].suppress && live
			return
		}
	}
	r.portals = append(r.portals, victronPortal{id, live})
}

// each calls visit with every target of topic.
func (r *routes) each(topic string, visit func(*target)) {
	if t := r.exact[topic]; t != nil {
		visit(t)
	}
	for _, w := range r.wild {
		if matches(w.filter, topic) {
			visit(w.target)
		}
	}
}

// inherit carries the counters over from an earlier feed of the same name, and
// its parts where the topic is the same.
func (f *feed) inherit(old *feed) {
	if old == nil {
		return
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	f.stats, f.refused = old.stats, old.refused
	if old.spec.Topic == f.spec.Topic {
		for topic, p := range old.parts {
			f.parts[topic] = p
		}
	}
}
