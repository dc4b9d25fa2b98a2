package fakepbx

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// InboundCall lets somebody call from outside: the dialplan sends the leg, ringing, to the application with args ("queue",
// "support"). It returns "" when nobody is connected: then the call goes on in the dialplan, and FellPast counts it.
func (p *PBX) InboundCall(from telephony.Party, dialed string, args ...string) telephony.LegID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.callIn(from, dialed, p.opts.Caller, args)
}

func (p *PBX) callIn(from telephony.Party, dialed string, b Behaviour, args []string) telephony.LegID {
	if p.active == nil {
		p.fellPast++
		return ""
	}
	p.sequence++
	l := &leg{
		Leg: telephony.Leg{
			ID:    telephony.LegID(fmt.Sprintf("in-%d-%d", p.started.Unix(), p.sequence)),
			State: telephony.LegRinging, Party: from, Dialed: dialed, Endpoint: trunkEndpoint, Marks: telephony.Marks{}, Created: time.Now(),
		},
		args:      slices.Clone(args),
		behaviour: b,
		reported:  map[*Driver]bool{},
	}
	p.legs[l.ID] = l
	p.announce(l)
	return l.ID
}

// FellPast returns how many calls came in while nobody was connected.
func (p *PBX) FellPast() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fellPast
}

// RingLeg lets the far end of an originated leg ring. It returns false when the leg is not waiting for that.
func (p *PBX) RingLeg(id telephony.LegID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil || l.State != telephony.LegDown {
		return false
	}
	p.rang(l)
	return true
}

// AnswerLeg lets the far end of an originated leg answer. It returns false when the leg is not waiting for that.
func (p *PBX) AnswerLeg(id telephony.LegID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil || !l.originated || l.State == telephony.LegUp {
		return false
	}
	p.answered(l)
	return true
}

// RejectLeg lets the far end of an originated leg decline: busy {17, 486}, rejected {21, 603}. It returns false when the leg
// is not waiting for that.
func (p *PBX) RejectLeg(id telephony.LegID, cause telephony.Cause) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil || !l.originated || l.State == telephony.LegUp {
		return false
	}
	p.end(l, cause, false)
	return true
}

// FarEndHangup lets the far end of a leg hang up. It returns false when there is no such leg.
func (p *PBX) FarEndHangup(id telephony.LegID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil {
		return false
	}
	p.end(l, telephony.Cause{Q850: telephony.CauseNormal}, false)
	return true
}

// PressDigits lets the far end of a leg press keys.
func (p *PBX) PressDigits(id telephony.LegID, digits string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.legs[id] == nil {
		return
	}
	for _, r := range digits {
		p.emit(telephony.LegDigit{At: time.Now(), Leg: id, Digit: string(r)})
	}
}

// SetEndpointOnline lets a device register or go away. No account is needed for it, so that a test need not provision one.
func (p *PBX) SetEndpointOnline(name string, online bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setOnline(name, online)
}

// SignIn lets a device register with a secret's HA1; only the one that was provisioned last is let in.
func (p *PBX) SignIn(name, ha1 string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.endpoints[name]
	if e == nil || e.account == nil || e.account.HA1 != ha1 {
		return false
	}
	p.setOnline(name, true)
	return true
}

// SetBehaviour says what one device does by itself from now on.
func (p *PBX) SetBehaviour(endpoint string, b Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behaviour[endpoint] = b
}

// SetTrunk takes the trunk away or gives it back.
func (p *PBX) SetTrunk(there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noTrunk = !there
}

// CutLink cuts the connection between driver and PBX. Legs live on; the driver is told LinkDown.
func (p *PBX) CutLink(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut(reason)
}

func (p *PBX) cut(reason string) {
	p.linkCut = true
	if d := p.active; d != nil {
		p.active = nil
		d.waiting = true
		d.push(telephony.LinkDown{At: time.Now(), Reason: reason})
	}
}

// RestoreLink mends what CutLink cut; the driver connects at once and is told LinkUp.
func (p *PBX) RestoreLink() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restore()
}

func (p *PBX) restore() {
	p.linkCut = false
	if p.active != nil {
		return
	}
	for _, d := range slices.Backward(p.running) {
		if d.waiting {
			p.connect(d)
			return
		}
	}
}

// Restart restarts the PBX: the link is cut, all legs, bridges, accounts and registrations are gone, the link is back.
func (p *PBX) Restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut("the PBX is restarting")
	p.forget()
	if now := time.Now(); now.After(p.started) {
		p.started = now
	} else {
		p.started = p.started.Add(time.Millisecond)
	}
	p.restore()
}

// SetHanging lets commands hang until their deadline (the PBX has the connection but does not answer), or ends that.
func (p *PBX) SetHanging(hanging bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if hanging == (p.hang != nil) {
		return
	}
	if hanging {
		p.hang = make(chan struct{})
		return
	}
	close(p.hang)
	p.hang = nil
}

// SetLatency delays every command.
func (p *PBX) SetLatency(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = d
}

// FailNext lets the next call of a driver method ("Originate", "Join") fail with err, without any effect. Called several
// times, as many calls fail.
func (p *PBX) FailNext(method string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[method] = append(p.faults[method], err)
}

// Count returns how often a driver method ("Originate", "Join") was called.
func (p *PBX) Count(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[method]
}

// LegView is what the PBX knows of a leg, for tests to look at.
type LegView struct {
	telephony.Leg
	From     telephony.Party   // what the far end was shown
	Headers  map[string]string // as given to Originate
	Muted    bool
	Ringback bool
	Digits   string // sent by us
}

// Leg returns what the PBX knows of a live leg.
func (p *PBX) Leg(id telephony.LegID) (LegView, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.legs[id]
	if l == nil {
		return LegView{}, false
	}
	return l.view(), true
}

// Legs returns the live legs, oldest first.
func (p *PBX) Legs() []LegView {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []LegView
	for _, l := range p.sortedLegs() {
		out = append(out, l.view())
	}
	return out
}

func (l *leg) view() LegView {
	return LegView{
		Leg: l.snapshot(), From: l.from, Headers: maps.Clone(l.headers), Muted: l.muted, Ringback: l.ringback, Digits: l.digits,
	}
}

// Bridge returns the legs in a bridge, and whether it exists.
func (p *PBX) Bridge(id telephony.BridgeID) ([]telephony.LegID, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	members, ok := p.bridges[id]
	return slices.Clone(members), ok
}

// Account returns the account of an endpoint, if it was provisioned.
func (p *PBX) Account(endpoint string) (telephony.Account, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.endpoints[endpoint]
	if e == nil || e.account == nil {
		return telephony.Account{}, false
	}
	return *e.account, true
}
