package ari

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/internal/errs"
)

func unwrapped(err, target error) bool { return errors.Is(err, target) }

// caller is a fakeARI that connects to us.
type caller struct {
	*fakeARI
	door *Door
	pult *httptest.Server
	log  *bytes.Buffer
}

func newCaller(t *testing.T) *caller {
	c := &caller{fakeARI: newFakeARI(t), log: &bytes.Buffer{}}
	var err error
	if c.door, err = NewDoor("asterisk", "door-password", slog.New(slog.NewTextHandler(c.log, nil))); err != nil {
		t.Fatal(err)
	}
	c.pult = httptest.NewServer(c.door)
	t.Cleanup(c.pult.Close)
	c.intercept = c.echo
	return c
}

// echo answers the question whether events arrive.
func (c *caller) echo(_ http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/ari/events/user/") {
		return false
	}
	var body struct{ Variables map[string]string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		c.t.Errorf("the question is no JSON: %v", err)
	}
	c.send(evt("ChannelUserevent", fmt.Sprintf(`"eventname":"PultLink","userevent":{"token":%q}`, body.Variables["token"])))
	return false
}

// connect opens a WebSocket as Asterisk does and plays the events that were kept.
func (c *caller) connect(t *testing.T, kept ...string) *websocket.Conn {
	t.Helper()
	var conn *websocket.Conn
	c.set(func() { // with the lock: whoever sends to the newest sends to this one
		var err error
		if conn, _, err = c.dial(t, "asterisk", "door-password", "ari"); err != nil {
			t.Fatalf("connecting: %v", err)
		}
		c.conns = append(c.conns, conn)
	})
	for _, text := range kept {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	go func() { // answers pings
		for {
			if _, _, err := conn.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	return conn
}

func (c *caller) dial(t *testing.T, user, password, protocol string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	return websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(c.pult.URL, "http")+"/asterisk", &websocket.DialOptions{
		Subprotocols: []string{protocol},
		HTTPHeader:   http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}},
	})
}

// status is the answer to a GET that asks for no WebSocket.
func (c *caller) status(t *testing.T) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.pult.URL+"/asterisk", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("asterisk", "door-password")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func (c *caller) drive(t *testing.T, tune func(*Driver)) *told {
	t.Helper()
	d, err := New(Options{URL: c.srv.URL + "/ari", User: "pult", Password: "secret-password", Door: c.door, Logger: quietLogger()})
	if err != nil {
		t.Fatal(err)
	}
	quick(d)
	if tune != nil {
		tune(d)
	}
	x := drive(t, d)
	eventually(t, "an open door", func() bool { return c.status(t) == http.StatusNoContent })
	return x
}

func TestDoorNeedsUserAndPassword(t *testing.T) {
	for _, pair := range [][2]string{{"", "x"}, {"x", ""}} {
		if _, err := NewDoor(pair[0], pair[1], nil); !errs.Is(err, errs.Invalid) {
			t.Errorf("NewDoor%q gave %v", pair, err)
		}
	}
}

func TestDoorLetsInWhoKnowsThePassword(t *testing.T) {
	c := newCaller(t)
	if got := c.status(t); got != http.StatusServiceUnavailable {
		t.Errorf("a process that does not own the calls answers %d, want 503", got)
	}
	if _, resp, err := c.dial(t, "asterisk", "door-password", "ari"); err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a WebSocket to a process that does not own the calls: %v", err)
	}
	x := c.drive(t, nil)
	for _, pair := range [][2]string{{"asterisk", "wrong"}, {"pult", "door-password"}, {"", ""}, {"asterisk", "door-password "}} {
		if _, resp, err := c.dial(t, pair[0], pair[1], "ari"); err == nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q was let in", pair)
		}
	}
	conn, _, err := c.dial(t, "asterisk", "door-password", "sip")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("who does not speak ARI was let go with %v", err)
	}
	if n := len(x.all()); n != 0 {
		t.Errorf("%d events were told to strangers' connections", n)
	}
	c.connect(t)
	x.await(t, 1)
	if n := strings.Count(c.log.String(), "does not know the password"); n != 1 {
		t.Errorf("%d warnings of four wrong passwords, want one:\n%s", n, c.log)
	}
	if strings.Contains(c.log.String(), "wrong\"") || strings.Contains(c.log.String(), "door-password") {
		t.Errorf("a password is in the log:\n%s", c.log)
	}
	x.stop()
	if got := c.status(t); got != http.StatusServiceUnavailable {
		t.Errorf("after the driver has gone the door answers %d, want 503", got)
	}
}

func TestNewerConnectionReplacesTheOlder(t *testing.T) {
	c := newCaller(t)
	x := c.drive(t, nil)
	first := c.connect(t)
	x.await(t, 1)
	c.send(stasisStart("c-1"))
	x.await(t, 2)
	c.set(func() { c.channels = "[" + chanJSON("c-1", "Ring") + "]" })
	c.connect(t)
	x.await(t, 4)
	if got, want := x.lines(), []string{"up ", "started c-1 queue,support", "down", "up c-1"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if err := first.Write(t.Context(), websocket.MessageText, []byte(stasisEnd("c-1"))); err == nil {
		eventually(t, "the end of the older connection", func() bool {
			return first.Write(t.Context(), websocket.MessageText, []byte("{}")) != nil
		})
	}
	c.send(stasisStart("c-2"))
	x.await(t, 5)
	if got := x.lines()[4]; got != "started c-2 queue,support" {
		t.Errorf("the newer connection told %q", got)
	}
}

// TestTwoAsterisksDoNotPushEachOtherOutWithoutPause: a third is sent away while the second waits for the end of the first.
func TestTwoAsterisksDoNotPushEachOtherOutWithoutPause(t *testing.T) {
	c := newCaller(t)
	x := c.drive(t, func(d *Driver) { d.timing.backoffMin, d.timing.backoffMax = 5*time.Second, 5*time.Second })
	held := make(chan struct{})
	c.set(func() {
		c.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/ari/channels" {
				<-held
			}
			return c.echo(w, r)
		}
	})
	c.connect(t)
	eventually(t, "the first to be prepared", func() bool { return len(c.asked("GET /channels")) == 1 })
	c.connect(t)
	eventually(t, "the second to be prepared", func() bool { return len(c.asked("GET /channels")) == 2 })
	c.connect(t) // the second failure in a row: the third has to wait, and whoever comes now comes in vain
	eventually(t, "a closed door", func() bool { return c.status(t) == http.StatusServiceUnavailable })
	close(held)
	x.stop()
}

func TestHalfOpenSocketOfACallingAsterisk(t *testing.T) {
	c := newCaller(t)
	x := c.drive(t, func(d *Driver) { d.timing.ping = 500 * time.Millisecond })
	c.set(func() {
		conn, _, err := c.dial(t, "asterisk", "door-password", "ari") // reads nothing
		if err != nil {
			t.Fatal(err)
		}
		c.conns = append(c.conns, conn)
	})
	x.await(t, 2)
	if got := x.lines()[:2]; !slices.Equal(got, []string{"up ", "down"}) {
		t.Errorf("told %q", got)
	}
	eventually(t, "an open door", func() bool { return c.status(t) == http.StatusNoContent })
	c.connect(t)
	eventually(t, "a steady link", func() bool { return x.LastError() == nil && x.Stats().Connects > 1 })
}

func TestEventsOfACallingAsteriskThatGoElsewhere(t *testing.T) {
	c := newCaller(t)
	c.intercept = nil
	x := c.drive(t, func(d *Driver) { d.timing.command = 100 * time.Millisecond })
	c.connect(t)
	eventually(t, "the reason", func() bool { return errors.Is(x.LastError(), errDeaf) })
	if n := len(x.all()); n != 0 {
		t.Errorf("%d events were told over a deaf link", n)
	}
}

// was is an event of so long before the fake's clock, which says 12:00:00.
func was(text, stamp string) string {
	return strings.Replace(text, "2026-11-22T12:00:00.500+0000", "2026-11-22T"+stamp+"+0000", 1)
}

func TestReplay(t *testing.T) {
	const long, lately, live = "11:50:00.000", "11:59:59.900", "12:00:00.100"
	end := func(id, at string) string { return was(stasisEnd(id), at) }
	start := func(id, at string) string { return was(stasisStart(id), at) }
	moved := func(kind, bridge, id, at string) string { return was(bridgeEvt(kind, bridge, "mixing", id), at) }
	phone := func(state, at string) string {
		return was(evt("EndpointStateChange", `"endpoint":{"technology":"PJSIP","resource":"op-1","state":"`+state+`","channel_ids":[]}`), at)
	}
	for name, tc := range map[string]struct {
		channels []string
		kept     []string
		want     []string
	}{
		"came and went long ago":                     {nil, []string{start("c-1", long), end("c-1", long)}, nil},
		"came and went a moment ago":                 {nil, []string{start("c-1", lately), end("c-1", lately)}, nil},
		"came and waits":                             {[]string{"c-1"}, []string{start("c-1", long)}, []string{"started c-1 queue,support"}},
		"came a moment ago":                          {[]string{"c-1"}, []string{start("c-1", lately)}, []string{"started c-1 queue,support"}},
		"the list still has who left":                {[]string{"c-1"}, []string{start("c-1", long), end("c-1", lately)}, []string{"started c-1 queue,support", "ended c-1 0/0 by us false"}},
		"newer than the list":                        {nil, []string{start("c-1", live)}, []string{"started c-1 queue,support"}},
		"newer than the list, and over":              {nil, []string{start("c-1", live), end("c-1", live)}, []string{"started c-1 queue,support", "ended c-1 0/0 by us false"}},
		"came, was given back and came again":        {[]string{"c-1"}, []string{start("c-1", long), end("c-1", long), start("c-1", long)}, []string{"started c-1 queue,support", "ended c-1 0/0 by us false", "started c-1 queue,support"}},
		"moves of long ago are over":                 {[]string{"c-1"}, []string{moved("ChannelEnteredBridge", "b-1", "c-1", long), moved("ChannelLeftBridge", "b-1", "c-1", long)}, []string{"started c-1 queue,support"}},
		"a phone that went and came":                 {nil, []string{phone("online", long), phone("offline", long)}, nil},
		"a phone's newest state":                     {nil, []string{phone("online", live)}, []string{"endpoint op-1 true"}},
		"an application that was another's for long": {nil, []string{was(evt("ApplicationReplaced", `"x":1`), long)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t)
			var list []string
			for _, id := range tc.channels {
				list = append(list, chanJSON(id, "Ring"))
			}
			c.set(func() { c.channels = "[" + strings.Join(list, ",") + "]" })
			x := c.drive(t, nil)
			c.connect(t, tc.kept...)
			want := slices.Concat([]string{"up "}, tc.want, []string{"started c-9 queue,support"})
			x.await(t, 1)
			c.send(start("c-9", live))
			x.await(t, len(want))
			if got := x.lines(); !slices.Equal(got, want) {
				t.Errorf("told %q, want %q", got, want)
			}
		})
	}
}

// TestClockSetBack: once the replay is over the PBX's clock decides nothing.
func TestClockSetBack(t *testing.T) {
	c := newCaller(t)
	x := c.drive(t, nil)
	c.connect(t)
	x.await(t, 1)
	s := x.link.Load()
	f := frame{at: s.began.Add(replayTime + time.Second), data: []byte(was(stasisStart("c-1"), "11:00:00.000"))}
	if s.aged(&f, "EndpointStateChange") || f.old {
		t.Error("an event that came long after the connect is taken for history")
	}
	f.at = s.began
	if !s.aged(&f, "EndpointStateChange") {
		t.Error("an event of an hour before the connect is not taken for history")
	}
}
