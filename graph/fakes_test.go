package graph

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/phones"
	"github.com/pult-cc/pult/telephony/queues"
)

// fakeBoard is a board that tests write on.
type fakeBoard struct {
	mu        sync.Mutex
	epoch     string
	seq       uint64
	calls     map[calls.ID]calls.Call
	operators map[string]calls.Operator
	queues    map[string]calls.Queue
	followers map[*fakeFollower]struct{}
	doubt     chan struct{} // until it is closed the picture is not confirmed; nil: it is
}

func newFakeBoard() *fakeBoard {
	return &fakeBoard{
		epoch: "e1", calls: map[calls.ID]calls.Call{}, operators: map[string]calls.Operator{}, queues: map[string]calls.Queue{},
		followers: map[*fakeFollower]struct{}{},
	}
}

func (b *fakeBoard) Call(id calls.ID) (calls.Call, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.calls[id]
	return c, ok
}

func (b *fakeBoard) Operator(id string) (calls.Operator, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.operators[id]
	return o, ok
}

func (b *fakeBoard) Queue(id string) (calls.Queue, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q, ok := b.queues[id]
	return q, ok
}

func (b *fakeBoard) Snapshot() calls.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.snapshot()
}

func (b *fakeBoard) snapshot() calls.Snapshot {
	s := calls.Snapshot{Epoch: b.epoch, Seq: b.seq, LinkUp: true}
	for _, c := range b.calls {
		s.Calls = append(s.Calls, c)
	}
	for _, o := range b.operators {
		s.Operators = append(s.Operators, o)
	}
	for _, q := range b.queues {
		s.Queues = append(s.Queues, q)
	}
	slices.SortFunc(s.Calls, func(x, y calls.Call) int { return strings.Compare(string(x.ID), string(y.ID)) })
	slices.SortFunc(s.Operators, func(x, y calls.Operator) int { return strings.Compare(x.ID, y.ID) })
	slices.SortFunc(s.Queues, func(x, y calls.Queue) int { return strings.Compare(x.ID, y.ID) })
	return s
}

// put publishes changes, as the engine would.
func (b *fakeBoard) put(cs ...calls.Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	for _, c := range cs {
		switch {
		case c.Call != nil && c.Call.State == calls.StateEnded:
			delete(b.calls, c.Call.ID)
		case c.Call != nil:
			b.calls[c.Call.ID] = *c.Call
		case c.Operator != nil:
			b.operators[c.Operator.ID] = *c.Operator
		case c.Queue != nil:
			b.queues[c.Queue.ID] = *c.Queue
		}
	}
	for f := range b.followers {
		f.push(cs...)
	}
}

func (b *fakeBoard) putCall(c calls.Call) { b.put(calls.Change{Call: &c}) }

// reset replaces all calls, as after a gap.
func (b *fakeBoard) reset(cs ...calls.Call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.epoch += "+"
	clear(b.calls)
	for _, c := range cs {
		b.calls[c.ID] = c
	}
	for f := range b.followers {
		f.push(calls.Change{Reset: true})
	}
}

func (b *fakeBoard) Follow() Follower {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := &fakeFollower{board: b, ready: make(chan struct{}, 1)}
	b.followers[f] = struct{}{}
	return f
}

func (b *fakeBoard) Confirmed(ctx context.Context) error {
	b.mu.Lock()
	doubt := b.doubt
	b.mu.Unlock()
	if doubt == nil {
		return nil
	}
	select {
	case <-doubt:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *fakeBoard) following() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.followers)
}

type fakeFollower struct {
	board   *fakeBoard
	ready   chan struct{}
	mu      sync.Mutex
	pending []calls.Change
	broken  error
}

func (f *fakeFollower) push(cs ...calls.Change) {
	f.mu.Lock()
	f.pending = append(f.pending, cs...)
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

func (f *fakeFollower) Next(ctx context.Context) ([]calls.Change, error) {
	for {
		f.mu.Lock()
		out, err := f.pending, f.broken
		f.pending = nil
		f.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if len(out) > 0 {
			return out, nil
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *fakeFollower) Picture(ctx context.Context) (calls.Snapshot, error) {
	if err := f.board.Confirmed(ctx); err != nil {
		return calls.Snapshot{}, err
	}
	f.board.mu.Lock()
	defer f.board.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = nil
	return f.board.snapshot(), nil
}

func (f *fakeFollower) Close() {
	f.board.mu.Lock()
	defer f.board.mu.Unlock()
	delete(f.board.followers, f)
}

// fakeFloor takes commands down and answers with what the board has.
type fakeFloor struct {
	board *fakeBoard
	mu    sync.Mutex
	taken []calls.Command
	fail  map[calls.CommandKind]error
}

func (f *fakeFloor) Do(_ context.Context, cmd calls.Command) (calls.Reply, error) {
	f.mu.Lock()
	f.taken = append(f.taken, cmd)
	err := f.fail[cmd.Kind]
	f.mu.Unlock()
	if err != nil {
		return calls.Reply{}, err
	}
	switch cmd.Kind {
	case calls.CmdDial:
		return calls.Reply{Call: &calls.Call{
			ID: "dialled", Version: 1, Direction: calls.Outbound, State: calls.StateNew, OperatorID: cmd.OperatorID,
			To: calls.Party{Number: customers.Number{E164: cmd.Number, Kind: customers.NumberPublic}},
		}}, nil
	case calls.CmdSetAvailability:
		o, ok := f.board.Operator(cmd.OperatorID)
		if !ok {
			return calls.Reply{}, errs.E(errs.NotFound, "setting availability", "no such operator")
		}
		o.Availability, o.PauseReason = cmd.Avail, cmd.Pause
		return calls.Reply{Operator: &o}, nil
	case calls.CmdDemoCall, calls.CmdReportHealth:
		return calls.Reply{}, nil
	}
	c, ok := f.board.Call(cmd.CallID)
	if !ok {
		return calls.Reply{}, errs.E(errs.Conflict, "taking command", "the call has ended")
	}
	return calls.Reply{Call: &c}, nil
}

func (f *fakeFloor) failWith(kind calls.CommandKind, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		f.fail = map[calls.CommandKind]error{}
	}
	f.fail[kind] = err
}

func (f *fakeFloor) last(t *testing.T) calls.Command {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.taken) == 0 {
		t.Fatal("the floor was given no command")
	}
	return f.taken[len(f.taken)-1]
}

func (f *fakeFloor) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.taken)
}

// fakeHistory keeps interactions in memory and counts statements.
type fakeHistory struct {
	mu         sync.Mutex
	rows       map[string]interactions.Interaction
	statements int
	filter     interactions.Filter
	counts     []interactions.LinkCount
	unlinked   interactions.UnlinkedPage
	broken     error
	refuse     error // what notes are refused with
	live       bool  // whether the last notes were said to be of a live call
	changes    chan interactions.Interaction

	unlinkedAsked interactions.UnlinkedFilter
	unlinkedAfter string
}

func (h *fakeHistory) enter() error {
	h.mu.Lock()
	h.statements++
	if h.broken != nil {
		defer h.mu.Unlock()
		return h.broken
	}
	return nil
}

func (h *fakeHistory) Get(_ context.Context, id string) (interactions.Interaction, error) {
	if err := h.enter(); err != nil {
		return interactions.Interaction{}, err
	}
	defer h.mu.Unlock()
	in, ok := h.rows[id]
	if !ok {
		return in, errs.E(errs.NotFound, "reading interaction", "no such interaction")
	}
	return in, nil
}

func (h *fakeHistory) GetMany(_ context.Context, ids []string) ([]interactions.Interaction, error) {
	if err := h.enter(); err != nil {
		return nil, err
	}
	defer h.mu.Unlock()
	var out []interactions.Interaction
	for _, id := range ids {
		if in, ok := h.rows[id]; ok {
			out = append(out, in)
		}
	}
	return out, nil
}

func (h *fakeHistory) List(_ context.Context, f interactions.Filter, limit int, after string) (interactions.Page, error) {
	if err := h.enter(); err != nil {
		return interactions.Page{}, err
	}
	defer h.mu.Unlock()
	h.filter = f
	var ids []string
	for id, in := range h.rows {
		if id > after && (f.CustomerID == "" || in.CustomerID == f.CustomerID) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var p interactions.Page
	if len(ids) > limit {
		ids = ids[:limit]
		p.Next = ids[limit-1]
	}
	for _, id := range ids {
		p.Items, p.Cursors = append(p.Items, h.rows[id]), append(p.Cursors, id)
	}
	return p, nil
}

func (h *fakeHistory) SetNotes(_ context.Context, id string, c interactions.NotesChange, live bool) (interactions.Interaction, error) {
	if err := h.enter(); err != nil {
		return interactions.Interaction{}, err
	}
	defer h.mu.Unlock()
	if h.live = live; h.refuse != nil {
		return interactions.Interaction{}, h.refuse
	}
	in, ok := h.rows[id]
	if !ok {
		return in, errs.E(errs.NotFound, "saving notes", "no such interaction")
	}
	if c.TopicID != nil {
		in.Notes.TopicID = *c.TopicID
	}
	if c.Tags != nil {
		in.Notes.Tags = *c.Tags
	}
	if c.Comment != nil {
		in.Notes.Comment, in.Notes.CommentAt = *c.Comment, &testNow
	}
	h.rows[id] = in
	return in, nil
}

func (h *fakeHistory) put(in interactions.Interaction) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows[in.ID] = in
}

func (h *fakeHistory) breakWith(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = err
}

func (h *fakeHistory) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.statements
}

func (h *fakeHistory) Topics(context.Context) ([]interactions.Topic, error) {
	return []interactions.Topic{{ID: "billing", Group: "Money", Name: "Billing"}}, nil
}

func (h *fakeHistory) Tags(_ context.Context, prefix string, _ int) ([]string, error) {
	return []string{prefix + "urgent"}, nil
}

func (h *fakeHistory) Follow(ctx context.Context, _ customers.ID) (<-chan interactions.Interaction, error) {
	out := make(chan interactions.Interaction)
	go func() {
		defer close(out)
		for {
			select {
			case in, ok := <-h.changes:
				if !ok {
					return
				}
				select {
				case out <- in:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (h *fakeHistory) LinkCounts(_ context.Context, since interactions.Week) ([]interactions.LinkCount, error) {
	if err := h.enter(); err != nil {
		return nil, err
	}
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.counts), func(c interactions.LinkCount) bool { return c.Week < since }), nil
}

func (h *fakeHistory) Unlinked(_ context.Context, f interactions.UnlinkedFilter, _ int, after string) (interactions.UnlinkedPage, error) {
	if err := h.enter(); err != nil {
		return interactions.UnlinkedPage{}, err
	}
	defer h.mu.Unlock()
	h.unlinkedAsked, h.unlinkedAfter = f, after
	return h.unlinked, nil
}

// fakeLinks takes down who said what, and answers with romashka.
type fakeLinks struct {
	mu   sync.Mutex
	said []string
	err  error
	dups []customers.Duplicate
	wish customers.NewCustomer
}

func (f *fakeLinks) say(words ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, strings.TrimSpace(fmt.Sprintln(words...)))
	return f.err
}

func (f *fakeLinks) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.said) == 0 {
		return ""
	}
	return f.said[len(f.said)-1]
}

func (f *fakeLinks) LinkNumber(_ context.Context, who, number string, id customers.ID) (customers.Linked, error) {
	return customers.Linked{Customer: romashka, Calls: 3}, f.say(who, "links", number, id)
}

func (f *fakeLinks) UnlinkNumber(_ context.Context, who, number string, id customers.ID) (int, error) {
	return 2, f.say(who, "unlinks", number, id)
}

func (f *fakeLinks) LinkInteraction(_ context.Context, who, id string, c customers.ID) (interactions.Interaction, error) {
	return interactions.Interaction{ID: id, Channel: interactions.ChannelCall, Direction: "INBOUND", CustomerID: c}, f.say(who, "links", id, c)
}

func (f *fakeLinks) Create(_ context.Context, who, call string, w customers.NewCustomer) (customers.Created, int, error) {
	f.wish = w
	if err := f.say(who, "creates", w.Name, call); err != nil || len(f.dups) > 0 && !w.Confirmed {
		return customers.Created{Duplicates: f.dups}, 0, err
	}
	return customers.Created{Customer: &romashka}, 1, nil
}

type fakeCustomers struct{}

func (fakeCustomers) Creating() []customers.System {
	return []customers.System{{ID: "crm", Name: "CRM"}}
}

func (fakeCustomers) Related(_ context.Context, id customers.ID, limit int) ([]connectors.Item, error) {
	if id != romashka.ID {
		return nil, errs.E(errs.Unavailable, "asking", "1C does not answer")
	}
	items := []connectors.Item{
		{Ref: connectors.Ref{Connector: "1c", ID: "d1"}, Kind: connectors.ItemDeal, Title: "Поставка", Status: "В работе", Open: true, Sum: "120 000 ₽", At: testNow},
		{Ref: connectors.Ref{Connector: "1c", ID: "d2"}, Kind: "SURPRISE"},
	}
	return items[:min(limit, len(items))], nil
}

func (fakeCustomers) Contacts(context.Context, customers.ID, int) ([]connectors.Contact, error) {
	return []connectors.Contact{{Ref: connectors.Ref{Connector: "1c", ID: "m1"}, Channel: "mail", Title: "Счёт", At: testNow}, {Channel: "PIGEON"}}, nil
}

var romashka = customers.Customer{
	ID: "c1", Ref: connectors.Ref{Connector: "1c", Type: "Catalog", ID: "1"}, Kind: connectors.KindCompany, Name: "Ромашка", TaxID: "7701234567",
	Numbers: []customers.LabeledNumber{{Number: customers.Number{E164: "+79161234567", Display: "+7 916 123-45-67", Kind: customers.NumberPublic}, Label: "Рабочий"}},
	Owner:   "Петров", URL: "https://1c.example/1", Source: "1c", SourceName: "1C", AsOf: testNow,
}

func (fakeCustomers) Customer(_ context.Context, id customers.ID) (customers.Customer, error) {
	if id != romashka.ID {
		return customers.Customer{}, errs.E(errs.NotFound, "finding customer", "no such customer")
	}
	return romashka, nil
}

func (fakeCustomers) Search(context.Context, string, int) ([]customers.Customer, error) {
	return []customers.Customer{romashka}, nil
}

func (fakeCustomers) MatchNumber(_ context.Context, n string) (customers.Match, error) {
	switch n {
	case "panic":
		panic("the matcher has a defect near +79161234567")
	case "defect":
		return customers.Match{}, errs.With(errs.Internal, "matching", io.ErrUnexpectedEOF)
	case "hang":
		return customers.Match{}, errs.With(errs.Timeout, "matching", context.DeadlineExceeded)
	}
	return customers.Match{State: customers.MatchFound, Chosen: &romashka, Asked: []string{"1C"}}, nil
}

type fakePhones struct {
	mu      sync.Mutex
	stopped []string // operator and window
	left    []string
	devices []string // operator and device
	issued  []string
}

func (p *fakePhones) SetDevice(_ context.Context, operatorID string, desk bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices = append(p.devices, fmt.Sprint(operatorID, " ", desk))
	return nil
}

func (p *fakePhones) IssueDesk(_ context.Context, operatorID string) (phones.DeskAccount, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issued = append(p.issued, operatorID)
	return phones.DeskAccount{
		Server: "pbx:5060", Transport: "udp", User: "op-" + operatorID, Password: "k7m2q", Realm: "asterisk", Renewed: len(p.issued) > 1,
	}, nil
}

func (p *fakePhones) Start(_ context.Context, r phones.Request) (phones.Session, error) {
	switch {
	case r.ClientID == "":
		return phones.Session{}, errs.Field("starting phone", "clientId", "1 to 64 characters")
	case r.ClientID == "slept" && !r.Take:
		return phones.Session{}, errs.E(errs.Conflict, "starting phone", "another window has the phone")
	}
	return phones.Session{
		ID: "s1", Endpoint: "op-" + r.OperatorID, DisplayName: r.DisplayName, Realm: "asterisk", HA1: "0123456789abcdef", URLs: []string{"wss://pbx/ws"}, Host: "pbx",
	}, nil
}

func (p *fakePhones) Stop(_ context.Context, operatorID, clientID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = append(p.stopped, operatorID+" "+clientID)
	return nil
}

func (p *fakePhones) Leave(_ context.Context, operatorID, clientID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = append(p.left, operatorID+" "+clientID)
	return nil
}

type fakeReasons struct{}

func (fakeReasons) PauseReasons(context.Context) ([]queues.PauseReason, error) {
	return []queues.PauseReason{{ID: "r-lunch", Key: "lunch", Name: "Lunch"}, {ID: "r-no", Key: queues.PauseNoAnswer, Name: "No answer", System: true}}, nil
}
