// Package telephony is the port to a PBX: what Pult needs of legs and bridges, and nothing of how a PBX does it.
//
// Drivers live in subfolders (ari, fakepbx) and pass the conformance suite telephonytest. The package imports the standard
// library only. The vocabulary is the field's: a leg is one party's connection to the PBX (Asterisk: channel), a bridge joins
// legs so that they hear each other.
package telephony

import (
	"context"
	"time"
)

// LegID names a leg. For legs that Pult originates the caller of Originate chooses it.
type LegID string

// BridgeID names a bridge; it is always chosen by Pult.
type BridgeID string

// LegState is how far a leg is set up.
type LegState string

// The states of a leg.
const (
	LegDown    LegState = "DOWN"    // created, nothing heard from the far end
	LegRinging LegState = "RINGING" // the far end rings
	LegUp      LegState = "UP"      // answered
)

// Party is who is at the far end of a leg, as the network said it, unverified.
type Party struct {
	Number string // as received; empty when withheld
	Name   string
}

// Marks are what Pult writes on a leg so that it survives Pult: call id, role, queue. Keys and values are short ASCII
// without control characters. A driver stores them where they live as long as the leg itself.
type Marks map[string]string

// Leg is a snapshot of one leg.
type Leg struct {
	ID       LegID
	State    LegState
	Party    Party    // the far end
	Dialed   string   // what the far end dialled, for a leg that came to us
	Endpoint string   // operator's or trunk's endpoint name, without technology
	Bridge   BridgeID // where it is now; empty outside a bridge
	Parked   bool     // it hears music, alone
	Marks    Marks
	Created  time.Time
}

// Cause says why a leg ended or is to end. Values are Q.850 cause codes as the PBX reports them.
type Cause struct {
	Q850 int // ITU-T Q.850; 0 = unknown
	SIP  int // final SIP status, when known (RFC 3261 §21); 0 = unknown
}

// Q.850 causes that Pult acts on or sends.
const (
	CauseUnallocated  = 1
	CauseNormal       = 16
	CauseBusy         = 17
	CauseNoResponse   = 18
	CauseNoAnswer     = 19
	CauseRejected     = 21
	CauseElsewhere    = 26 // non-selected user clearing: answered elsewhere
	CauseInvalid      = 28
	CauseCongestion   = 34
	CauseInterworking = 127
)

// Event is something the PBX did. The set is closed: only the types of this package implement it.
type Event interface{ event() }

type (
	// LinkUp is the first event after every (re)connection: the complete truth about legs of our application. A leg the core
	// knows and LinkUp lacks has ended unobserved; a leg it has and the core lacks is to be adopted by its Marks. A leg that came
	// to us, bears no marks and was never reported by this Driver value is not in it: it follows as LegStarted with its Args, so
	// that there is one way for a new call to begin.
	LinkUp struct {
		At        time.Time
		Node      string    // stable name of the PBX node
		StartedAt time.Time // when the PBX process started: a change means all earlier legs and provisioned accounts are gone
		Legs      []Leg
		Bridges   []Bridge
		Endpoints []Endpoint
	}
	// LinkDown says that events are not being received. Commands fail with errs.Unavailable until the next LinkUp.
	LinkDown struct {
		At       time.Time
		Reason   string
		Replaced bool // another instance took the application over: stop issuing commands at once
	}
	// LegStarted is a leg that entered our application: from the dialplan (Args as written there, e.g. "queue","support"), or one
	// that we originated and that has been answered (then Marks are what Originate gave; it precedes LegAnswered).
	LegStarted struct {
		At   time.Time
		Leg  Leg
		Args []string
	}
	// LegRang says that the far end of an originated leg rings.
	LegRang struct {
		At  time.Time
		Leg LegID
	}
	// LegAnswered says that the leg is up.
	LegAnswered struct {
		At  time.Time
		Leg LegID
	}
	// LegJoined says that the leg is in a mixing bridge, hearing whoever else is there.
	LegJoined struct {
		At     time.Time
		Leg    LegID
		Bridge BridgeID
	}
	// LegParked says that the leg is out of any conversation and hears music.
	LegParked struct {
		At  time.Time
		Leg LegID
	}
	// LegLeft says that the leg left a mixing bridge.
	LegLeft struct {
		At     time.Time
		Leg    LegID
		Bridge BridgeID
	}
	// LegDigit is a key pressed by the far end (RFC 4733 or in-band).
	LegDigit struct {
		At    time.Time
		Leg   LegID
		Digit string
	}
	// LegEnded is the end of a leg; nothing follows for it. Exactly one arrives per leg, also for an originated leg that was never
	// answered. ByUs is true when our own Hangup ended it.
	LegEnded struct {
		At    time.Time
		Leg   LegID
		Cause Cause
		ByUs  bool
		RTP   *RTP // the last counts of its media, where the PBX tells them with the end
	}
	// EndpointChanged says that a device registered, also from elsewhere in the place of itself, or went away.
	EndpointChanged struct {
		At       time.Time
		Endpoint Endpoint
	}
)

func (LinkUp) event()          {}
func (LinkDown) event()        {}
func (LegStarted) event()      {}
func (LegRang) event()         {}
func (LegAnswered) event()     {}
func (LegJoined) event()       {}
func (LegParked) event()       {}
func (LegLeft) event()         {}
func (LegDigit) event()        {}
func (LegEnded) event()        {}
func (EndpointChanged) event() {}

// Bridge is a snapshot of a mixing bridge of ours.
type Bridge struct {
	ID   BridgeID
	Legs []LegID
}

// Endpoint is the reachability of a device.
type Endpoint struct {
	Name   string // without technology: "op-7"
	Online bool   // at least one contact is registered
}

// Originate describes a leg to be made.
type Originate struct {
	Leg      LegID  // chosen by the caller; a second Originate with the same id succeeds without a second leg
	Endpoint string // a device by name, without technology ("op-7"); or
	Number   string // a number to dial through the site's trunk (E.164 or as the dial rules made it)
	From     Party  // what the far end shall see
	Timeout  time.Duration
	Headers  map[string]string // SIP headers of the INVITE, e.g. X-Pult-Call
	Marks    Marks
}

// Driver is implemented by PBX adapters. All methods may be called concurrently with each other and with Run. Every method
// honours ctx and, where ctx has no nearer deadline, gives up after the driver's own (at most 3 s). Errors are errs kinds:
// Conflict when the leg has ended or its state forbids it, Unavailable while there is no link, Timeout, Invalid, Internal.
// A command's success means "accepted"; what it did comes back as an Event.
type Driver interface {
	// Run connects, reconnects with back-off and calls sink for every event, in order, from one goroutine, until ctx ends; then
	// it returns ctx's error. sink must not block. It may be called once per Driver value. It returns earlier only if the
	// configuration can never work (wrong credentials are retried: they may be mended on the other side).
	Run(ctx context.Context, sink func(Event)) error

	// Originate makes a leg. It is idempotent by Originate.Leg. An endpoint that is not registered is errs.Unavailable and no
	// event follows; any later failure arrives as LegEnded.
	Originate(ctx context.Context, o Originate) error
	// Answer answers a leg that came to us. Answering an answered leg succeeds.
	Answer(ctx context.Context, leg LegID) error
	// Hangup ends a leg. Ending an ended leg succeeds.
	Hangup(ctx context.Context, leg LegID, cause Cause) error
	// Join puts the legs into the mixing bridge, which is made if absent, taking them out of wherever they were (music
	// included). Either all legs join or none; a leg that ended is errs.Conflict. Joining again succeeds.
	Join(ctx context.Context, bridge BridgeID, legs ...LegID) error
	// Park takes the leg out of any bridge and lets it hear music on hold, alone. Parking a parked leg succeeds.
	Park(ctx context.Context, leg LegID) error
	// CloseBridge destroys a bridge; legs in it stay alive. An absent bridge is success.
	CloseBridge(ctx context.Context, bridge BridgeID) error
	// Mark writes marks on the leg, replacing those with equal keys.
	Mark(ctx context.Context, leg LegID, marks Marks) error
}

// Optional capabilities, found by type assertion.
type (
	// DigitSender sends keypad digits towards the leg's far end (0-9 A-D * # and ',' for a pause of half a second).
	DigitSender interface {
		SendDigits(ctx context.Context, leg LegID, digits string) error
	}
	// Muter stops what the leg's far end says from being heard.
	Muter interface {
		SetMuted(ctx context.Context, leg LegID, muted bool) error
	}
	// Ringbacker lets the leg hear a ringing tone while another leg is being made.
	Ringbacker interface {
		SetRingback(ctx context.Context, leg LegID, on bool) error
	}
	// Returner hands the leg back to the PBX's own dialplan, behind the point where it entered.
	Returner interface {
		Return(ctx context.Context, leg LegID) error
	}
	// Provisioner manages operators' SIP accounts on the PBX. Accounts do not survive a PBX restart; the core pushes them again
	// when LinkUp.StartedAt changes.
	Provisioner interface {
		// Provision creates or replaces the account: after it returns only this secret signs in, and contacts that signed in with
		// an earlier one are gone.
		Provision(ctx context.Context, a Account) error
		// Deprovision removes the account and its contacts. An absent account is success.
		Deprovision(ctx context.Context, endpoint string) error
		// Realm is the SIP digest realm that HA1 must be made for (RFC 2617 §3.2.2.2).
		Realm() string
		// PhoneURLs are the WebSocket addresses of the PBX for phones (RFC 7118).
		PhoneURLs() []string
	}
	// RTPMeter counts a leg's media.
	RTPMeter interface {
		// RTP returns the counts as they are now. A leg through which nothing has passed yet has counts of zero. After its end a leg
		// has none (errs.Conflict); LegEnded.RTP may have the last.
		RTP(ctx context.Context, leg LegID) (RTP, error)
	}
	// FarAnswerer answers an originated leg in place of its far end; only a simulated PBX, which has no phones, can.
	FarAnswerer interface {
		AnswerFar(ctx context.Context, leg LegID) error
	}
	// Diagnoser tells what is wrong between Pult and the PBX. It needs no running link and leaves nothing behind.
	Diagnoser interface {
		Diagnose(ctx context.Context) []Finding
	}
	// DemoCaller makes a rehearsal call as if from outside: from calls the inbound number and, answered, speaks and listens for a while.
	DemoCaller interface {
		DemoCall(ctx context.Context, from Party, to string, d time.Duration) error
	}
)

// RTP counts the media of one leg since it began, as the PBX sees it (RFC 3550). In is what comes from the far end.
type RTP struct {
	At             time.Time
	Codec          string // lower case: "opus", "alaw"; "" = not known
	Received, Sent uint64 // packets
	LostIn         uint64 // packets that should have arrived
	JitterIn       time.Duration
	Reported       bool          // the far end has reported (RTCP): what follows is known
	LostOut        uint64        // packets of ours that did not arrive there
	JitterOut      time.Duration // there
	RoundTrip      time.Duration // 0 = not known
}

// Account is a SIP account of an operator's phone. HA1 is equivalent to a password: it is never logged nor stored unsealed.
type Account struct {
	Endpoint    string // also user name and address of record
	DisplayName string
	HA1         string // lower-case hex MD5(user:realm:secret), RFC 2617
	WebRTC      bool
}

// Finding is one thing that a Diagnoser looked at.
type Finding struct {
	OK   bool
	What string // what was looked at: "ARI answers at http://…"
	Why  string // what is wrong, or a detail worth knowing
	Fix  string // what to write where; "" when nothing is wrong
	File string // the configuration file of the PBX that Fix is about: "sorcery.conf"; "" when it is not one
}
