package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asterisk starts one for a test.
func asterisk(t *testing.T, o AsteriskOptions) *Asterisk {
	t.Helper()
	o.Dir = t.TempDir()
	o.Log = t.Output()
	a, err := StartAsterisk(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// customer is an ear and a mouth at the carrier's address.
func customer(t *testing.T, a *Asterisk) *RTP {
	t.Helper()
	host, _, err := net.SplitHostPort(a.CarrierAddr)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ListenRTP(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// sipp is StartSIPp's result, closed at the end of the test.
func sipp(t *testing.T) func(*SIPp, error) *SIPp {
	t.Helper()
	return func(s *SIPp, err error) *SIPp {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}

func event(t *testing.T, s *SIPp, kind string) Event {
	t.Helper()
	e, err := s.WaitEvent(within(t), kind)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, ok func() (bool, error)) {
	t.Helper()
	ctx := within(t)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		good, err := ok()
		if good {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not come true: %v", what, err)
		}
	}
}

// callOut calls a number outside and, when that answers, enters the dialplan.
func (a *Asterisk) callOut(ctx context.Context, number, dialplan, extension string) error {
	return a.ARI(ctx, http.MethodPost, "/channels", map[string]any{
		"endpoint": "PJSIP/" + number + "@carrier", "context": dialplan, "extension": extension, "priority": 1, "timeout": 20,
	}, nil)
}

func (a *Asterisk) channels(ctx context.Context) (n int, err error) {
	var list []struct{ ID string }
	err = a.ARI(ctx, http.MethodGet, "/channels", nil, &list)
	return len(list), err
}

func TestCallerHearsMusicWhilePultIsAway(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	r := customer(t, a)
	call := sipp(t)(a.Call(t.Context(), CallOptions{To: "+74951230001", From: "+79161234567", FromName: "Анна", Media: r}))
	event(t, call, "answered")
	if err := r.WaitSound(within(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "music on hold", func() (bool, error) {
		out, err := a.CLI(t.Context(), "core show channels concise")
		return strings.Contains(out, "!MusicOnHold!"), err
	})
	if err := r.WaitSound(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := call.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	event(t, call, "hungup")
	if err := call.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the channel", func() (bool, error) {
		n, err := a.channels(t.Context())
		return n == 0, err
	})
}

func TestFallbackEndsWithAnAnnouncement(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{FallbackTries: 1, Language: "ru"})
	call := sipp(t)(a.Call(t.Context(), CallOptions{To: "sales", From: "+79161234567", Media: customer(t, a)}))
	event(t, call, "ended")
	if err := call.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownNumberIsRefused(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	call := sipp(t)(a.Call(t.Context(), CallOptions{To: "74999999999", From: "+79161234567"}))
	if e := event(t, call, "refused"); e.Detail != "404" {
		t.Errorf("refused with %s, want 404", e.Detail)
	}
}

func TestCalledCustomerHearsAndIsHeard(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)

	r := customer(t, a)
	called := sipp(t)(a.Carrier(t.Context(), CarrierOptions{Ring: time.Minute, Media: r}))
	if err := a.callOut(ctx, "79161234567", "pult-tones", "echo"); err != nil {
		t.Fatal(err)
	}
	event(t, called, "called")
	if err := called.Next(ctx); err != nil { // takes the call
		t.Fatal(err)
	}
	event(t, called, "answered")
	r.Tone(700)
	if err := r.WaitTone(ctx, 700); err != nil {
		t.Fatal("the echo is not heard:", err)
	}
	if err := r.Press("42#"); err != nil {
		t.Fatal(err)
	}
	if err := r.WaitDigits(ctx, "42"); err != nil { // the echo ends at "#"
		t.Fatal(err)
	}
	event(t, called, "ended")
	if err := called.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// Both sides keep to the times they were given.
func TestTimesAreKept(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)
	call := sipp(t)(a.Call(t.Context(), CallOptions{To: "support", From: "+79161234567", Talk: 200 * time.Millisecond}))
	called := sipp(t)(a.Carrier(t.Context(), CarrierOptions{Ring: 100 * time.Millisecond, Talk: 200 * time.Millisecond}))
	if err := a.callOut(ctx, "79161234567", "pult-tones", "silence"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*SIPp{call, called} {
		event(t, s, "answered")
		event(t, s, "hungup")
		if err := s.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCustomersWhoDoNotTakeTheCall(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)

	busy := sipp(t)(a.Carrier(t.Context(), CarrierOptions{Code: 486}))
	if err := a.callOut(ctx, "79160000001", "pult-tones", "silence"); err != nil {
		t.Fatal(err)
	}
	event(t, busy, "refused")
	if err := busy.Wait(ctx); err != nil {
		t.Fatal(err)
	}

	away := sipp(t)(a.Carrier(t.Context(), CarrierOptions{Ring: time.Minute}))
	if err := a.callOut(ctx, "79160000002", "pult-tones", "silence"); err != nil {
		t.Fatal(err)
	}
	event(t, away, "called")
	if _, err := a.CLI(ctx, "channel request hangup all"); err != nil {
		t.Fatal(err)
	}
	event(t, away, "cancelled")
	if err := away.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// An application that takes calls and does not answer them.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)
	app := dialWS(t, "ws"+strings.TrimPrefix(a.ARIURL, "http")+"/events?app=pult&api_key="+a.ARIUser+":"+a.ARIPassword, "ari")
	call := sipp(t)(a.Call(t.Context(), CallOptions{To: "support", From: "+79161234567"}))
	app.expect(t, `"type":"StasisStart"`, `"args":["queue","support"]`)
	if err := call.Next(ctx); err != nil {
		t.Fatal(err)
	}
	event(t, call, "cancelled")
	app.expect(t, `"type":"StasisEnd"`)
	if err := call.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	impatient := sipp(t)(a.Call(t.Context(), CallOptions{To: "sales", From: "+79161234567", GiveUp: 50 * time.Millisecond}))
	event(t, impatient, "cancelled")
}

// The answer and the customer's giving up cross: Asterisk hangs, and gets both at once.
func TestCallerGivesUpTooLate(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	if err := a.Hang(); err != nil {
		t.Fatal(err)
	}
	call := sipp(t)(a.Call(t.Context(), CallOptions{To: "support", From: "+79161234567"}))
	event(t, call, "calling")
	if err := call.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := call.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
}

func TestDemoCustomerRepeatsWhatIsSaid(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := customer(t, a)
	// The "operator" is at the carrier's end here; the demo's customer does not mind.
	operator := sipp(t)(a.Carrier(t.Context(), CarrierOptions{Media: r}))
	if err := a.callOut(ctx, "operator", "pult-demo-caller", "s"); err != nil {
		t.Fatal(err)
	}
	event(t, operator, "answered")
	if err := r.WaitSound(ctx); err != nil {
		t.Fatal("no greeting:", err)
	}
	waitRecording(ctx, t, a)
	r.Tone(620)
	// The customer listens until a second of silence, and the shortest tone that counts is half a second.
	if err := waitRecorded(ctx, t, a, 8000); err != nil {
		t.Fatal(err)
	}
	r.Tone(0)
	if err := r.WaitTone(ctx, 620); err != nil {
		t.Fatal("what was said is not repeated:", err)
	}
	if err := operator.Next(ctx); err != nil {
		t.Fatal(err)
	}
	event(t, operator, "hungup")
}

func waitRecording(ctx context.Context, t *testing.T, a *Asterisk) {
	t.Helper()
	eventually(t, "the recording", func() (bool, error) {
		out, err := a.CLI(ctx, "core show channels concise")
		return strings.Contains(out, "!Record!"), err
	})
}

// waitRecorded waits until the demo's customer has recorded so many bytes.
func waitRecorded(ctx context.Context, t *testing.T, a *Asterisk, size int64) error {
	t.Helper()
	eventually(t, "something recorded", func() (bool, error) {
		files, err := filepath.Glob(filepath.Join(a.Dir, "var/spool/demo-*.wav"))
		if err != nil || len(files) == 0 {
			return false, err
		}
		info, err := os.Stat(files[0])
		return err == nil && info.Size() > size, err
	})
	return ctx.Err()
}

func TestDemoCallIsARealCall(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)
	if err := a.DemoCall(ctx, "+79161234567", "Анна Петрова", "+74951230001", time.Minute); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call of the demo's customer", func() (bool, error) {
		var channels []struct {
			Name, State string
			Caller      struct{ Name, Number string }
			Dialplan    struct{ Context, Exten string }
		}
		err := a.ARI(ctx, http.MethodGet, "/channels", nil, &channels)
		for _, c := range channels {
			if strings.HasPrefix(c.Name, "PJSIP/carrier-") && c.State == "Up" &&
				c.Caller.Name == "Анна Петрова" && c.Caller.Number == "+79161234567" && c.Dialplan.Exten == "+74951230001" {
				return true, nil
			}
		}
		return false, errors.Join(err, fmt.Errorf("channels: %+v", channels))
	})
}

func TestRestartKeepsTheAddress(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)
	ping := func() error { return a.ARI(ctx, http.MethodGet, "/asterisk/ping", nil, nil) }
	if err := a.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := ping(); err == nil {
		t.Fatal("a killed Asterisk answers")
	}
	for range 2 { // once after the kill, once while it runs
		if err := a.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		if err := ping(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Restart(ctx); err == nil {
		t.Error("a closed Asterisk was restarted")
	}
}

func TestNothingIsReadableByOthers(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	err := filepath.WalkDir(filepath.Join(a.Dir, "etc"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAsteriskCallsPult(t *testing.T) {
	t.Parallel()
	called := make(chan *http.Request, 100)
	pult := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case called <- r:
		default:
		}
		http.Error(w, "not now", http.StatusServiceUnavailable)
	}))
	t.Cleanup(pult.Close)
	asterisk(t, AsteriskOptions{OutboundURL: "ws" + strings.TrimPrefix(pult.URL, "http") + "/asterisk", OutboundUser: "asterisk", OutboundPassword: "secret"})
	for range 2 { // it tries again after a refusal
		select {
		case r := <-called:
			if !strings.HasPrefix(r.URL.Path, "/asterisk") || r.Header.Get("Sec-Websocket-Protocol") != "ari" {
				t.Errorf("asterisk asked for %s with %v", r.URL, r.Header)
			}
			if user, password, _ := r.BasicAuth(); user != "asterisk" || password != "secret" {
				t.Errorf("asterisk said that it is %q with another password", user)
			}
		case <-within(t).Done():
			t.Fatal("asterisk did not connect")
		}
	}
}

// Accounts are pushed over ARI with a digest only, and a phone signs in with it over a WebSocket.
func TestPushedAccountRegisters(t *testing.T) {
	t.Parallel()
	a := asterisk(t, AsteriskOptions{})
	ctx := within(t)
	ha1 := md5Hex("op1:" + a.Realm + ":secret")
	push := func() {
		t.Helper()
		for _, o := range []struct {
			kind   string
			fields map[string]string
		}{
			{"auth", map[string]string{"auth_type": "digest", "username": "op1", "realm": a.Realm, "password_digest": "MD5:" + ha1}},
			{"aor", map[string]string{"max_contacts": "1", "remove_existing": "yes"}},
			{"endpoint", map[string]string{
				"auth": "op1", "aors": "op1", "context": "pult-operators", "transport": "transport-ws", "webrtc": "yes",
				"disallow": "all", "allow": "opus,alaw,ulaw", "allow_transfer": "no",
			}},
		} {
			var fields []map[string]string
			for k, v := range o.fields {
				fields = append(fields, map[string]string{"attribute": k, "value": v})
			}
			if err := a.ARI(ctx, http.MethodPut, "/asterisk/config/dynamic/res_pjsip/"+o.kind+"/op1", map[string]any{"fields": fields}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	push()
	phone := dialWS(t, a.WSURL, "sip")
	if status := phone.register(t, "op1", md5Hex("op1:"+a.Realm+":wrong")); status != 401 {
		t.Fatalf("a wrong secret is answered by %d", status)
	}
	if status := phone.register(t, "op1", ha1); status != 200 {
		t.Fatalf("the right secret is answered by %d", status)
	}
	online := func(want string) {
		t.Helper()
		eventually(t, "the endpoint being "+want, func() (bool, error) {
			var e struct{ State string }
			err := a.ARI(ctx, http.MethodGet, "/endpoints/PJSIP/op1", nil, &e)
			return e.State == want, err
		})
	}
	online("online")
	if err := phone.conn.Close(); err != nil {
		t.Fatal(err)
	}
	online("offline")

	// They live in memory only.
	if err := a.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.ARI(ctx, http.MethodGet, "/endpoints/PJSIP/op1", nil, nil); err == nil {
		t.Error("the account survived a restart")
	}
	push()
	if status := dialWS(t, a.WSURL, "sip").register(t, "op1", ha1); status != 200 {
		t.Fatalf("after the restart the right secret is answered by %d", status)
	}
}
