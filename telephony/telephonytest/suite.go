// Package telephonytest is the conformance suite of telephony.Driver: what the port's comments promise, tried on a PBX with
// somebody at the far ends. Every driver passes it, the real one against the real PBX.
package telephonytest

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// Harness is a PBX and the world around it. A harness serves one test after the other; what an earlier test left on the PBX
// must not be seen by the next.
type Harness interface {
	// NewDriver makes a driver for the PBX, each time another one, as a restarted or a second Pult would.
	NewDriver(t testing.TB) telephony.Driver
	// CallIn calls a queue from outside. The dialplan sends the call to the application with the arguments "queue" and its name;
	// the queue's name is also what was dialled.
	CallIn(t testing.TB, from telephony.Party, queue string) Far
	// SignIn lets a device register as an endpoint with a digest secret. It returns an error when the PBX refuses it.
	SignIn(t testing.TB, endpoint, ha1 string) (Device, error)
	// Outside is whoever is called through the trunk.
	Outside(t testing.TB) Device
	// CutLink cuts the connection between driver and PBX; RestoreLink mends it.
	CutLink(t testing.TB)
	RestoreLink(t testing.TB)
	// SetHanging lets the PBX answer nothing, or ends that.
	SetHanging(t testing.TB, hanging bool)
	// Restart restarts the PBX. Calls, accounts and registrations are gone. It returns when the PBX serves again.
	Restart(t testing.TB)
}

// Device is something that is called.
type Device interface {
	// Next returns the next call that arrives. It waits some seconds, then fails the test.
	Next(t testing.TB) Far
	// None fails the test if a call arrives within a moment.
	None(t testing.TB)
	// Leave lets the device sign out.
	Leave(t testing.TB)
}

// Far is the far end of a leg.
type Far interface {
	// Header returns a SIP header of the call that arrived.
	Header(name string) string
	// Caller returns who the call that arrived says it is from.
	Caller() telephony.Party
	Ring(t testing.TB)
	Answer(t testing.TB)
	// Reject declines with a SIP status: 486 busy here, 603 decline.
	Reject(t testing.TB, status int)
	// Hangup ends the call, answered or not.
	Hangup(t testing.TB)
	// Press presses a key.
	Press(t testing.TB, digit string)
	// AwaitEnd waits until the far end has been told that the call is over; some seconds, then it fails the test.
	AwaitEnd(t testing.TB)
}

// Patience is how long the suite waits for what must happen.
const Patience = 20 * time.Second

// test is one test of the suite.
type test struct {
	name string
	run  func(*testing.T, *bench)
}

// Run runs the suite. newHarness is called once per test, with the test that it is for.
func Run(t *testing.T, newHarness func(*testing.T) Harness) {
	var tests []test
	for _, group := range [][]test{inboundTests, outboundTests, bridgeTests, linkTests, accountTests, refusalTests, capabilityTests, mediaTests} {
		tests = append(tests, group...)
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			tc.run(t, &bench{Harness: newHarness(t)})
		})
	}
}

// bench is a harness with helpers.
type bench struct{ Harness }

// pult is a driver that runs.
type pult struct {
	telephony.Driver
	*recorder
	stop func() // ends Run, as a crash of Pult would, and waits for it
}

// start makes a driver, runs it and waits until the link is up.
func (b *bench) start(t *testing.T) (*pult, telephony.LinkUp) {
	t.Helper()
	p := b.run(t)
	return p, await[telephony.LinkUp](t, p.recorder, nil)
}

// run makes a driver and runs it until the test ends.
func (b *bench) run(t *testing.T) *pult {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &pult{Driver: b.NewDriver(t), recorder: newRecorder()}
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, p.sink) }()
	var stopped atomic.Bool
	p.stop = func() {
		cancel()
		if stopped.Swap(true) {
			return
		}
		select {
		case err := <-done:
			if err == nil || ctx.Err() == nil {
				t.Errorf("Run returned %v although its context was not done", err)
			}
		case <-time.After(Patience):
			t.Error("Run did not return after its context was done")
		}
		p.check(t)
	}
	t.Cleanup(p.stop)
	return p
}

// unique numbers what must not meet what an earlier test, or an earlier run, left behind.
var unique = func() *atomic.Int64 {
	n := new(atomic.Int64)
	n.Store(time.Now().UnixMilli())
	return n
}()

func newLeg() telephony.LegID { return telephony.LegID(fmt.Sprintf("leg-%d", unique.Add(1))) }

func newBridge() telephony.BridgeID { return telephony.BridgeID(fmt.Sprintf("call-%d", unique.Add(1))) }

func newEndpoint() string { return fmt.Sprintf("op-%d", unique.Add(1)) }

// ha1 is RFC 2617's digest secret.
func ha1(user, realm, secret string) string {
	sum := md5.Sum([]byte(user + ":" + realm + ":" + secret))
	return hex.EncodeToString(sum[:])
}

// customer is who calls.
var customer = telephony.Party{Number: "79161234567", Name: "Ivan"}

// callIn lets the customer call and waits for the leg.
func (b *bench) callIn(t *testing.T, p *pult) (telephony.Leg, Far) {
	t.Helper()
	far := b.CallIn(t, customer, "support")
	started := await(t, p.recorder, func(e telephony.LegStarted) bool { return len(e.Args) > 0 })
	return started.Leg, far
}

// device provisions an account and lets a device sign in.
func (b *bench) device(t *testing.T, p *pult) (string, Device) {
	t.Helper()
	name := newEndpoint()
	return name, b.signIn(t, p, name, "secret")
}

// signIn provisions an account with a secret and lets a device sign in, until the PBX tells that it is there.
func (b *bench) signIn(t *testing.T, p *pult, name, secret string) Device {
	t.Helper()
	prov, ok := p.Driver.(telephony.Provisioner)
	if !ok {
		t.Fatal("the suite needs a driver that provisions accounts")
	}
	h := ha1(name, prov.Realm(), secret)
	if err := prov.Provision(t.Context(), telephony.Account{Endpoint: name, DisplayName: "Anna", HA1: h}); err != nil {
		t.Fatalf("Provision: %v", err)
	}
	dev, err := b.SignIn(t, name, h)
	if err != nil {
		t.Fatalf("signing in: %v", err)
	}
	await(t, p.recorder, func(e telephony.EndpointChanged) bool { return e.Endpoint.Name == name && e.Endpoint.Online })
	return dev
}

// answered originates a leg to the device and lets it answer.
func (b *bench) answered(t *testing.T, p *pult, endpoint string, dev Device) (telephony.LegID, Far) {
	t.Helper()
	id := newLeg()
	must(t, p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: endpoint, From: customer, Timeout: 10 * time.Second}))
	far := dev.Next(t)
	far.Answer(t)
	await(t, p.recorder, ofLeg[telephony.LegAnswered](id))
	return id, far
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
