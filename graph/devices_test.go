package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/pult-cc/pult/telephony/calls"
)

const (
	choose = `mutation { setOperatorDevice(input: {operatorId: "anna", device: DESK}) { operator { id device } } }`
	issue  = `mutation { issueDeskPhone(input: {operatorId: "anna"}) { account { server transport user password realm renewed } } }`
)

// TestWhoMayChooseDevices: a supervisor runs the floor; a password that signs in as somebody is an administrator's to give.
func TestWhoMayChooseDevices(t *testing.T) {
	s := newStand(t)
	for who, want := range map[string][2]string{
		"": {"UNAUTHENTICATED", "UNAUTHENTICATED"}, "anna": {"FORBIDDEN", "FORBIDDEN"}, "boris": {"FORBIDDEN", "FORBIDDEN"},
		"sonya": {"", "FORBIDDEN"}, "adam": {"", ""},
	} {
		for i, query := range []string{choose, issue} {
			devices, issued := len(s.phones.devices), len(s.phones.issued)
			a := s.do(who, query)
			if a.code() != want[i] {
				t.Errorf("%s as %q: %q, want %q", query, who, a.code(), want[i])
			}
			if a.code() != "" && (len(s.phones.devices) != devices || len(s.phones.issued) != issued) {
				t.Errorf("%s as %q was refused and yet done", query, who)
			}
		}
	}
}

func TestDeskPhoneIsIssuedOnce(t *testing.T) {
	s := newStand(t)
	a := s.do("adam", issue)
	for path, want := range map[string]any{
		"server": "pbx:5060", "transport": "udp", "user": "op-anna", "password": "k7m2q", "realm": "asterisk", "renewed": false,
	} {
		if v := dig(at(a.Data, "issueDeskPhone", "account"), path); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
	if a.Header.Get("Cache-Control") != "no-store" || strings.Contains(s.log.String(), "k7m2q") {
		t.Error("the password may be kept")
	}
	if again := s.must("adam", issue); dig(again, "issueDeskPhone.account.renewed") != true {
		t.Errorf("the second time it gave %v", again)
	}
	for _, query := range []string{choose, issue} {
		if a := s.do("adam", strings.ReplaceAll(query, "anna", "nobody")); a.code() != "NOT_FOUND" {
			t.Errorf("for nobody: %s", a.Body)
		}
	}
}

func TestDeviceIsShown(t *testing.T) {
	s := newStand(t)
	if d := s.must("sonya", choose); dig(d, "setOperatorDevice.operator.device") != "DESK" || !slices.Equal(s.phones.devices, []string{"anna true"}) {
		t.Errorf("choosing gave %v, told %v", d, s.phones.devices)
	}
	if d := s.must("anna", `{ viewer { operator { device } } }`); dig(d, "viewer.operator.device") != "WEB" {
		t.Errorf("before the floor says so: %v", d)
	}
	o, _ := s.board.Operator("anna")
	o.Version, o.Desk = o.Version+1, true
	s.board.put(calls.Change{Operator: &o})
	if d := s.must("anna", `{ viewer { operator { device phoneOnline } } }`); dig(d, "viewer.operator.device") != "DESK" {
		t.Errorf("then: %v", d)
	}
}
