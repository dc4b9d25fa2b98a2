package telephonytest

import (
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// accountTests are about operators' accounts.
var accountTests = []test{
	{"OnlyTheLastSecretSignsIn", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		prov := p.Driver.(telephony.Provisioner)
		if prov.Realm() == "" || len(prov.PhoneURLs()) == 0 {
			t.Errorf("realm %q, phone addresses %q", prov.Realm(), prov.PhoneURLs())
		}
		name := newEndpoint()
		old := ha1(name, prov.Realm(), "old")
		if _, err := b.SignIn(t, name, old); err == nil {
			t.Error("a device signed in without an account")
		}
		b.signIn(t, p, name, "old")
		must(t, prov.Provision(t.Context(), telephony.Account{Endpoint: name, DisplayName: "Anna", HA1: ha1(name, prov.Realm(), "new")}))
		await(t, p.recorder, func(e telephony.EndpointChanged) bool { return e.Endpoint == telephony.Endpoint{Name: name} })
		id := newLeg()
		if err := p.Originate(t.Context(), telephony.Originate{Leg: id, Endpoint: name, Timeout: time.Second}); !errs.Is(err, errs.Unavailable) {
			t.Errorf("the device of the earlier secret is still rung: %v", err)
		}
		if _, err := b.SignIn(t, name, old); err == nil {
			t.Error("a device signed in with the earlier secret")
		}
		dev := b.signIn(t, p, name, "newest")
		b.answered(t, p, name, dev)
	}},
	{"RemovedAccount", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		prov := p.Driver.(telephony.Provisioner)
		name, _ := b.device(t, p)
		must(t, prov.Deprovision(t.Context(), name))
		await(t, p.recorder, func(e telephony.EndpointChanged) bool { return e.Endpoint == telephony.Endpoint{Name: name} })
		must(t, prov.Deprovision(t.Context(), name))
		if _, err := b.SignIn(t, name, ha1(name, prov.Realm(), "secret")); err == nil {
			t.Error("a device signed in to a removed account")
		}
	}},
	{"NewSecretDoesNotEndTheCall", func(t *testing.T, b *bench) {
		p, _ := b.start(t)
		prov := p.Driver.(telephony.Provisioner)
		name, dev := b.device(t, p)
		id, far := b.answered(t, p, name, dev)
		must(t, prov.Provision(t.Context(), telephony.Account{Endpoint: name, HA1: ha1(name, prov.Realm(), "new")}))
		await(t, p.recorder, func(e telephony.EndpointChanged) bool { return e.Endpoint == telephony.Endpoint{Name: name} })
		quiet(t, p.recorder, about(id))
		far.Hangup(t)
		await(t, p.recorder, ofLeg[telephony.LegEnded](id))
		dev = b.signIn(t, p, name, "newest")
		b.answered(t, p, name, dev)
	}},
	{"DeviceComesAndGoes", func(t *testing.T, b *bench) {
		p, up := b.start(t)
		name, dev := b.device(t, p)
		if online(up, name) {
			t.Error("the device was online before it signed in")
		}
		told := func(e telephony.Event) bool {
			v, ok := e.(telephony.EndpointChanged)
			return ok && v.Endpoint.Name == name
		}
		quiet(t, p.recorder, told) // a device that leaves in the moment in which it came may be told of in any order
		dev.Leave(t)
		await(t, p.recorder, func(e telephony.EndpointChanged) bool { return e.Endpoint == telephony.Endpoint{Name: name} })
		quiet(t, p.recorder, told)
	}},
}
