package ari

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// leg is what the driver remembers of a channel of ours.
type leg struct {
	telephony.Leg
	originated bool
	number     string          // dialled through the trunk
	entered    bool            // it is in the application: commands about bridges and variables work
	args       []string        // of the application, where they came with a snapshot
	cause      telephony.Cause // the last that the far end gave
	hangup     *telephony.Cause
	returned   bool
	lastDigit  time.Time      // PBX time of the last digit, to drop its twin
	codec      string         // once it was asked; "" before
	rtp        *telephony.RTP // the last counts, once the end has brought them

	// making is open while Originate waits for Asterisk; uncertain says that it got no answer.
	making    chan struct{}
	uncertain bool

	// moving counts moves that were commanded and not told yet, goal is the last of them. Until the events have caught up, where
	// the leg was last told to be says nothing.
	moving int
	goal   *goal

	// marking serialises writers of the variable; unwritten says that marks wait for the leg to enter the application, before
	// which Asterisk refuses to set a variable.
	marking   sync.Mutex
	unwritten bool
}

// goal is a place: a mixing bridge, or music.
type goal struct {
	place    telephony.BridgeID
	accepted bool // Asterisk took the command
}

// legTable knows the legs of our application and turns Asterisk's events into the port's. Driver.mu guards it.
type legTable struct {
	o         Options
	music     telephony.BridgeID
	legs      map[telephony.LegID]*leg
	bridges   map[telephony.BridgeID]bool   // known to exist
	anew      map[telephony.BridgeID]string // where they stand under another id
	endpoints map[string]bool               // online
	contacts  map[string]string             // by endpoint: where its device was last seen
	gone      *recent                       // ids of originated legs that ended
	adopted   map[telephony.LegID]bool      // legs that the truth had, for the replay
}

func newLegTable(o Options) *legTable {
	return &legTable{
		o:         o,
		music:     telephony.BridgeID(o.App + "-music"),
		legs:      map[telephony.LegID]*leg{},
		bridges:   map[telephony.BridgeID]bool{},
		anew:      map[telephony.BridgeID]string{},
		endpoints: map[string]bool{},
		contacts:  map[string]string{},
		gone:      newRecent(8192),
		adopted:   map[telephony.LegID]bool{},
	}
}

// outcome is what an event leads to: events of the port, and work for Asterisk that must not delay them.
type outcome struct {
	events []telephony.Event
	unmark []telephony.LegID // legs whose marks wait to be written
	orphan []telephony.LegID // legs that came to life after they were given up
}

func (o *outcome) emit(e telephony.Event) { o.events = append(o.events, e) }

// snapshot returns the leg as the port shows it, sharing nothing.
func (l *leg) snapshot() telephony.Leg {
	s := l.Leg
	s.Marks = maps.Clone(l.Marks)
	if s.Marks == nil {
		s.Marks = telephony.Marks{}
	}
	return s
}

// at returns where the leg is: a mixing bridge, music, or "".
func (l *leg) at(music telephony.BridgeID) telephony.BridgeID {
	if l.Parked {
		return music
	}
	return l.Bridge
}

// isAt reports whether the leg is in a place, or is certain to be soon, so that no command is needed. A command would not be
// harmless: Asterisk takes a leg out and puts it in again, which is heard.
func (l *leg) isAt(place, music telephony.BridgeID) bool {
	if l.moving > 0 {
		return l.goal != nil && l.goal.place == place && l.goal.accepted
	}
	return l.at(music) == place
}

// settled forgets moves: n of them were told or failed.
func (l *leg) settled(n int) {
	if l.moving = max(0, l.moving-n); l.moving == 0 {
		l.goal = nil
	}
}

// enter handles StasisStart.
func (t *legTable) enter(out *outcome, at time.Time, l *leg, args []string) {
	if l.entered {
		return // told already
	}
	l.entered = true
	if l.hangup != nil {
		// It was given up while Asterisk did not answer, and came to life all the same.
		out.orphan = append(out.orphan, l.ID)
	}
	if l.originated {
		l.State = telephony.LegUp
	}
	if l.unwritten {
		out.unmark = append(out.unmark, l.ID)
	}
	out.emit(telephony.LegStarted{At: at, Leg: l.snapshot(), Args: slices.Clone(args)})
	if l.originated {
		out.emit(telephony.LegAnswered{At: at, Leg: l.ID})
	}
}

// rang handles every sign that the far end rings; 183 with early media counts (RFC 3261 §21.1.5).
func (t *legTable) rang(out *outcome, at time.Time, l *leg) {
	if l.originated && l.State == telephony.LegDown {
		l.State = telephony.LegRinging
		out.emit(telephony.LegRang{At: at, Leg: l.ID})
	}
}

// moved handles the leg's arrival in a bridge.
func (t *legTable) moved(out *outcome, at time.Time, l *leg, bridge telephony.BridgeID, holding bool) {
	place := bridge
	if holding {
		place = t.music
	}
	l.settled(1)
	if l.at(t.music) == place {
		return
	}
	t.left(out, at, l, l.Bridge)
	l.Parked = holding
	if holding {
		out.emit(telephony.LegParked{At: at, Leg: l.ID})
		return
	}
	l.Bridge = bridge
	t.bridges[bridge] = true
	out.emit(telephony.LegJoined{At: at, Leg: l.ID, Bridge: bridge})
}

// left handles the leg's departure from a mixing bridge.
func (t *legTable) left(out *outcome, at time.Time, l *leg, bridge telephony.BridgeID) {
	if bridge == "" || l.Bridge != bridge {
		return
	}
	l.Bridge = ""
	out.emit(telephony.LegLeft{At: at, Leg: l.ID, Bridge: bridge})
}

// end handles every way a leg leaves us. It is the only place that emits LegEnded, and forgets the leg there.
func (t *legTable) end(out *outcome, at time.Time, l *leg, cause telephony.Cause) {
	t.left(out, at, l, l.Bridge)
	t.forget(l)
	e := telephony.LegEnded{At: at, Leg: l.ID, Cause: cause, RTP: l.rtp}
	switch {
	case l.hangup != nil:
		e.ByUs = true
		if e.Cause.Q850 == 0 || l.entered {
			e.Cause = *l.hangup
		}
	case l.returned:
		e.ByUs, e.Cause = true, telephony.Cause{}
	}
	out.emit(e)
}

// forget drops a leg. The ids of originated ones are kept for a while: originating them again must not make a second leg.
func (t *legTable) forget(l *leg) {
	delete(t.legs, l.ID)
	if l.originated {
		t.gone.add(l.ID)
	}
}

// dialedArgs returns the arguments of Stasis(app,a,b) from what a channel's snapshot says it executes.
func dialedArgs(data string) []string {
	_, args, ok := strings.Cut(data, ",")
	if !ok {
		return nil
	}
	return strings.Split(args, ",")
}

// recent remembers the last ids it was given.
type recent struct {
	ring []telephony.LegID
	next int
	set  map[telephony.LegID]bool
}

func newRecent(size int) *recent {
	return &recent{ring: make([]telephony.LegID, size), set: make(map[telephony.LegID]bool, size)}
}

func (r *recent) add(id telephony.LegID) {
	if r.set[id] {
		return
	}
	delete(r.set, r.ring[r.next])
	r.ring[r.next] = id
	r.set[id] = true
	r.next = (r.next + 1) % len(r.ring)
}

func (r *recent) has(id telephony.LegID) bool { return r.set[id] }
