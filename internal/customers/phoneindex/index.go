// Package phoneindex mirrors who has which number in a customer system, so that a ringing call is answered in microseconds while the
// system is asked. Index is the structure in memory, Mirror fills it in the background, Repository keeps what was read.
package phoneindex

import (
	"bytes"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pult-cc/pult/internal/customers"
)

// Index holds the customers of one connector by their numbers. Any number of goroutines may read it, without locks and while it is
// changed; changes exclude each other.
//
// A customer has a slot: where their record is in the arena, and as of when it is true. Two tables find slots: by the last digits of
// a number and, for changes, by a hash of the reference. Records are never written to once they can be read; what is replaced is
// garbage, which is swept when there is much of it.
type Index struct {
	connector, name string

	numbers *table
	words   *words
	arena   arena
	slots   atomic.Pointer[[]*block]

	mu        sync.Mutex // of changes
	refs      *table
	free      []uint32
	slotCount uint32
	customers int
	count     atomic.Pointer[Stats]
	scratch   []byte
}

var _ customers.Index = (*Index)(nil)

// blockSize is how many slots are made at once.
const blockSize = 4096

type block [blockSize]slot

type slot struct {
	record atomic.Uint32 // place in the arena; 0: nobody
	asOf   atomic.Int64  // milliseconds
}

const (
	maxWords   = 1 << 16
	maxRecord  = 1 << 16
	maxSharing = 256 // customers whose numbers have the same last digits; more are left to the live look-up
)

// Stats are the size of an index.
type Stats struct {
	Customers int
	Numbers   int
	Bytes     int // about
}

// New makes an empty index of a connector: its id, and its name as people know it.
func New(connector, name string) *Index {
	x := &Index{connector: connector, name: name, numbers: newTable(), refs: newTable(), words: newWords(maxWords)}
	x.arena.init()
	x.slots.Store(&[]*block{})
	x.count.Store(&Stats{})
	return x
}

// Stats tells the size.
func (x *Index) Stats() Stats { return *x.count.Load() }

func (x *Index) slot(i uint32) *slot { return &(*x.slots.Load())[i/blockSize][i%blockSize] }

// Lookup implements customers.Index: everybody whose number ends in the same digits, and is the same where both are valid.
func (x *Index) Lookup(n customers.Number) []customers.Customer {
	tail, ok := customers.Tail(n)
	if !ok {
		return nil
	}
	value, valid := e164(n.E164)
	var out []customers.Customer
	x.numbers.each(tail, func(i uint32) bool {
		s := x.slot(i)
		for {
			at := s.record.Load()
			rec := x.arena.read(at)
			if rec == nil {
				if at != s.record.Load() { // it has moved between the two looks
					continue
				}
				return true
			}
			list := *x.words.list.Load()
			if !fits(rec, value, valid, tail) {
				return true
			}
			r := reader{b: rec, w: list}
			c := r.customer(x.connector)
			if r.bad {
				return true
			}
			c.Source, c.SourceName, c.AsOf = x.connector, x.name, time.UnixMilli(s.asOf.Load()).UTC()
			out = append(out, c)
			return true
		}
	})
	return out
}

// fits reports whether a record has a number that may be the one asked for, without making anything of it.
func fits(rec []byte, value uint64, valid bool, tail uint32) bool {
	r := reader{b: rec}
	r.uvarint()
	r.bytes(r.uvarint() / idForms)
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		head := r.byte()
		if head&numberValid != 0 {
			v := r.uvarint()
			if v == value || !valid && v%1e7 == uint64(tail) {
				return true
			}
		} else {
			l := customers.Number{E164: r.text(), Kind: customers.NumberPublic}
			if t, ok := customers.Tail(l); ok && t == tail {
				return true
			}
		}
		if head&numberExt != 0 {
			r.skipText()
		}
		if head&numberPattern != 0 {
			r.skipWord()
		} else {
			r.skipText()
		}
		r.skipWord()
	}
	return false
}

func (r *reader) skipText() { r.bytes(r.uvarint() / 2) }

func (r *reader) skipWord() {
	if r.uvarint() == ownText {
		r.skipText()
	}
}

// Put adds customers, or replaces what was known of them. AsOf of each is when their system said so; what is older than that stays.
func (x *Index) Put(cs []customers.Customer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range cs {
		x.put(&cs[i])
	}
	x.arena.sweep(x)
	x.measure()
}

func (x *Index) put(c *customers.Customer) {
	x.scratch = appendRecord(x.scratch[:0], x.words, c)
	if len(x.scratch) > maxRecord {
		return // no customer, whatever it is; the live look-up still finds it
	}
	ref := refOf(x.scratch)
	i, old := x.find(ref)
	if old != nil && x.slot(i).asOf.Load() > c.AsOf.UnixMilli() {
		return
	}
	if bytes.Equal(old, x.scratch) {
		x.slot(i).asOf.Store(c.AsOf.UnixMilli())
		return
	}
	if old == nil {
		i = x.newSlot()
	}
	s := x.slot(i)
	place := x.arena.write(x.scratch)
	before := s.record.Load()
	s.asOf.Store(c.AsOf.UnixMilli())
	s.record.Store(place)
	tails := tailsOf(c.Numbers)
	for _, t := range tails {
		x.numbers.add(t, i, maxSharing)
	}
	if old == nil {
		x.refs.add(hashOf(ref), i, 1<<30)
		x.customers++
		return
	}
	r := reader{b: old, w: *x.words.list.Load()}
	known := r.customer(x.connector)
	for _, t := range tailsOf(known.Numbers) {
		if !contains(tails, t) {
			x.numbers.remove(t, i)
		}
	}
	x.arena.release(before)
}

// Prune removes the customers of whom nothing was said since, and returns how many.
func (x *Index) Prune(since time.Time) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	removed := 0
	for i := range x.slotCount {
		if s := x.slot(i); s.record.Load() != 0 && s.asOf.Load() < since.UnixMilli() {
			x.remove(i)
			removed++
		}
	}
	x.arena.sweep(x)
	x.measure()
	return removed
}

func (x *Index) remove(i uint32) {
	s := x.slot(i)
	at := s.record.Load()
	rec := x.arena.read(at)
	r := reader{b: rec, w: *x.words.list.Load()}
	c := r.customer(x.connector)
	for _, t := range tailsOf(c.Numbers) {
		x.numbers.remove(t, i)
	}
	x.refs.remove(hashOf(refOf(rec)), i)
	s.record.Store(0)
	x.arena.release(at)
	x.free = append(x.free, i)
	x.customers--
}

// find returns the slot and the record of a reference; nil when it is not known.
func (x *Index) find(ref []byte) (slot uint32, record []byte) {
	x.refs.each(hashOf(ref), func(i uint32) bool {
		if rec := x.arena.read(x.slot(i).record.Load()); bytes.HasPrefix(rec, ref) {
			slot, record = i, rec
			return false
		}
		return true
	})
	return slot, record
}

func (x *Index) newSlot() uint32 {
	if n := len(x.free); n > 0 {
		i := x.free[n-1]
		x.free = x.free[:n-1]
		return i
	}
	i := x.slotCount
	if i%blockSize == 0 {
		blocks := append(append([]*block{}, *x.slots.Load()...), &block{})
		x.slots.Store(&blocks)
	}
	x.slotCount++
	return i
}

func (x *Index) measure() {
	cells := len(*x.numbers.cells.Load()) + len(*x.refs.cells.Load())
	x.count.Store(&Stats{
		Customers: x.customers, Numbers: x.numbers.live,
		Bytes: x.arena.size() + 8*cells + len(*x.slots.Load())*blockSize*16,
	})
}

// refOf is the part of a record that is its reference.
func refOf(rec []byte) []byte {
	r := reader{b: rec}
	if r.uvarint() == ownText {
		r.skipText()
	}
	r.bytes(r.uvarint() / idForms)
	return rec[:len(rec)-len(r.b)]
}

func hashOf(ref []byte) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(ref) // never fails
	return h.Sum32()
}

func tailsOf(numbers []customers.LabeledNumber) []uint32 {
	out := make([]uint32, 0, 4)
	for i := range numbers {
		if t, ok := customers.Tail(numbers[i].Number); ok && !contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func contains(list []uint32, v uint32) bool {
	for _, have := range list {
		if have == v {
			return true
		}
	}
	return false
}
