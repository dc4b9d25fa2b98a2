package resilient

import (
	"container/list"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// cache remembers answers by question, the least recently used are forgotten first.
type cache struct {
	max                  int
	fresh, stale, noOnes time.Duration

	mu      sync.Mutex
	order   *list.List // of *cached, most recently used first
	entries map[string]*list.Element
}

type cached struct {
	key        string
	candidates []connectors.Candidate
	at         time.Time
}

func newCache(o Options) *cache {
	return &cache{
		max: o.MaxEntries, fresh: o.FreshFor, stale: o.StaleFor, noOnes: o.NegativeFor,
		order: list.New(), entries: map[string]*list.Element{},
	}
}

func (c *cache) get(key string, now time.Time) (connectors.Answer, Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.entries[key]
	if !ok {
		return connectors.Answer{}, Miss
	}
	e := el.Value.(*cached)
	age := now.Sub(e.at)
	a := connectors.Answer{Candidates: e.candidates, AsOf: e.at}
	switch {
	case len(e.candidates) == 0 && age < c.noOnes:
		c.order.MoveToFront(el)
		return a, Negative
	case len(e.candidates) > 0 && age < c.fresh:
		c.order.MoveToFront(el)
		return a, Hit
	case len(e.candidates) > 0 && age < c.fresh+c.stale:
		c.order.MoveToFront(el)
		a.Stale = true
		return a, Stale
	}
	c.order.Remove(el)
	delete(c.entries, key)
	return connectors.Answer{}, Miss
}

func (c *cache) put(key string, candidates []connectors.Candidate, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[key]; ok {
		el.Value = &cached{key, candidates, now}
		c.order.MoveToFront(el)
		return
	}
	c.entries[key] = c.order.PushFront(&cached{key, candidates, now})
	for len(c.entries) > c.max {
		last := c.order.Back()
		delete(c.entries, last.Value.(*cached).key)
		c.order.Remove(last)
	}
}
