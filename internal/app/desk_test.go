package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/lab"
	"github.com/pult-cc/pult/internal/lab/sipua"
	"github.com/pult-cc/pult/telephony/phones"
)

const (
	operatorTone = 700
	customerTone = 1100
)

// desk is an operator at a desk phone: a real Asterisk, a served Pult, and a phone that registers over UDP with what was printed.
type desk struct {
	t       *testing.T
	ast     *lab.Asterisk
	cfg     config.Config
	command *app.DeskPhones // as `pult phone` uses it, beside the running server
	page    *client
	phone   *sipua.Agent
	ear     *lab.RTP // the phone's
}

func newDesk(t *testing.T) *desk { return newDeskAt(t, testConfig(t)) }

// newDeskAt is a desk where the configuration says more.
func newDeskAt(t *testing.T, cfg config.Config) *desk {
	t.Helper()
	ast, err := lab.StartAsterisk(t.Context(), lab.AsteriskOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Telephony.ARI.URL, cfg.Telephony.ARI.User, cfg.Telephony.ARI.Password = ast.ARIURL, ast.ARIUser, ast.ARIPassword
	cfg.Telephony.Trunk, cfg.Telephony.Realm = "PJSIP/{number}@carrier", ast.Realm
	cfg.Telephony.PhoneWSURLs, cfg.Telephony.DeskPhoneServer = []string{ast.WSURL}, ast.SIPAddr
	quiet := slog.New(slog.DiscardHandler)
	for login, role := range map[string]auth.Role{"anna": auth.RoleOperator, "adam": auth.RoleAdmin} {
		_, err := app.AddUser(t.Context(), cfg, quiet, app.UserSpec{Login: login, Name: login, Password: "a long password", Role: role})
		if err != nil && !errs.Is(err, errs.Conflict) {
			t.Fatal(err)
		}
	}
	d := &desk{t: t, ast: ast, cfg: cfg}
	d.page = d.signIn(serve(t, cfg), "anna")
	if d.command, err = app.OpenDeskPhones(t.Context(), cfg, quiet); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.command.Close() })
	host, _, err := net.SplitHostPort(ast.CarrierAddr)
	if err != nil {
		t.Fatal(err)
	}
	if d.ear, err = lab.ListenRTP(host); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.ear.Close() })
	d.ear.Tone(operatorTone)
	if d.phone, err = sipua.New(net.JoinHostPort(host, "0"), ast.SIPAddr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.phone.Close)
	d.phone.SpeakThrough(d.ear.Addr())
	return d
}

func (d *desk) signIn(base, login string) *client {
	c := newClient(d.t, base)
	if _, code := c.query(fmt.Sprintf(`mutation{signIn(input:{login:%q,password:"a long password"}){viewer{roles}}}`, login)); code != "" {
		d.t.Fatalf("signing %s in gave %q", login, code)
	}
	return c
}

// soon waits until something holds.
func (d *desk) soon(what string, holds func() error) {
	d.t.Helper()
	deadline := time.NewTimer(40 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			d.t.Fatalf("%s: %v", what, err)
		}
	}
}

func (d *desk) register(a phones.DeskAccount) error {
	return d.phone.Register(d.t.Context(), a.User, sipua.HA1(a.User, a.Realm, a.Password))
}

// me waits until the page sees the operator so.
func (d *desk) me(device string, online bool) {
	d.t.Helper()
	d.soon("the page's view", func() error {
		data, _ := d.page.query(`{viewer{operator{device phoneOnline}}}`)
		o := data["viewer"].(map[string]any)["operator"].(map[string]any)
		if o["device"] != device || o["phoneOnline"] != online {
			return fmt.Errorf("the page sees %v", o)
		}
		return nil
	})
}

// comeOnline registers, again and again as phones do, until the page sees the phone: a change of the account drops who registers while it
// is being made.
func (d *desk) comeOnline(a phones.DeskAccount) {
	d.t.Helper()
	d.soon("the desk phone's coming online", func() error {
		if err := d.register(a); err != nil {
			return err
		}
		data, _ := d.page.query(`{viewer{operator{phoneOnline}}}`)
		if data["viewer"].(map[string]any)["operator"].(map[string]any)["phoneOnline"] != true {
			return errors.New("it is registered, and yet not online")
		}
		return nil
	})
}

// call waits until the operator's call is in a state, and returns its id; "" is no call.
func (d *desk) call(state string) (id string) {
	d.t.Helper()
	d.soon("the call's state "+state, func() error {
		data, code := d.page.query(`{calls{id state}}`)
		cs, _ := data["calls"].([]any)
		if len(cs) == 1 && cs[0].(map[string]any)["state"] == state {
			id = cs[0].(map[string]any)["id"].(string)
			return nil
		}
		if len(cs) == 0 && state == "" {
			return nil
		}
		return fmt.Errorf("calls are %v %s", cs, code)
	})
	return id
}

// order gives a command by the page, and tells the code of its refusal.
func (d *desk) order(format, id string) (code string) {
	d.t.Helper()
	_, code = d.page.query(fmt.Sprintf(format, id))
	return code
}

func (d *desk) must(format, id string) {
	d.t.Helper()
	if code := d.order(format, id); code != "" {
		d.t.Fatalf(format+" gave %q", id, code)
	}
}

func (d *desk) within() context.Context {
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	d.t.Cleanup(cancel)
	return ctx
}

func (d *desk) check(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// ring lets a customer call and waits for the desk phone to ring.
func (d *desk) ring() (customer *lab.SIPp, mouth *lab.RTP, rings *sipua.Call, id string) {
	d.t.Helper()
	host, _, err := net.SplitHostPort(d.ast.CarrierAddr)
	d.check(err)
	mouth, err = lab.ListenRTP(host)
	d.check(err)
	d.t.Cleanup(func() { mouth.Close() })
	mouth.Tone(customerTone)
	customer, err = d.ast.Call(d.t.Context(), lab.CallOptions{To: "support", From: "+79161234567", Media: mouth})
	d.check(err)
	d.t.Cleanup(func() { customer.Close() })
	select {
	case rings = <-d.phone.Calls():
	case <-d.within().Done():
		d.t.Fatal("the desk phone does not ring")
	}
	d.check(rings.Ring())
	return customer, mouth, rings, d.call("RINGING")
}

// TestDeskPhone is a shift at a desk phone, from the printed account to the revoked one.
func TestDeskPhone(t *testing.T) {
	d := newDesk(t)
	account, _, err := d.command.Add(t.Context(), "Anna")
	d.check(err)
	if account.Server != d.ast.SIPAddr || len(account.Password) < 26 {
		t.Fatalf("printed is %s, %d characters of password", account.Server, len(account.Password))
	}
	if _, _, err := d.command.Add(t.Context(), "anna"); !errs.Is(err, errs.Conflict) {
		t.Fatalf("adding it again gave %v", err)
	}
	d.comeOnline(account)
	d.me("DESK", true)
	if code := d.order(`mutation{startPhone(input:{clientId:%q,take:true}){phone{id}}}`, "w"); code != "CONFLICT" {
		t.Fatalf("the page's own phone gave %q", code)
	}
	d.must(`mutation{setAvailability(input:{availability:%s}){operator{id}}}`, "READY")

	customer, mouth, rings, id := d.ring()
	if rings.Header("X-Pult-Call") != id || strings.Contains(rings.Offer(), "SAVPF") {
		t.Fatalf("the phone is called for %q with\n%s", rings.Header("X-Pult-Call"), rings.Offer())
	}
	if code := d.order(`mutation{answer(input:{callId:%q}){call{id}}}`, id); code != "CONFLICT" {
		t.Fatalf("answering in the page gave %q", code)
	}
	d.check(rings.Answer())
	d.call("TALKING")
	d.check(d.ear.WaitTone(d.within(), customerTone))
	d.check(mouth.WaitTone(d.within(), operatorTone))

	d.must(`mutation{hold(input:{callId:%q}){call{id}}}`, id)
	d.call("HELD")
	d.check(d.ear.WaitNoTone(d.within(), customerTone))
	d.check(mouth.WaitNoTone(d.within(), operatorTone))
	d.check(mouth.WaitSound(d.within())) // music
	d.must(`mutation{resume(input:{callId:%q}){call{id}}}`, id)
	d.call("TALKING")
	d.check(d.ear.WaitTone(d.within(), customerTone))
	d.check(mouth.WaitTone(d.within(), operatorTone))
	d.must(`mutation{setMuted(input:{callId:%q,muted:true}){call{id}}}`, id)
	d.check(mouth.WaitSilence(d.within()))
	d.must(`mutation{setMuted(input:{callId:%q,muted:false}){call{id}}}`, id)
	d.check(mouth.WaitTone(d.within(), operatorTone))

	d.check(rings.Hangup(d.within())) // the receiver is put down: BYE
	_, err = customer.WaitEvent(d.within(), "ended")
	d.check(err)
	d.call("WRAP_UP")
	d.must(`mutation{wrapUp(input:{callId:%q,action:FINISH}){call{id}}}`, id)
	d.call("")

	// A new password while somebody talks: they do, the old one is no good, the new one is.
	_, mouth, rings, _ = d.ring()
	d.check(rings.Answer())
	d.call("TALKING")
	rotated, _, err := d.command.Rotate(t.Context(), "anna")
	d.check(err)
	d.soon("the refusal of the old password", func() error {
		if err := d.register(account); err == nil {
			return errors.New("it registers")
		}
		return nil
	})
	d.comeOnline(rotated)
	d.check(mouth.WaitTone(d.within(), operatorTone))
	id = d.call("TALKING")

	// And by the page: hang-up is the server's.
	d.must(`mutation{hangUp(input:{callId:%q}){call{id}}}`, id)
	select {
	case <-rings.Ended():
	case <-d.within().Done():
		t.Fatal("the desk phone is not hung up")
	}
	d.call("WRAP_UP")
	d.must(`mutation{wrapUp(input:{callId:%q,action:FINISH}){call{id}}}`, id)

	// Asterisk has forgotten everything, and is told again.
	d.check(d.ast.Restart(t.Context()))
	d.me("DESK", false)
	d.comeOnline(rotated)
	if err := d.register(account); err == nil {
		t.Fatal("the restart brought the old password back")
	}
	d.check(d.register(rotated))

	// Signing out of the page takes the operator off the floor, not the phone off the desk.
	d.must(`mutation{signOut{%s}}`, "ok")
	d.page = d.signIn(d.page.base, "anna")
	d.check(d.register(rotated))
	d.me("DESK", true)

	_, err = d.command.Remove(t.Context(), "anna")
	d.check(err)
	d.me("WEB", false)
	if err := d.register(rotated); err == nil {
		t.Fatal("a revoked account registers")
	}
	d.must(`mutation{startPhone(input:{clientId:%q,take:true}){phone{ha1}}}`, "w")
	if _, err := d.command.Remove(t.Context(), "anna"); !errs.Is(err, errs.NotFound) {
		t.Fatalf("removing it again gave %v", err)
	}
}

// TestDeskPhoneByTheAPI: an administrator issues it; straight from the page's phone, whose account goes.
func TestDeskPhoneByTheAPI(t *testing.T) {
	d := newDesk(t)
	admin := d.signIn(d.page.base, "adam")
	var data map[string]any
	d.soon("the page's phone", func() (err error) { // the link to Asterisk may not be up yet
		var code string
		if data, code = d.page.query(`mutation{startPhone(input:{clientId:"w",take:true}){phone{ha1 authorizationUser}}}`); code != "" {
			err = errors.New(code)
		}
		return err
	})
	session := data["startPhone"].(map[string]any)["phone"].(map[string]any)
	id := strings.TrimPrefix(session["authorizationUser"].(string), "op-")
	data, code := admin.query(fmt.Sprintf(`mutation{issueDeskPhone(input:{operatorId:%q}){account{user password realm}}}`, id))
	if code != "" {
		t.Fatalf("issuing gave %q", code)
	}
	a := data["issueDeskPhone"].(map[string]any)["account"].(map[string]any)
	d.check(d.register(phones.DeskAccount{User: a["user"].(string), Password: a["password"].(string), Realm: a["realm"].(string)}))
	d.me("DESK", true)
	if err := d.phone.Register(t.Context(), session["authorizationUser"].(string), session["ha1"].(string)); err == nil {
		t.Fatal("the page's secret still registers")
	}
	if _, code := admin.query(fmt.Sprintf(`mutation{setOperatorDevice(input:{operatorId:%q,device:WEB}){operator{device}}}`, id)); code != "" {
		t.Fatalf("choosing the page gave %q", code)
	}
	d.me("WEB", false)
	if err := d.register(phones.DeskAccount{User: a["user"].(string), Password: a["password"].(string), Realm: a["realm"].(string)}); err == nil {
		t.Fatal("a revoked account registers")
	}
}
