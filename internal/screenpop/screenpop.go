// Package screenpop has a customer system show its own card of a call to the operator whose phone rings, or who has dialled, and take
// it away when the call goes to somebody else, ends, or turns out to be somebody else's. The card follows the floor and never holds it
// up: what the system does not answer is tried a few times, and a call rings as well without.
package screenpop

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
)

// Floor is what is followed: calls.Board.
type Floor interface {
	Watch() *calls.Watch
	Operator(id string) (calls.Operator, bool)
	Queue(id string) (calls.Queue, bool)
	LinkUp() bool
}

// System is a customer system that has cards, with its deadlines and breaker: resilient.Connector.
type System interface {
	ID() string
	AnnounceCall(ctx context.Context, call connectors.LiveCall) (connectors.Ref, error)
	ShowCall(ctx context.Context, card connectors.Card) error
}

// Options configure a Popper. All fields are required.
type Options struct {
	Floor      Floor
	System     System
	Repository Repository
	Agent      func(login, name string) connectors.Agent // who an operator is in the system; without ID nobody
	Epoch      string                                    // of the engine beside it: pictures of another are of before it
	Mask       func(string) string                       // hides telephone numbers in what is logged
	Log        *slog.Logger
}

// The times and bounds of cards.
const (
	patience   = 10 * time.Second // with one request
	again      = 2 * time.Second  // after which a request that failed is made once more
	maxTries   = 3                // of one step: after that the card stays as it is until the call moves on
	concurrent = 3                // requests at a time
	longest    = 24 * time.Hour   // of a call: a card that was left open before that is no more
)

// Popper follows the floor for one customer system.
type Popper struct {
	o      Options
	places chan struct{}

	mu    sync.Mutex
	cards map[calls.ID]*card
	wg    sync.WaitGroup
}

// card is what becomes of one call.
type card struct {
	want    connectors.LiveCall // whose card, and where; without Agent nowhere, without Customer of nobody whom the system has
	sure    bool                // the system has said so itself
	pending bool                // nobody knows yet who it is
	dialled bool                // by an operator: the system may have begun it itself
	over    bool                // the conversation is
	last    bool                // nothing more comes of the call

	busy   bool // somebody brings it up to date, and owns what follows
	known  bool // what the repository has was read
	pop    Pop  // what the system was told
	unsure bool // whether the card is open where it should be
	gaveUp bool // what is wanted has failed
}

// New makes a Popper; Run starts it.
func New(o Options) *Popper {
	return &Popper{o: o, places: make(chan struct{}, concurrent), cards: map[calls.ID]*card{}}
}

// Run follows the floor until ctx ends. One process at a time may run it, the owner of the floor's. What it finds open when it begins is
// left where it belongs and taken away elsewhere, as soon as the PBX has told what has become of the calls.
func (p *Popper) Run(ctx context.Context) {
	defer p.wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for !p.load(ctx) {
		if !pause(ctx, again) {
			return
		}
	}
	w := p.o.Floor.Watch()
	defer w.Close()
	begun := false
	for anew := true; ; {
		if anew {
			picture, err := w.Picture(ctx)
			if err != nil {
				return
			}
			begun = p.all(ctx, picture)
		}
		changes, err := w.Next(ctx)
		if err != nil {
			return
		}
		anew = slices.ContainsFunc(changes, func(ch calls.Change) bool { return ch.Reset || ch.Notice != nil && ch.Notice.Kind == calls.NoticePBXUp })
		for _, ch := range changes {
			if ch.Call != nil && !anew && begun && p.o.Floor.LinkUp() {
				p.follow(ctx, *ch.Call)
			}
		}
	}
}

// load reads which cards are open.
func (p *Popper) load(ctx context.Context) bool {
	open, err := p.o.Repository.Open(ctx, p.o.System.ID(), time.Now().Add(-longest))
	if err != nil {
		p.trouble(ctx, "reading open cards", "", err)
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pop := range open {
		// Whoever noted it may not have come to show it.
		p.cards[calls.ID(pop.Call)] = &card{known: true, pop: pop, unsure: pop.Announced.Customer != connectors.Ref{}}
	}
	return true
}

// all takes a whole picture: what is not in it is over. It takes none from before the PBX has spoken, in which talks stand as calls that
// wait and some are over, nor one of the owner before.
func (p *Popper) all(ctx context.Context, picture calls.Snapshot) bool {
	if !picture.LinkUp || picture.Epoch != p.o.Epoch {
		return false
	}
	there := map[calls.ID]bool{}
	for _, c := range picture.Calls {
		there[c.ID] = true
		p.follow(ctx, c)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, k := range p.cards {
		if !there[id] {
			k.wish(connectors.LiveCall{}, true)
			k.last = true
			p.due(ctx, id, k)
		}
	}
	return true
}

// follow takes the present state of a call.
func (p *Popper) follow(ctx context.Context, c calls.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.cards[c.ID]
	if k == nil {
		k = &card{}
	}
	k.wish(p.wanted(c), c.End != nil)
	k.sure, k.pending = c.Match.Confirmed(k.want.Customer), c.Match.State == customers.MatchPending && c.Match.DecidedAt == nil
	k.dialled, k.last = c.Direction == calls.Outbound, c.State == calls.StateEnded
	if k.want.Agent.ID != "" || k.dialled {
		p.cards[c.ID] = k
	}
	p.due(ctx, c.ID, k)
}

// wish takes what is wanted now; what failed before is tried anew when that is something else, or at the end. The caller holds mu.
func (k *card) wish(want connectors.LiveCall, over bool) {
	if !alike(want, k.want) || over != k.over {
		k.gaveUp = false
	}
	k.want, k.over = want, over
}

// wanted is where the card of a call is to be now, and whose. A call that an operator makes has none before the customer is reached: the
// system itself may have begun it, which is known by then.
func (p *Popper) wanted(c calls.Call) connectors.LiveCall {
	var none connectors.LiveCall
	number := c.CustomerNumber()
	if c.End != nil || c.OperatorID == "" || c.State == calls.StateNew || c.State == calls.StateQueued || number.Kind != customers.NumberPublic {
		return none
	}
	op, ok := p.o.Floor.Operator(c.OperatorID)
	if !ok {
		return none
	}
	agent := p.o.Agent(op.Login, op.Name)
	if agent.ID == "" {
		return none
	}
	customer, _ := c.Match.In(p.o.System.ID())
	queue, _ := p.o.Floor.Queue(c.QueueID)
	return connectors.LiveCall{
		Key: string(c.ID), Customer: customer, Number: number.E164, Inbound: c.Direction == calls.Inbound, Queue: queue.Name, Agent: agent,
		StartedAt: c.StartedAt,
	}
}

// due has a card brought up to date. The caller holds mu.
func (p *Popper) due(ctx context.Context, id calls.ID, k *card) {
	if k.busy {
		return // who is at it looks again
	}
	if _, more := k.next(); !more {
		if k.last {
			delete(p.cards, id)
		}
		return
	}
	k.busy = true
	p.wg.Go(func() { p.bring(ctx, id, k) })
}

// step is what is to be done next about a card.
type step int

const (
	stepLook step = iota
	stepHide
	stepAnnounce
	stepShow
)

// next is the next step towards what is wanted, false when there is none. The caller holds mu, or owns the card.
func (k *card) next() (step, bool) {
	if k.gaveUp {
		return 0, false
	}
	if !k.known && (k.want.Agent.ID != "" || k.dialled && k.over) {
		return stepLook, true
	}
	told := k.pop.Announced
	where := k.want.Agent.ID
	if !k.fits(told) {
		where = ""
	}
	switch {
	case k.pop.Agent != "" && k.pop.Agent != where:
		return stepHide, true
	case where == "":
		return 0, false
	case told.Ref == (connectors.Ref{}):
		return stepAnnounce, k.sure
	case k.pop.Agent != where || k.unsure:
		return stepShow, true
	}
	return 0, false
}

// fits tells whether a card is that of who is wanted. A system knows a call by one customer, and announced again it may be the same call:
// better no card than that of another. What is open stays while nobody knows better, since after a restart customers are looked up anew;
// a call that the system has begun and knows of whom is its own affair.
func (k *card) fits(told connectors.Announced) bool {
	none := connectors.Ref{}
	switch k.want.Customer {
	case none:
		return told.Customer == none && told.Ref != none || k.pending && told.Customer != none && k.pop.Agent == k.want.Agent.ID
	case told.Customer:
		return true
	}
	return told.Customer == none
}

// trial is how often in a row the same was tried in vain.
type trial struct {
	what  step
	want  connectors.LiveCall
	times int
}

// bring does what is to be done about a card, step after step.
func (p *Popper) bring(ctx context.Context, id calls.ID, k *card) {
	var t trial
	for {
		more, rest := p.forward(ctx, id, k, &t)
		if !more {
			return
		}
		if rest {
			pause(ctx, again)
		}
	}
}

// forward takes the next step when there is a place for it: by then something else may be wanted. More is false at the end, rest tells that
// the step is to be tried again in a moment.
func (p *Popper) forward(ctx context.Context, id calls.ID, k *card, t *trial) (more, rest bool) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
	}
	p.mu.Lock()
	what, more := k.next()
	if !more || ctx.Err() != nil {
		k.busy = false
		if k.last {
			delete(p.cards, id)
		}
		p.mu.Unlock()
		return false, false
	}
	want := k.want
	p.mu.Unlock()
	err := p.do(ctx, what, id, k, want)
	if err == nil {
		return true, false
	}
	if t.what != what || !alike(t.want, want) {
		*t = trial{what: what, want: want}
	}
	if t.times++; t.times < maxTries && passing(err) {
		return true, true
	}
	p.trouble(ctx, "a customer system does not show its card", id, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	k.gaveUp = alike(k.want, want)
	return true, false
}

// alike tells whether two wishes are for one card.
func alike(a, b connectors.LiveCall) bool {
	return a.Customer == b.Customer && a.Agent.ID == b.Agent.ID
}

// do carries a step out. Who calls it owns the card.
func (p *Popper) do(ctx context.Context, what step, id calls.ID, k *card, want connectors.LiveCall) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pop := k.pop
	switch what {
	case stepLook:
		found, err := p.o.Repository.Get(ctx, p.o.System.ID(), string(id))
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		p.note(k, func() { k.known, k.pop = true, found })
		return nil
	case stepAnnounce: // whom the system may know it by is noted first: the answer may be lost
		if pop.Announced.Customer != want.Customer {
			there, err := p.o.Repository.Add(ctx, Pop{
				Connector: p.o.System.ID(), Call: string(id), Announced: connectors.Announced{Customer: want.Customer}, At: time.Now(),
			})
			if err != nil {
				return err
			}
			p.note(k, func() { k.pop = there })
			switch pop = there; pop.Announced {
			case connectors.Announced{Customer: want.Customer}:
			case connectors.Announced{}:
				return errs.E(errs.Conflict, "announcing call", "what the system has begun has no name")
			default:
				return nil // the system has begun the call itself: that came to be known only now
			}
		}
		ref, err := p.o.System.AnnounceCall(ctx, want)
		if err == nil && ref.ID == "" {
			err = errs.E(errs.Invalid, "announcing call", "the system did not say what it calls the call")
		}
		if err != nil {
			return err
		}
		pop.Announced.Ref = ref
		return p.put(ctx, k, pop, false)
	case stepHide:
		card := connectors.Card{Key: string(id), Call: pop.Announced.Ref, Agent: connectors.Agent{ID: pop.Agent}, Away: true}
		if err := p.o.System.ShowCall(ctx, card); err != nil {
			return err
		}
		pop.Agent = ""
		return p.put(ctx, k, pop, false)
	case stepShow: // what may be open is noted first: whoever comes after us takes it away
		if pop.Agent != want.Agent.ID {
			pop.Agent = want.Agent.ID
			if err := p.put(ctx, k, pop, true); err != nil {
				return err
			}
		}
		if err := p.o.System.ShowCall(ctx, connectors.Card{Key: string(id), Call: pop.Announced.Ref, Agent: want.Agent}); err != nil {
			return err
		}
		p.note(k, func() { k.unsure = false })
	}
	return nil
}

func (p *Popper) put(ctx context.Context, k *card, pop Pop, unsure bool) error {
	if err := p.o.Repository.Put(ctx, pop); err != nil {
		return err
	}
	p.note(k, func() { k.pop, k.unsure = pop, unsure })
	return nil
}

func (p *Popper) note(k *card, change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// passing tells an error that may be over in a moment.
func passing(err error) bool {
	switch errs.KindOf(err) {
	case errs.Unavailable, errs.Timeout, errs.RateLimited:
		return true
	}
	return false
}

func (p *Popper) trouble(ctx context.Context, what string, id calls.ID, err error) {
	if ctx.Err() == nil {
		p.o.Log.Warn(what, "connector", p.o.System.ID(), "call", string(id), "code", errs.KindOf(err).String(), "why", p.o.Mask(errs.Message(err)))
	}
}

// pause waits; false means that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
