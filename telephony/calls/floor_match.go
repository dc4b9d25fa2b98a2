package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/customers"
)

// asks keeps count of the questions that are out about who a call's customer is.
type asks struct {
	newest map[ID]int   // number of the newest answerable question
	out    map[ID]int   // how many have not been answered for good
	late   map[ID]*Call // calls that ended with a question out: their record still gets the answer
}

func newAsks() asks { return asks{newest: map[ID]int{}, out: map[ID]int{}, late: map[ID]*Call{}} }

func (a asks) open(id ID) int {
	a.newest[id]++
	a.out[id]++
	return a.newest[id]
}

// wait is for an answer to what is no question: an answer under way still counts, for this may come to nothing.
func (a asks) wait(id ID) { a.out[id]++ }

func (a asks) ended(c *Call) {
	if a.out[c.ID] > 0 {
		a.late[c.ID] = c
		return
	}
	delete(a.newest, c.ID)
}

// Matched takes an answer to a question of the call. An answer to an older question than the newest is dropped: a slow system must
// not overwrite what a person has asked or chosen since. A call that ended meanwhile gets the answer into its record.
func (f *Floor) Matched(id ID, ask int, m customers.Match) {
	if ask == f.asks.newest[id] {
		f.match(id, Matched{Match: m})
	}
}

// Linked takes the answer that follows from what a person chose, or refused. It is said of the number, so every call with it takes it.
func (f *Floor) Linked(id ID, m customers.Match) {
	number := customers.Number{}
	if c, live := f.calls[id]; live {
		number = c.CustomerNumber()
	}
	f.asks.newest[id]++
	f.match(id, Matched{Match: m, ByPerson: true})
	if number.Kind != customers.NumberPublic {
		return
	}
	for _, other := range sortedKeys(f.calls) {
		if other != id && f.calls[other].CustomerNumber().E164 == number.E164 {
			f.asks.newest[other]++
			f.match(other, Matched{Match: m, ByPerson: true})
		}
	}
}

// LinkFailed takes the news that what the operator chose could not be kept: the card shows what it did, and they are told why.
func (f *Floor) LinkFailed(id ID, operatorID, why string, now time.Time) {
	f.notice(Notice{At: now, Kind: NoticeConnectorTrouble, OperatorID: operatorID, CallID: id, Text: why})
}

// Asked says that no more answers come to one of the call's questions.
func (f *Floor) Asked(id ID) {
	if f.asks.out[id]--; f.asks.out[id] > 0 {
		return
	}
	delete(f.asks.out, id)
	delete(f.asks.late, id)
	if _, live := f.calls[id]; !live {
		delete(f.asks.newest, id)
	}
}

func (f *Floor) match(id ID, ev Matched) {
	c, late := f.asks.late[id]
	if !late {
		f.apply(id, ev)
		return
	}
	n, _ := c.Apply(ev, f.policy(c))
	f.asks.late[id] = &n
	if chosen(c) != chosen(&n) {
		f.out.Journal = append(f.out.Journal, n)
	}
}

// past remembers the calls that ended last: a leg of one that turns up again is to be ended, not adopted.
type past struct {
	ids  [4096]ID
	next int
	set  map[ID]struct{}
}

func newPast() *past { return &past{set: map[ID]struct{}{}} }

func (p *past) add(id ID) {
	if _, ok := p.set[id]; ok {
		return
	}
	delete(p.set, p.ids[p.next])
	p.ids[p.next] = id
	p.set[id] = struct{}{}
	p.next = (p.next + 1) % len(p.ids)
}

func (p *past) has(id ID) bool {
	_, ok := p.set[id]
	return ok
}
