package phones_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/phones"
)

// rows are the credentials of the database.
type rows struct {
	mu    sync.Mutex
	byOp  map[string]seal.Credential
	away  bool
	saved func()
	// swapping is called before each swap, listed after each reading of all.
	swapping, listed func()
}

func (r *rows) lock() (func(), error) {
	r.mu.Lock()
	if r.away {
		r.mu.Unlock()
		return nil, errs.E(errs.Unavailable, "reading", "database away")
	}
	return r.mu.Unlock, nil
}

func (r *rows) SwapCredential(_ context.Context, c seal.Credential, former string) error {
	if r.swapping != nil {
		r.swapping()
	}
	unlock, err := r.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if r.byOp[c.OperatorID].SessionID != former {
		return errs.E(errs.Conflict, "saving", "another session")
	}
	r.byOp[c.OperatorID] = c
	if r.saved != nil {
		r.saved()
	}
	return nil
}

func (r *rows) Credentials(context.Context) ([]seal.Credential, error) {
	if r.listed != nil {
		defer func() { r.listed() }()
	}
	unlock, err := r.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []seal.Credential
	for _, c := range r.byOp {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b seal.Credential) int { return strings.Compare(a.OperatorID, b.OperatorID) })
	return out, nil
}

func (r *rows) CredentialOf(_ context.Context, op string) (seal.Credential, error) {
	unlock, err := r.lock()
	if err != nil {
		return seal.Credential{}, err
	}
	defer unlock()
	c, ok := r.byOp[op]
	if !ok {
		return c, errs.E(errs.NotFound, "reading", "none")
	}
	return c, nil
}

func (r *rows) DeleteCredential(_ context.Context, op, session string) error {
	unlock, err := r.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if r.byOp[op].SessionID == session {
		delete(r.byOp, op)
	}
	return nil
}

// keys are versions of the sealing key; a missing one is gone.
type keys struct {
	mu      sync.Mutex
	current uint32
	gone    map[uint32]bool
	away    bool
}

func (k *keys) key(v uint32) (seal.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.away:
		return seal.Key{}, errs.E(errs.Unavailable, "reading key", "Vault away")
	case k.gone[v]:
		return seal.Key{}, errs.E(errs.NotFound, "reading key", "no such version")
	}
	return seal.Key{Version: v, Bytes: [32]byte{byte(v)}}, nil
}

func (k *keys) Current(context.Context) (seal.Key, error)             { return k.key(k.current) }
func (k *keys) Version(_ context.Context, v uint32) (seal.Key, error) { return k.key(v) }

// pbx keeps accounts.
type pbx struct {
	mu       sync.Mutex
	accounts map[string]telephony.Account
	pushed   []string
	fail     map[string]error // by endpoint, once each
	before   func(endpoint string)
}

func (p *pbx) Provision(_ context.Context, a telephony.Account) error {
	if p.before != nil {
		p.before(a.Endpoint)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.fail[a.Endpoint]; err != nil {
		delete(p.fail, a.Endpoint)
		return err
	}
	p.accounts[a.Endpoint] = a
	p.pushed = append(p.pushed, a.Endpoint)
	return nil
}

func (p *pbx) Deprovision(_ context.Context, endpoint string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.accounts, endpoint)
	return nil
}

func (p *pbx) Realm() string       { return "house" }
func (p *pbx) PhoneURLs() []string { return nil }

// house is a service with everything around it; commands go straight to the PBX, as the engine passes them on.
type house struct {
	*phones.Service
	rows    *rows
	desks   *desks
	keys    *keys
	pbx     *pbx
	notices []calls.Notice
	log     bytes.Buffer
	refuse  error // what the floor says to a command about an account
	// declared are the availabilities declared.
	declared []string
	reloads  int
}

func newHouse() *house {
	h := &house{
		rows:  &rows{byOp: map[string]seal.Credential{}},
		desks: &desks{at: map[string]bool{}},
		keys:  &keys{current: 1, gone: map[uint32]bool{}},
		pbx:   &pbx{accounts: map[string]telephony.Account{}, fail: map[string]error{}},
	}
	h.Service = phones.New(h.rows, h.desks, seal.New(h.keys), h, h,
		phones.Settings{Realm: "house", URLs: []string{"wss://pbx/ws"}, Host: "pbx", DeskServer: "pbx:5060", DeskTransport: "udp"}, slog.New(slog.NewTextHandler(&h.log, nil)))
	return h
}

func (h *house) Do(ctx context.Context, cmd calls.Command) (calls.Reply, error) {
	if cmd.Kind == calls.CmdSetAvailability { // needs no PBX
		h.declared = append(h.declared, cmd.OperatorID+" "+string(cmd.Avail))
		return calls.Reply{}, nil
	}
	if h.refuse != nil {
		return calls.Reply{}, h.refuse
	}
	if cmd.Kind == calls.CmdReloadDirectory {
		h.reloads++
		return calls.Reply{}, nil
	}
	if cmd.Kind == calls.CmdDropPhone {
		return calls.Reply{}, h.Drop(ctx, h.pbx, cmd.OperatorID)
	}
	return calls.Reply{}, h.Provision(ctx, h.pbx, cmd.OperatorID)
}

func (h *house) Notify(_ context.Context, n calls.Notice) error {
	h.notices = append(h.notices, n)
	return nil
}

// take is a person's wish for the phone, renew a window's own.
func take(op, client string) phones.Request {
	return phones.Request{OperatorID: op, DisplayName: strings.ToUpper(op), ClientID: client, Take: true}
}

func renew(op, client string) phones.Request {
	r := take(op, client)
	r.Take = false
	return r
}

func (h *house) start(t *testing.T, op, client string) phones.Session {
	t.Helper()
	s, err := h.Start(t.Context(), take(op, client))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signsIn tells whether the PBX lets the session's phone in.
func (h *house) signsIn(s phones.Session) bool { return h.pbx.accounts[s.Endpoint].HA1 == s.HA1 }

func TestStartGivesWhatAPhoneNeeds(t *testing.T) {
	h := newHouse()
	s := h.start(t, "anna", "window")
	if s.Endpoint != "op-anna" || s.Realm != "house" || len(s.HA1) != 32 || s.Host != "pbx" || s.DisplayName != "ANNA" || s.ID == "" {
		t.Fatalf("the session is %+v", s)
	}
	if !h.signsIn(s) || !h.pbx.accounts["op-anna"].WebRTC {
		t.Fatal("the PBX does not know the account")
	}
	row := h.rows.byOp["anna"]
	if bytes.Contains(row.Sealed, []byte(s.HA1)) || len(row.Sealed) == 0 {
		t.Fatal("the secret is not sealed in the database")
	}
	if other := h.start(t, "boris", "window"); other.HA1 == s.HA1 {
		t.Fatal("two operators have the same secret")
	}
	if strings.Contains(h.log.String(), s.HA1) {
		t.Fatal("the secret is in the log")
	}
	for _, client := range []string{"", strings.Repeat("x", 65)} {
		if _, err := h.Start(t.Context(), take("anna", client)); errs.FieldsOf(err)["clientId"] == "" {
			t.Errorf("the client id %.10q gave %v", client, err)
		}
	}
	if got := phones.HA1("Mufasa", "testrealm@host.com", "Circle Of Life"); got != "939e7578ed9e3c518a452acee763bce9" { // RFC 2617 §3.5
		t.Fatalf("HA1 of the RFC's example is %s", got)
	}
}

// TestSecondWindowTakesOver: the newer signs in, the older no longer, and is told.
func TestSecondWindowTakesOver(t *testing.T) {
	h := newHouse()
	first := h.start(t, "anna", "one")
	second := h.start(t, "anna", "two")
	if h.signsIn(first) || !h.signsIn(second) {
		t.Fatal("the former window still signs in")
	}
	if len(h.notices) != 1 {
		t.Fatalf("%d notices", len(h.notices))
	}
	if n := h.notices[0]; n.Kind != calls.NoticePhoneTakenOver || n.OperatorID != "anna" || n.PhoneClientID != "two" {
		t.Fatalf("the notice is %+v", n)
	}
}

func TestReloadIsNoSecondWindow(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "one")
	again := h.start(t, "anna", "one")
	if !h.signsIn(again) || len(h.notices) != 0 {
		t.Fatalf("after the reload there are the notices %+v", h.notices)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "one")
	for range 2 {
		if err := h.Stop(t.Context(), "anna", "one"); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.rows.byOp) != 0 || len(h.pbx.accounts) != 0 {
		t.Fatal("something is left")
	}
}

// TestWindowThatSleptThroughItsLossTookThePhoneBack, in the middle of the conversation of the window that has it.
func TestWindowThatSleptThroughItsLossTookThePhoneBack(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "slept")
	has := h.start(t, "anna", "two")
	h.notices, h.pbx.pushed = nil, nil
	if _, err := h.Start(t.Context(), renew("anna", "slept")); !errs.Is(err, errs.Conflict) {
		t.Fatalf("the renewal gave %v", err)
	}
	if !h.signsIn(has) || len(h.pbx.pushed) != 0 || len(h.notices) != 0 {
		t.Fatalf("the refused renewal pushed %v and told %+v", h.pbx.pushed, h.notices)
	}
	if again, err := h.Start(t.Context(), renew("anna", "two")); err != nil || !h.signsIn(again) {
		t.Fatalf("the window that has the phone got %v", err)
	}
	if wanted := h.start(t, "anna", "slept"); !h.signsIn(wanted) { // a person clicks
		t.Fatal("the person does not get the phone")
	}
}

// TestRenewalOfAFreePhone: the window that had it has signed out.
func TestRenewalOfAFreePhone(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "two")
	for _, pbx := range []error{nil, errs.E(errs.Unavailable, "removing account", "PBX away")} {
		h.refuse = pbx
		if err := h.Stop(t.Context(), "anna", "two"); (err != nil) != (pbx != nil) {
			t.Fatalf("stopping gave %v", err)
		}
		h.refuse = nil
		s, err := h.Start(t.Context(), renew("anna", "one"))
		if err != nil || !h.signsIn(s) || len(h.notices) != 0 {
			t.Fatalf("the renewal gave %v, notices %+v", err, h.notices)
		}
		h.start(t, "anna", "two")
		h.notices = nil
	}
}

// TestRenewalRacesTakeOver: the take-over comes, in another process, between the renewal's look and its write.
func TestRenewalRacesTakeOver(t *testing.T) {
	for name, r := range map[string]phones.Request{"renewal": renew("anna", "one"), "second take-over": take("anna", "one")} {
		t.Run(name, func(t *testing.T) {
			h := newHouse()
			h.start(t, "anna", "one")
			var has phones.Session
			h.rows.swapping = func() {
				h.rows.swapping = nil
				has = h.start(t, "anna", "two")
			}
			s, err := h.Start(t.Context(), r)
			if r.Take {
				if err != nil || !h.signsIn(s) || h.notices[len(h.notices)-1].PhoneClientID != "one" {
					t.Fatalf("it gave %v, notices %+v", err, h.notices)
				}
				return
			}
			if !errs.Is(err, errs.Conflict) || !h.signsIn(has) {
				t.Fatalf("it gave %v; the other window signs in: %v", err, h.signsIn(has))
			}
		})
	}
}

// TestOldWindowsSignOutEndedTheNewersPhone, and made its operator unavailable.
func TestOldWindowsSignOutEndedTheNewersPhone(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "old")
	has := h.start(t, "anna", "new")
	for name, end := range map[string]func(ctx context.Context, op, client string) error{"Stop": h.Stop, "Leave": h.Leave} {
		if err := end(t.Context(), "anna", "old"); err != nil {
			t.Fatalf("%s gave %v", name, err)
		}
		if !h.signsIn(has) || len(h.declared) != 0 {
			t.Fatalf("after %s of the old window the newer signs in: %v; declared %v", name, h.signsIn(has), h.declared)
		}
	}
	if err := h.Leave(t.Context(), "anna", "new"); err != nil {
		t.Fatal(err)
	}
	if len(h.pbx.accounts) != 0 || !slices.Equal(h.declared, []string{"anna OFFLINE"}) {
		t.Fatalf("there are %d accounts, declared %v", len(h.pbx.accounts), h.declared)
	}
}

// TestSignOutWithoutAWindow ends the phone of whichever window has it.
func TestSignOutWithoutAWindow(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "one")
	if err := h.Leave(t.Context(), "anna", ""); err != nil || len(h.pbx.accounts) != 0 || len(h.declared) != 1 {
		t.Fatalf("it gave %v, %d accounts, declared %v", err, len(h.pbx.accounts), h.declared)
	}
	if err := h.Leave(t.Context(), "boris", ""); err != nil || len(h.declared) != 2 { // who never had a phone
		t.Fatalf("it gave %v, declared %v", err, h.declared)
	}
}

// TestStopRacesTakeOver: the phone that another window takes in that moment is not this window's to end.
func TestStopRacesTakeOver(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "one")
	var has phones.Session
	h.rows.swapping = func() {
		h.rows.swapping = nil
		has = h.start(t, "anna", "two")
	}
	if err := h.Leave(t.Context(), "anna", "one"); err != nil || !h.signsIn(has) || len(h.declared) != 0 {
		t.Fatalf("it gave %v; the other window signs in: %v; declared %v", err, h.signsIn(has), h.declared)
	}
}

// TestSignOutWhileThePBXIsAwayLeftTheAccountForEver: the removal is owed, whoever owns the floor when the PBX is back.
func TestSignOutWhileThePBXIsAwayLeftTheAccountForEver(t *testing.T) {
	h := newHouse()
	gone := h.start(t, "anna", "one")
	stays := h.start(t, "boris", "one")
	h.refuse = errs.E(errs.Unavailable, "removing account", "PBX away")
	if err := h.Leave(t.Context(), "anna", "one"); !errs.Is(err, errs.Unavailable) || len(h.declared) != 1 {
		t.Fatalf("signing out gave %v, declared %v", err, h.declared)
	}
	if row := h.rows.byOp["anna"]; !row.Ended() || row.SessionID == gone.ID {
		t.Fatal("the secret is still there")
	}
	h.refuse = nil
	have := map[string]bool{"op-anna": true, "op-boris": true, "carrier": true} // of LinkUp
	h.pbx.accounts["carrier"] = telephony.Account{}
	if err := h.ProvisionAll(t.Context(), h.pbx, have); err != nil {
		t.Fatal(err)
	}
	if _, there := h.pbx.accounts["op-anna"]; there || !h.signsIn(stays) || len(h.pbx.accounts) != 2 || len(h.rows.byOp) != 1 {
		t.Fatalf("accounts %v, rows %v", slices.Sorted(maps.Keys(h.pbx.accounts)), slices.Sorted(maps.Keys(h.rows.byOp)))
	}
	if have["op-anna"] {
		t.Fatal("the account that was removed is thought to be there")
	}
}

// TestSignInWhileARemovalIsOwed: the new account must not go with the old one.
func TestSignInWhileARemovalIsOwed(t *testing.T) {
	h := newHouse()
	h.start(t, "anna", "one")
	h.refuse = errs.E(errs.Unavailable, "removing account", "PBX away")
	if err := h.Stop(t.Context(), "anna", "one"); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("stopping gave %v", err)
	}
	if _, err := h.Start(t.Context(), take("anna", "two")); !errs.Is(err, errs.Unavailable) || !h.rows.byOp["anna"].Ended() {
		t.Fatalf("starting gave %v; the removal is no longer owed", err)
	}
	h.refuse = nil
	var again phones.Session
	h.rows.listed = func() { // signed in between the list and the removal
		h.rows.listed = nil
		again = h.start(t, "anna", "two")
	}
	have := map[string]bool{"op-anna": true}
	if err := h.ProvisionAll(t.Context(), h.pbx, have); err != nil || !h.signsIn(again) || !have["op-anna"] {
		t.Fatalf("it gave %v; the new session signs in: %v", err, h.signsIn(again))
	}
}

// TestStartWhileThePBXIsAway must not cost the phone that is signed in its way back.
func TestStartWhileThePBXIsAway(t *testing.T) {
	h := newHouse()
	first := h.start(t, "anna", "one")
	h.refuse = errs.E(errs.Unavailable, "provisioning", "PBX away")
	if _, err := h.Start(t.Context(), take("anna", "two")); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("starting gave %v", err)
	}
	if _, err := h.Start(t.Context(), take("boris", "one")); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("starting gave %v", err)
	}
	h.refuse = nil
	clear(h.pbx.accounts) // it has restarted
	if err := h.ProvisionAll(t.Context(), h.pbx, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	if !h.signsIn(first) || len(h.pbx.accounts) != 1 {
		t.Fatalf("after the restart the PBX has %d accounts, anna's phone signs in: %v", len(h.pbx.accounts), h.signsIn(first))
	}
	if second := h.start(t, "anna", "two"); !h.signsIn(second) || len(h.notices) != 1 {
		t.Fatalf("the second window got %d notices out", len(h.notices))
	}
}

// TestTwoWindowsAtOnce: one of them gets a phone, the other is told why not. Neither holds a secret that does not sign in.
func TestTwoWindowsAtOnce(t *testing.T) {
	h := newHouse()
	var second phones.Session
	h.pbx.before = func(string) {
		h.pbx.before = nil
		c := h.rows.byOp["anna"]
		c.SessionID, c.ClientID = "newer", "two"
		h.rows.byOp["anna"] = c // the other window's Start has come this far
	}
	if _, err := h.Start(t.Context(), take("anna", "one")); !errs.Is(err, errs.Conflict) {
		t.Fatalf("the window that lost got %v", err)
	}
	if second = h.start(t, "anna", "two"); !h.signsIn(second) {
		t.Fatal("nobody signs in")
	}
}

// TestProvisionAllAfterARestart pushes what the PBX does not have, and that only: a push drops a registration.
func TestProvisionAllAfterARestart(t *testing.T) {
	h := newHouse()
	sessions := map[string]phones.Session{}
	for i := range 40 {
		op := fmt.Sprintf("op%02d", i)
		sessions[op] = h.start(t, op, "w")
	}
	h.pbx.pushed = nil
	clear(h.pbx.accounts)
	h.pbx.accounts["op-op07"] = telephony.Account{HA1: sessions["op07"].HA1}
	h.pbx.fail["op-op20"] = errs.E(errs.Unavailable, "provisioning", "PBX away again")
	have := map[string]bool{"op-op07": true}
	if err := h.ProvisionAll(t.Context(), h.pbx, have); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("with the PBX away it gave %v", err)
	}
	if err := h.ProvisionAll(t.Context(), h.pbx, have); err != nil {
		t.Fatal(err)
	}
	for op, s := range sessions {
		if !h.signsIn(s) {
			t.Errorf("%s does not sign in", op)
		}
	}
	slices.Sort(h.pbx.pushed)
	if n := len(slices.Compact(slices.Clone(h.pbx.pushed))); n != 39 || len(h.pbx.pushed) != n {
		t.Fatalf("%d pushes of %d accounts; want 39 of 39", len(h.pbx.pushed), n)
	}
}

// TestKeyIsGone: that operator's phone has to start anew; the others must not suffer.
func TestKeyIsGone(t *testing.T) {
	h := newHouse()
	lost := h.start(t, "anna", "one")
	h.keys.current = 2
	kept := h.start(t, "boris", "one")
	h.keys.gone[1] = true
	clear(h.pbx.accounts)
	if err := h.ProvisionAll(t.Context(), h.pbx, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	if h.signsIn(lost) || !h.signsIn(kept) {
		t.Fatalf("the PBX has %d accounts", len(h.pbx.accounts))
	}
	if !strings.Contains(h.log.String(), "anna") || strings.Contains(h.log.String(), lost.HA1) {
		t.Fatalf("the log says %s", h.log.String())
	}
	if again := h.start(t, "anna", "one"); !h.signsIn(again) {
		t.Fatal("a new session does not help")
	}
}

// TestKeySourceIsAway: then it is no use to go on, and trying again must help.
func TestKeySourceIsAway(t *testing.T) {
	h := newHouse()
	s := h.start(t, "anna", "one")
	clear(h.pbx.accounts)
	have := map[string]bool{}
	h.keys.away = true
	if err := h.ProvisionAll(t.Context(), h.pbx, have); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("it gave %v", err)
	}
	if _, err := h.Start(t.Context(), take("boris", "one")); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("starting gave %v", err)
	}
	h.keys.away, h.rows.away = false, true
	if err := h.ProvisionAll(t.Context(), h.pbx, have); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("without the database it gave %v", err)
	}
	h.rows.away = false
	if err := h.ProvisionAll(t.Context(), h.pbx, have); err != nil || !h.signsIn(s) {
		t.Fatalf("then it gave %v", err)
	}
}

// TestRestartAndReloadAtOnce: after a restart of the PBX all accounts are pushed while a page asks for a new session. The older secret
// must not overwrite the newer.
func TestRestartAndReloadAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	h := newHouse()
	h.start(t, "anna", "one")
	clear(h.pbx.accounts)
	pushing, saved := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.pbx.before = func(string) {
		once.Do(func() { // the old secret is on its way to the PBX
			close(pushing)
			<-saved
		})
	}
	done := make(chan error, 1)
	go func() { done <- h.ProvisionAll(t.Context(), h.pbx, map[string]bool{}) }()
	<-pushing
	h.rows.saved = func() { close(saved) }
	if s := h.start(t, "anna", "one"); !h.signsIn(s) {
		t.Error("the page was given a secret that does not sign in")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestSignOutOvertakenBySignIn: the account that a newer session has just got must not be removed.
func TestSignOutOvertakenBySignIn(t *testing.T) {
	h := newHouse()
	s := h.start(t, "anna", "two")
	if err := h.Drop(t.Context(), h.pbx, "anna"); !errs.Is(err, errs.Conflict) { // of a Stop that deleted the former credential
		t.Fatalf("dropping gave %v", err)
	}
	if !h.signsIn(s) {
		t.Fatal("the newer session was signed out")
	}
}
