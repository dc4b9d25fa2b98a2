// Package fakepbx is a PBX in memory, together with the world around it: callers, devices, the cable in between.
//
// It implements telephony.Driver and every optional capability, and passes the conformance suite telephonytest as the real
// driver does. It serves unit tests, where the test plays the far ends (InboundCall, AnswerLeg, FarEndHangup, CutLink), and
// `pult demo --simulate`, where far ends act by themselves (Behaviour). All waiting is done with package time, so that under
// testing/synctest it runs on the virtual clock and is deterministic.
package fakepbx

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// trunkEndpoint is Leg.Endpoint of legs from and to the outside.
const trunkEndpoint = "carrier"

// Options of a PBX. The zero value is ready to use.
type Options struct {
	Node            string        // LinkUp.Node; default "fakepbx"
	Realm           string        // digest realm; default "pult"
	PhoneURLs       []string      // default one address that nothing listens at
	InboundArgs     []string      // LegStarted.Args of DemoCall's calls; default "queue", "support"
	Device          Behaviour     // of devices that were given none with SetBehaviour
	Trunk           Behaviour     // of numbers dialled through the trunk
	Caller          Behaviour     // of callers; only HangupAfter counts
	ReplacedBackoff time.Duration // how long a replaced driver waits before it takes the application back; default 15 s
}

// Behaviour is what a far end does by itself. The zero value rings at once and then waits to be told.
type Behaviour struct {
	RingAfter   time.Duration   // rings after; negative: never rings
	AnswerAfter time.Duration   // answers this long after it began to ring; 0: waits for AnswerLeg
	RejectAfter time.Duration   // declines this long after it began to ring; 0: does not
	RejectCause telephony.Cause // default: busy here, SIP 486
	HangupAfter time.Duration   // hangs up this long after the leg was answered; 0: does not
}

// PBX is the PBX and the world around it. The embedded Driver is the first connection to it; NewDriver makes others, as a
// restarted or a second Pult would. All methods may be called concurrently.
type PBX struct {
	*Driver

	opts Options

	mu        sync.Mutex
	started   time.Time
	sequence  int // of legs that came to us
	fellPast  int // calls that found no application
	noTrunk   bool
	legs      map[telephony.LegID]*leg
	used      map[telephony.LegID]struct{} // every id that Originate has taken
	bridges   map[telephony.BridgeID][]telephony.LegID
	endpoints map[string]*endpoint
	behaviour map[string]Behaviour

	linkCut bool
	active  *Driver       // who receives events; nil while nobody is connected
	running []*Driver     // whose Run is in progress, oldest first
	hang    chan struct{} // open while commands hang; nil otherwise
	latency time.Duration
	faults  map[string][]error
	counts  map[string]int
}

// endpoint is a device's place on the PBX.
type endpoint struct {
	online  bool
	account *telephony.Account // nil for one that only SetEndpointOnline made
}

// leg is one party's connection.
type leg struct {
	telephony.Leg
	originated bool
	args       []string
	from       telephony.Party
	headers    map[string]string
	behaviour  Behaviour
	muted      bool
	ringback   bool
	digits     string
	media      media
	reported   map[*Driver]bool // told by LegStarted or LinkUp
	timers     []*time.Timer
}

// New makes a PBX with nothing on it. It starts nothing.
func New(o Options) *PBX {
	if o.Node == "" {
		o.Node = "fakepbx"
	}
	if o.Realm == "" {
		o.Realm = "pult"
	}
	if len(o.PhoneURLs) == 0 {
		o.PhoneURLs = []string{"wss://pbx.invalid/ws"}
	}
	if len(o.InboundArgs) == 0 {
		o.InboundArgs = []string{"queue", "support"}
	}
	if o.ReplacedBackoff == 0 {
		o.ReplacedBackoff = 15 * time.Second
	}
	p := &PBX{
		opts:      o,
		started:   time.Now(),
		used:      map[telephony.LegID]struct{}{},
		behaviour: map[string]Behaviour{},
		faults:    map[string][]error{},
		counts:    map[string]int{},
	}
	p.forget()
	p.Driver = p.NewDriver()
	return p
}

// NewDriver makes another connection to the same PBX. As with Asterisk the application belongs to whoever connected last:
// when its Run starts, the driver that was connected before is told LinkDown{Replaced: true}.
func (p *PBX) NewDriver() *Driver { return &Driver{pbx: p, wake: make(chan struct{}, 1)} }

// forget drops everything that does not survive a restart.
func (p *PBX) forget() {
	for _, l := range p.legs {
		l.stopTimers()
	}
	p.legs = map[telephony.LegID]*leg{}
	p.bridges = map[telephony.BridgeID][]telephony.LegID{}
	p.endpoints = map[string]*endpoint{}
}

// emit gives an event to the connected driver. Without one it is lost, as on Asterisk.
func (p *PBX) emit(e telephony.Event) {
	if p.active != nil {
		p.active.push(e)
	}
}

// connect makes d the owner of the application and tells it everything.
func (p *PBX) connect(d *Driver) {
	if old := p.active; old != nil && old != d {
		p.active = nil
		old.push(telephony.LinkDown{At: time.Now(), Reason: "another instance took the application over", Replaced: true})
		old.retry = time.AfterFunc(p.opts.ReplacedBackoff, func() { p.reconnect(old) })
	}
	d.waiting = false
	p.active = d

	up := telephony.LinkUp{At: time.Now(), Node: p.opts.Node, StartedAt: p.started}
	var fresh []*leg
	for _, l := range p.sortedLegs() {
		if !l.originated && len(l.Marks) == 0 && !l.reported[d] {
			fresh = append(fresh, l)
			continue
		}
		l.reported[d] = true
		up.Legs = append(up.Legs, l.snapshot())
	}
	for id, members := range p.bridges {
		if len(members) == 0 { // nobody is there: what the last owner left behind
			delete(p.bridges, id)
			continue
		}
		up.Bridges = append(up.Bridges, telephony.Bridge{ID: id, Legs: slices.Clone(members)})
	}
	slices.SortFunc(up.Bridges, func(a, b telephony.Bridge) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for name, e := range p.endpoints {
		up.Endpoints = append(up.Endpoints, telephony.Endpoint{Name: name, Online: e.online})
	}
	slices.SortFunc(up.Endpoints, func(a, b telephony.Endpoint) int { return strings.Compare(a.Name, b.Name) })
	d.push(up)
	for _, l := range fresh {
		p.announce(l)
	}
}

// reconnect connects a driver that waited, if it still runs and the link is there.
func (p *PBX) reconnect(d *Driver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.waiting = true
	if slices.Contains(p.running, d) && !p.linkCut {
		p.connect(d)
	}
}

// announce tells LegStarted.
func (p *PBX) announce(l *leg) {
	if p.active == nil {
		return
	}
	l.reported[p.active] = true
	p.emit(telephony.LegStarted{At: time.Now(), Leg: l.snapshot(), Args: slices.Clone(l.args)})
}

// sortedLegs returns the legs, oldest first.
func (p *PBX) sortedLegs() []*leg {
	out := make([]*leg, 0, len(p.legs))
	for _, l := range p.legs {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b *leg) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return out
}

// snapshot returns the leg as the port shows it, sharing nothing.
func (l *leg) snapshot() telephony.Leg {
	s := l.Leg
	s.Marks = make(telephony.Marks, len(l.Marks))
	for k, v := range l.Marks {
		s.Marks[k] = v
	}
	return s
}

// after does f, with the PBX locked, after d, unless the leg ends before.
func (p *PBX) after(l *leg, d time.Duration, f func()) {
	l.timers = append(l.timers, time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.legs[l.ID] == l {
			f()
		}
	}))
}

func (l *leg) stopTimers() {
	for _, t := range l.timers {
		t.Stop()
	}
	l.timers = nil
}

// answered makes an originated leg enter the application. With nobody connected the PBX drops it, as Asterisk does.
func (p *PBX) answered(l *leg) {
	l.stopTimers()
	l.State = telephony.LegUp
	l.countMedia(time.Now())
	if p.active == nil {
		delete(p.legs, l.ID)
		return
	}
	p.announce(l)
	p.emit(telephony.LegAnswered{At: time.Now(), Leg: l.ID})
	p.hangupLater(l)
}

// hangupLater lets the far end of an answered leg hang up by itself, where it does so.
func (p *PBX) hangupLater(l *leg) {
	if l.behaviour.HangupAfter > 0 {
		p.after(l, l.behaviour.HangupAfter, func() { p.end(l, telephony.Cause{Q850: telephony.CauseNormal}, false) })
	}
}

// rang lets the far end of an originated leg ring, once.
func (p *PBX) rang(l *leg) {
	if l.State != telephony.LegDown {
		return
	}
	l.State = telephony.LegRinging
	p.emit(telephony.LegRang{At: time.Now(), Leg: l.ID})
	b := l.behaviour
	if b.AnswerAfter > 0 {
		p.after(l, b.AnswerAfter, func() { p.answered(l) })
	}
	if b.RejectAfter > 0 {
		if b.RejectCause == (telephony.Cause{}) {
			b.RejectCause = telephony.Cause{Q850: telephony.CauseBusy, SIP: 486}
		}
		p.after(l, b.RejectAfter, func() { p.end(l, b.RejectCause, false) })
	}
}

// takeOut takes the leg out of wherever it is.
func (p *PBX) takeOut(l *leg) {
	l.Parked = false
	if l.Bridge == "" {
		return
	}
	b := l.Bridge
	l.Bridge = ""
	p.bridges[b] = slices.DeleteFunc(p.bridges[b], func(id telephony.LegID) bool { return id == l.ID })
	p.emit(telephony.LegLeft{At: time.Now(), Leg: l.ID, Bridge: b})
}

// end ends a leg.
func (p *PBX) end(l *leg, cause telephony.Cause, byUs bool) {
	p.takeOut(l)
	l.stopTimers()
	delete(p.legs, l.ID)
	e := telephony.LegEnded{At: time.Now(), Leg: l.ID, Cause: cause, ByUs: byUs}
	if l.State == telephony.LegUp {
		counts := l.rtp(e.At)
		e.RTP = &counts
	}
	p.emit(e)
}

// setOnline changes a device's reachability and tells it when it is news.
func (p *PBX) setOnline(name string, online bool) {
	e := p.endpoints[name]
	if e == nil {
		e = &endpoint{}
		p.endpoints[name] = e
	}
	if e.online != online {
		e.online = online
		p.emit(telephony.EndpointChanged{At: time.Now(), Endpoint: telephony.Endpoint{Name: name, Online: online}})
	}
}

// String describes the PBX for a failing test.
func (p *PBX) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "fakepbx: link cut %v, %d legs, %d bridges\n", p.linkCut, len(p.legs), len(p.bridges))
	for _, l := range p.sortedLegs() {
		fmt.Fprintf(&b, "  leg %s %s bridge=%q parked=%v marks=%v\n", l.ID, l.State, l.Bridge, l.Parked, l.Marks)
	}
	return b.String()
}

var (
	_ telephony.Driver      = (*Driver)(nil)
	_ telephony.DigitSender = (*Driver)(nil)
	_ telephony.Muter       = (*Driver)(nil)
	_ telephony.Ringbacker  = (*Driver)(nil)
	_ telephony.Returner    = (*Driver)(nil)
	_ telephony.Provisioner = (*Driver)(nil)
	_ telephony.DemoCaller  = (*Driver)(nil)
	_ telephony.Diagnoser   = (*Driver)(nil)
	_ telephony.RTPMeter    = (*Driver)(nil)
	_ telephony.Driver      = (*PBX)(nil)
)
