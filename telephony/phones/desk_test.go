package phones_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/phones"
)

// desks are the devices of the database.
type desks struct {
	mu    sync.Mutex
	at    map[string]bool
	asked func() // called after each answer
}

func (d *desks) AtDesk(_ context.Context, op string) (bool, error) {
	d.mu.Lock()
	at, asked := d.at[op], d.asked
	d.mu.Unlock()
	if asked != nil {
		asked()
	}
	return at, nil
}

func (d *desks) SetAtDesk(_ context.Context, op string, desk bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if op == "nobody" {
		return errs.E(errs.NotFound, "setting device", "no such user")
	}
	d.at[op] = desk
	return nil
}

func (r *rows) PendingCredentials(ctx context.Context) ([]seal.Credential, error) {
	all, err := r.Credentials(ctx)
	return slices.DeleteFunc(all, func(c seal.Credential) bool { return !c.Pending }), err
}

func (r *rows) SettleCredential(_ context.Context, op, session string) error {
	unlock, err := r.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if c := r.byOp[op]; c.SessionID == session {
		c.Pending = false
		r.byOp[op] = c
	}
	return nil
}

func (h *house) issue(t *testing.T, op string) phones.DeskAccount {
	t.Helper()
	a, err := h.IssueDesk(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// registers tells whether the PBX lets a desk phone in with the account.
func (h *house) registers(a phones.DeskAccount) bool {
	there := h.pbx.accounts[a.User]
	return there.HA1 == phones.HA1(a.User, a.Realm, a.Password) && !there.WebRTC
}

func (h *house) settled(t *testing.T) {
	t.Helper()
	if cs, err := h.rows.PendingCredentials(t.Context()); err != nil || len(cs) > 0 {
		t.Fatalf("the PBX has not been told of %+v, %v", cs, err)
	}
}

func TestDeskPhoneGetsWhatIsTypedIntoIt(t *testing.T) {
	h := newHouse()
	a := h.issue(t, "anna")
	if a.Server != "pbx:5060" || a.Transport != "udp" || a.User != "op-anna" || a.Realm != "house" || a.Renewed || !h.desks.at["anna"] {
		t.Fatalf("the account is %+v", a)
	}
	if !h.registers(a) {
		t.Fatalf("the PBX has %+v", h.pbx.accounts)
	}
	if row := h.rows.byOp["anna"]; !row.Desk || strings.Contains(string(row.Sealed), a.Password) || strings.Contains(h.log.String(), a.Password) {
		t.Fatal("the password is kept somewhere")
	}
	if h.reloads == 0 {
		t.Fatal("the floor does not know that anna sits at a desk phone")
	}
	h.settled(t)
	if _, err := h.IssueDesk(t.Context(), "nobody"); !errs.Is(err, errs.NotFound) || len(h.rows.byOp) != 1 {
		t.Fatalf("for nobody it gave %v", err)
	}
}

// TestPasswordsAreStrongAndTypeable: 128 bits, in characters that are told apart on paper and found on every phone.
func TestPasswordsAreStrongAndTypeable(t *testing.T) {
	h := newHouse()
	seen := map[rune]int{}
	total := 0
	passwords := map[string]bool{}
	for range 400 {
		p := h.issue(t, "anna").Password
		passwords[p] = true
		for _, r := range p {
			seen[r]++
			total++
		}
		if bits := float64(len(p)) * math.Log2(31); bits < 128 {
			t.Fatalf("%d characters have %.1f bits", len(p), bits)
		}
	}
	if len(passwords) != 400 || len(seen) != 31 {
		t.Fatalf("%d passwords of %d characters", len(passwords), len(seen))
	}
	for r, n := range seen {
		if strings.ContainsRune("01oOlIi", r) || r > 'z' || float64(n) < 0.5*float64(total)/31 || float64(n) > 1.5*float64(total)/31 {
			t.Errorf("%q came %d times in %d", r, n, total)
		}
	}
}

// TestRotatedPasswordIsTheOnlyOne: what was on the phone before no longer signs in.
func TestRotatedPasswordIsTheOnlyOne(t *testing.T) {
	h := newHouse()
	first := h.issue(t, "anna")
	second := h.issue(t, "anna")
	if h.registers(first) || !h.registers(second) || !second.Renewed {
		t.Fatalf("the PBX has %+v", h.pbx.accounts)
	}
	clear(h.pbx.accounts)
	if err := h.ProvisionAll(t.Context(), h.pbx, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	if !h.registers(second) {
		t.Fatal("after a restart of the PBX the desk phone cannot register")
	}
}

// TestPageLeavesADeskPhoneAlone: whoever signs in and out of the page, also with whichever window has the phone.
func TestPageLeavesADeskPhoneAlone(t *testing.T) {
	h := newHouse()
	a := h.issue(t, "anna")
	if _, err := h.Start(t.Context(), take("anna", "w")); !errs.Is(err, errs.Conflict) || errs.Message(err) != "your device is a desk phone" {
		t.Fatalf("starting the page's phone gave %v", err)
	}
	for _, window := range []string{"", "w"} {
		if err := h.Stop(t.Context(), "anna", window); err != nil {
			t.Fatal(err)
		}
		if err := h.Leave(t.Context(), "anna", window); err != nil {
			t.Fatal(err)
		}
	}
	if !h.registers(a) || len(h.declared) != 2 {
		t.Fatalf("after signing out the PBX has %+v, declared is %v", h.pbx.accounts, h.declared)
	}
}

// TestDeviceGoesThereAndBack: each change ends what the other device signs in with, and nothing stays.
func TestDeviceGoesThereAndBack(t *testing.T) {
	h := newHouse()
	page := h.start(t, "anna", "w")
	if err := h.SetDevice(t.Context(), "anna", true); err != nil {
		t.Fatal(err)
	}
	if len(h.pbx.accounts) != 0 || len(h.rows.byOp) != 0 {
		t.Fatalf("the page still signs in: %+v", h.pbx.accounts)
	}
	if _, err := h.Start(t.Context(), take("anna", "w")); !errs.Is(err, errs.Conflict) {
		t.Fatalf("with a desk phone that has no account yet the page gave %v", err)
	}
	desk := h.issue(t, "anna")
	if has, err := h.HasDesk(t.Context(), "anna"); err != nil || !has || h.signsIn(page) {
		t.Fatalf("has %v, %v", has, err)
	}
	if err := h.SetDevice(t.Context(), "anna", true); err != nil || !h.registers(desk) {
		t.Fatalf("choosing what is chosen gave %v, the PBX has %+v", err, h.pbx.accounts)
	}
	if err := h.SetDevice(t.Context(), "anna", false); err != nil {
		t.Fatal(err)
	}
	if has, err := h.HasDesk(t.Context(), "anna"); err != nil || has || len(h.pbx.accounts) != 0 || len(h.rows.byOp) != 0 {
		t.Fatalf("revoked and yet there: %v, %v, %+v", has, err, h.pbx.accounts)
	}
	if s := h.start(t, "anna", "w"); !h.signsIn(s) || !h.pbx.accounts["op-anna"].WebRTC {
		t.Fatal("the page does not sign in")
	}
	if again := h.issue(t, "anna"); !h.registers(again) || again.Renewed { // straight from the page
		t.Fatalf("the PBX has %+v", h.pbx.accounts)
	}
}

// TestChangedWhileThePBXIsAway: the password that was shown must work as soon as the PBX is back, and a revoked one must not, even
// where the PBX has not forgotten it.
func TestChangedWhileThePBXIsAway(t *testing.T) {
	h := newHouse()
	old, gone := h.issue(t, "anna"), h.issue(t, "boris")
	h.refuse = errs.E(errs.Unavailable, "provisioning", "PBX away")
	fresh := h.issue(t, "anna")
	if err := h.SetDevice(t.Context(), "boris", false); err != nil {
		t.Fatal(err)
	}
	h.CatchUp(t.Context())
	if !h.registers(old) || !h.registers(gone) {
		t.Fatal("the PBX was told while it was away")
	}
	h.refuse = nil
	if err := h.ProvisionAll(t.Context(), h.pbx, map[string]bool{"op-anna": true, "op-boris": true}); err != nil {
		t.Fatal(err)
	}
	if h.registers(old) || !h.registers(fresh) || h.registers(gone) || len(h.rows.byOp) != 1 {
		t.Fatalf("the PBX has %+v", h.pbx.accounts)
	}
	h.settled(t)
}

// TestChangedOnTheCommandLine: that process knows no floor; the one that owns it catches up, once.
func TestChangedOnTheCommandLine(t *testing.T) {
	h := newHouse()
	h.start(t, "boris", "w")
	away := errs.E(errs.Unavailable, "asking", "nobody here owns the floor")
	h.refuse = away
	a, b := h.issue(t, "anna"), h.issue(t, "boris")
	h.refuse = nil
	h.CatchUp(t.Context())
	if !h.registers(a) || !h.registers(b) || h.reloads == 0 {
		t.Fatalf("the PBX has %+v", h.pbx.accounts)
	}
	pushed := len(h.pbx.pushed)
	h.CatchUp(t.Context())
	if len(h.pbx.pushed) != pushed {
		t.Fatal("pushed again, which signs the phone out")
	}
	h.refuse = away
	if err := h.SetDevice(t.Context(), "anna", false); err != nil {
		t.Fatal(err)
	}
	h.refuse = nil
	h.CatchUp(t.Context())
	if h.registers(a) || len(h.rows.byOp) != 1 {
		t.Fatalf("a revoked account is there: %+v", h.pbx.accounts)
	}
	h.settled(t)
}

// TestDeskPhoneChosenWhileThePageSignsIn: the page that asked before the choice must not end up with the phone.
func TestDeskPhoneChosenWhileThePageSignsIn(t *testing.T) {
	for _, issued := range []bool{false, true} {
		h := newHouse()
		var a phones.DeskAccount
		h.desks.asked = func() { // the page has been told that it is the device
			h.desks.asked = nil
			if issued {
				a = h.issue(t, "anna")
			} else if err := h.SetDevice(t.Context(), "anna", true); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Start(t.Context(), take("anna", "w")); !errs.Is(err, errs.Conflict) {
			t.Fatalf("the page got %v", err)
		}
		if issued != h.registers(a) || !issued && len(h.pbx.accounts) != 0 {
			t.Fatalf("the PBX has %+v", h.pbx.accounts)
		}
	}
}

// TestUnsealableDeskPhone: where the sealing key is gone the others must not suffer.
func TestUnsealableDeskPhone(t *testing.T) {
	h := newHouse()
	lost := h.issue(t, "anna")
	h.keys.current, h.keys.gone[1] = 2, true
	kept := h.issue(t, "boris")
	h.pbx.accounts = map[string]telephony.Account{}
	if err := h.ProvisionAll(t.Context(), h.pbx, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	if h.registers(lost) || !h.registers(kept) || strings.Contains(h.log.String(), lost.Password) {
		t.Fatalf("the PBX has %+v", h.pbx.accounts)
	}
}
