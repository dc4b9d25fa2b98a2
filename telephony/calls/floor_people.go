package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/queues"
)

// Person is who may serve on the floor.
type Person struct {
	ID     string
	Login  string
	Name   string
	Queues []string // ids
	Desk   bool     // their device is a phone of its own, not a page of ours
}

// SetDirectory installs queues, people and their declared availability (used for people not yet known; the living state wins).
// Callers who wait in a queue that is no longer there go back to the dialplan.
func (f *Floor) SetDirectory(qs []queues.Queue, people []Person, declared []queues.Declared, now time.Time) {
	f.q.Queues = map[string]queues.Queue{}
	for _, q := range qs {
		f.q.Queues[q.ID] = q
		f.dirtyQueues[q.ID] = struct{}{}
	}
	byID := map[string]queues.Declared{}
	for _, d := range declared {
		byID[d.OperatorID] = d
	}
	ops := map[string]*queues.Operator{}
	f.people = map[string]Person{}
	for _, p := range people {
		f.people[p.ID] = p
		o := f.q.Operators[p.ID]
		if o == nil {
			d, ok := byID[p.ID]
			if !ok {
				d = queues.Declared{OperatorID: p.ID, Availability: queues.Offline, Since: now, IdleSince: now}
			}
			o = &queues.Operator{ID: p.ID, Declared: d, PhoneOnline: f.online[p.ID]}
			for id, c := range f.calls { // one who comes back may still have a call
				if c.Involves(p.ID) && c.State != StateEnded {
					o.Take(string(id))
				}
			}
		}
		o.Queues, o.Unheard = p.Queues, f.unheard(p.ID)
		ops[p.ID] = o
		f.touchOperator(p.ID)
	}
	f.q.Operators = ops
	f.retire()
	f.Decide(now)
}

// retire lets go of what the directory no longer has.
func (f *Floor) retire() {
	for id, v := range f.opViews {
		if f.q.Operators[id] == nil {
			v.Version++
			v.Availability, v.Presence, v.PhoneOnline, v.CallID, v.Gone = queues.Offline, PresenceOffline, false, "", true
			f.out.Changes = append(f.out.Changes, Change{Operator: &v})
			delete(f.opViews, id)
			f.retired[id] = v.Version
			f.recount(id)
		}
	}
	for id, v := range f.qViews {
		if _, ok := f.q.Queues[id]; !ok {
			v.Version++
			v.Waiting, v.OldestSince, v.Ready, v.Talking, v.Operators, v.Gone = 0, nil, 0, 0, 0, true
			f.out.Changes = append(f.out.Changes, Change{Queue: &v})
			delete(f.qViews, id)
			f.retired[id] = v.Version
		}
	}
	for id, c := range f.calls {
		_, queued := f.q.Queues[c.QueueID]
		switch {
		case c.State == StateWrapUp && f.q.Operators[c.OperatorID] == nil:
			f.apply(id, Asked{At: c.Since, Cmd: Command{Kind: CmdFinishWrapUp}})
		case c.State == StateQueued && !queued && c.QueueID != "" && c.Customer != nil:
			f.q.Remove(string(id))
			f.dirtyQueues[c.QueueID] = struct{}{}
			f.out.Effects = append(f.out.Effects, CallEffect{id, DoReturn{c.Customer.ID}})
		}
	}
}

// Knows tells whether the person is in the floor's directory.
func (f *Floor) Knows(operatorID string) bool {
	_, ok := f.people[operatorID]
	return ok
}

// RenewPhone says that the operator's phone session is about to be replaced by another, or to end: nothing is offered until a new one
// has registered. A conversation goes on at the old one until the new one has joined it, unless the operator signs out. Error:
// Unavailable while the PBX is away.
func (f *Floor) RenewPhone(operatorID string, signOut bool, now time.Time) error {
	if !f.linkUp {
		return errs.E(errs.Unavailable, "renewing phone", "the telephone system is not reachable")
	}
	if o := f.q.Operators[operatorID]; o != nil && o.PhoneOnline {
		o.PhoneOnline = false // before the PBX says so: in f.online stays its last word
		f.touchOperator(operatorID)
	}
	f.onCall(operatorID, PhoneGone{At: now, OperatorID: operatorID, Replaced: true, SignedOut: signOut})
	f.Decide(now)
	return nil
}

// KeepPhone says that the phone session could not be replaced after all: what the PBX last said of the device holds.
func (f *Floor) KeepPhone(operatorID string, now time.Time) {
	f.setOnline(operatorID, f.online[operatorID])
	f.onCall(operatorID, PhoneKept{operatorID})
	f.Decide(now)
}

func (f *Floor) endpoint(ep telephony.Endpoint, now time.Time) {
	id, ok := OperatorOf(ep.Name)
	if !ok {
		return
	}
	f.setOnline(id, ep.Online)
	if ep.Online {
		f.onCall(id, PhoneBack{At: now, OperatorID: id, Desk: f.people[id].Desk})
	} else {
		f.onCall(id, PhoneGone{At: now, OperatorID: id})
	}
}

func (f *Floor) setOnline(id string, online bool) {
	if online {
		f.online[id] = true
	} else {
		delete(f.online, id)
	}
	if o := f.q.Operators[id]; o != nil && o.PhoneOnline != online {
		o.PhoneOnline = online
		f.touchOperator(id)
	}
}

// onCall gives an event to the calls that keep the operator busy.
func (f *Floor) onCall(operatorID string, ev Event) {
	for _, c := range f.of(f.q.Operators[operatorID]) {
		f.apply(c.ID, ev)
	}
}
