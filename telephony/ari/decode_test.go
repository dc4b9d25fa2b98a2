package ari

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"
	"pgregory.net/rapid"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

func TestTypeOf(t *testing.T) {
	for data, want := range map[string]string{
		`{"type":"StasisStart","x":1}`:          "StasisStart",
		`{"x":{"type":"inner"},"type":"outer"}`: "outer",
		` { "type" : "Spaced" } `:               "Spaced",
		`{"type":"`:                             "",
		`{"type":7}`:                            "",
		`null`:                                  "",
		``:                                      "",
		`{"bridge_type":"mixing","type":"Bridge"}`: "Bridge",
	} {
		if got := typeOf([]byte(data)); got != want {
			t.Errorf("typeOf(%s) = %q, want %q", data, got, want)
		}
	}
}

func TestPartyWithheld(t *testing.T) {
	for _, tc := range []struct {
		in   *ari.CallerID
		want telephony.Party
	}{
		{nil, telephony.Party{}},
		{&ari.CallerID{Name: "Ivan", Number: "7916"}, telephony.Party{Name: "Ivan", Number: "7916"}},
		{&ari.CallerID{Name: "Anonymous", Number: "anonymous"}, telephony.Party{}},
		{&ari.CallerID{Name: "Ivan", Number: "Restricted"}, telephony.Party{Name: "Ivan"}},
	} {
		if got := party(tc.in); got != tc.want {
			t.Errorf("party(%v) = %+v, want %+v", tc.in, got, tc.want)
		}
	}
}

func TestEndpointName(t *testing.T) {
	for channel, want := range map[string]string{
		"PJSIP/op-7-00000001": "op-7", "PJSIP/carrier-0000000a": "carrier", "PJSIP/x": "x", "Local/support@pult-inbound-0000000a;2": "", "": "",
	} {
		if got := endpointName("PJSIP", channel); got != want {
			t.Errorf("endpointName(%q) = %q, want %q", channel, got, want)
		}
	}
}

func TestCallerID(t *testing.T) {
	for want, p := range map[string]telephony.Party{
		``:                       {},
		`<7916>`:                 {Number: "7916"},
		`"Иван Петров" <+7 916>`: {},
		`"Иван" <+7916>`:         {Name: "Иван", Number: "+7 916"},
		`"a b sip:x" <1>`:        {Name: " \"a b\r\n <sip:x>\\\x00", Number: `"1<>`},
	} {
		if p == (telephony.Party{}) {
			want = ""
		}
		if got := callerID(p); got != want {
			t.Errorf("callerID(%+v) = %s, want %s", p, got, want)
		}
	}
}

func TestMarksSurviveTheVariable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := note{
			originated: rapid.Bool().Draw(t, "originated"),
			number:     rapid.StringMatching(`\+?[0-9]{0,15}`).Draw(t, "number"),
			marks:      rapid.MapOf(rapid.StringMatching(`[!-\-/-~][ -~]{0,20}`), rapid.StringMatching(`[ -~]{0,40}`)).Draw(t, "marks"),
		}
		if err := validMarks("testing", n.marks); err != nil {
			t.Fatalf("marks %q: %v", n.marks, err)
		}
		got := decodeNote(n.encode())
		if got.originated != n.originated || got.number != n.number || !maps.Equal(got.marks, n.marks) {
			t.Fatalf("%+v became %+v", n, got)
		}
	})
	for _, damaged := range []string{"", "%", "a=%zz&b=1", ";", "=", "a"} {
		if n := decodeNote(damaged); n.originated || n.marks == nil {
			t.Errorf("decodeNote(%q) = %+v", damaged, n)
		}
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent(3)
	for _, id := range []telephony.LegID{"a", "b", "b", "c", "d"} {
		r.add(id)
	}
	var kept []telephony.LegID
	for _, id := range []telephony.LegID{"a", "b", "c", "d"} {
		if r.has(id) {
			kept = append(kept, id)
		}
	}
	if want := []telephony.LegID{"b", "c", "d"}; !slices.Equal(kept, want) || len(r.set) > 4 {
		t.Errorf("kept %q of %d, want %q", kept, len(r.set), want)
	}
}

func TestBackoffGrowsAndVaries(t *testing.T) {
	seen := map[time.Duration]bool{}
	for attempt := range 100 {
		limit := min(defaultTiming.backoffMax, defaultTiming.backoffMin<<min(attempt, 10))
		got := backoff(defaultTiming, attempt)
		if got < limit/2 || got > limit {
			t.Errorf("attempt %d waits %v, want between %v and %v", attempt, got, limit/2, limit)
		}
		seen[got] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different waits in 100", len(seen))
	}
}

// TestAnOldOutageDoesNotDelayTheAnswerToANewOne: an Asterisk that dies again soon after it has come back is looked for at once.
func TestAnOldOutageDoesNotDelayTheAnswerToANewOne(t *testing.T) {
	for _, c := range []struct {
		attempt int
		lived   time.Duration
		want    int
	}{
		{attempt: 9, lived: defaultTiming.steadyAfter, want: 0},
		{attempt: 9, lived: time.Second, want: 2},
		{attempt: 1, lived: time.Second, want: 1}, // an Asterisk that comes and goes is left more and more time, up to a point
	} {
		if got := defaultTiming.afterLink(c.attempt, c.lived); got != c.want {
			t.Errorf("after a link of %v at attempt %d: %d, want %d", c.lived, c.attempt, got, c.want)
		}
	}
	if longest := min(defaultTiming.backoffMax, defaultTiming.backoffMin<<2); longest > time.Second {
		t.Errorf("the longest wait after a short link is %v", longest)
	}
	if defaultTiming.backoffMax > 3*time.Second {
		t.Errorf("an Asterisk that is back may be overlooked for %v: phones are to be back within ten seconds", defaultTiming.backoffMax)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{URL: "http://pbx:8088/ari/", User: "u", Password: "p"}
	d, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	if d.o.WSURL != "ws://pbx:8088/ari/events" || d.PhoneURLs()[0] != "ws://pbx:8088/ws" || d.Realm() != "asterisk" || d.music != "pult-music" {
		t.Errorf("defaults are %+v", d.o)
	}
	if err := d.LastError(); !errs.Is(err, errs.Unavailable) {
		t.Errorf("LastError before Run: %v", err)
	}
	for name, change := range map[string]func(*Options){
		"no address": func(o *Options) { o.URL = "" }, "no scheme": func(o *Options) { o.URL = "pbx:8088/ari" },
		"another scheme": func(o *Options) { o.URL = "ftp://pbx/ari" }, "no user": func(o *Options) { o.User = "" },
		"no password": func(o *Options) { o.Password = "" }, "bad WebSocket address": func(o *Options) { o.WSURL = "http://pbx" },
		"trunk without a number": func(o *Options) { o.Trunk = "PJSIP/carrier" }, "trunk with two": func(o *Options) { o.Trunk = "%s/%s" },
		"trunk with a verb": func(o *Options) { o.DemoTrunk = "%s%d" }, "bad application": func(o *Options) { o.App = "a,b" },
	} {
		o := good
		change(&o)
		if _, err := New(o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

func TestNothingForeignGetsIntoADialString(t *testing.T) {
	d, err := New(Options{URL: "http://pbx/ari", User: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []telephony.Originate{
		{Leg: "l", Number: "1@other"}, {Leg: "l", Number: "1&PJSIP/2"}, {Leg: "l", Number: "1,2"}, {Leg: "l", Number: "1 2"}, {Leg: "l", Number: "../x"},
		{Leg: "l", Endpoint: "op/sip:x"}, {Leg: "l", Endpoint: "op,1"}, {Leg: "..", Endpoint: "op"}, {Leg: "a/b", Endpoint: "op"}, {Leg: "a?b", Endpoint: "op"},
		{Leg: "l", Endpoint: "op", Headers: map[string]string{"X)=1,Y": "z"}}, {Leg: "l", Endpoint: "op", Headers: map[string]string{"X": "a\r\nY: b"}},
		{Leg: "l", Endpoint: "op", Headers: map[string]string{"": "a"}},
	} {
		if _, err := d.originateRequest("testing", o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v, want invalid", o, err)
		}
	}
	r, err := d.originateRequest("testing", telephony.Originate{Leg: "l", Number: "+7916#", Timeout: 1500 * time.Millisecond})
	if err != nil || r.Endpoint != "PJSIP/+7916#@carrier" || r.Timeout != 2 || r.Formats != "" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// FuzzFrames feeds lines of anything through decoder and table: nothing panics, and the order of a leg's life holds.
func FuzzFrames(f *testing.F) {
	for name := range scenes {
		var lines [][]byte
		for _, st := range readTrace(f, name) {
			if st.Frame != nil {
				lines = append(lines, st.Frame)
			}
		}
		f.Add(bytes.Join(lines, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := New(Options{URL: "http://pbx/ari", User: "u", Password: "p"})
		if err != nil {
			t.Fatal(err)
		}
		table := d.legs
		table.legs["leg-op"] = newOriginated(telephony.Originate{Leg: "leg-op", Endpoint: "op-trace"})
		alive := map[telephony.LegID]bool{"leg-op": true}
		for data := range bytes.SplitSeq(data, []byte("\n")) {
			kind := typeOf(data)
			if used[kind] == nil {
				continue
			}
			e, err := decode(frame{at: time.Now(), data: data}, kind)
			if err != nil {
				continue
			}
			for _, e := range table.apply(e).events {
				switch v := e.(type) {
				case telephony.LegStarted:
					alive[v.Leg.ID] = true
				case telephony.LegEnded:
					if !alive[v.Leg] {
						t.Fatalf("%s ended without having lived", v.Leg)
					}
					delete(alive, v.Leg)
				case telephony.LegJoined:
					if !alive[v.Leg] {
						t.Fatalf("%s joined without living", v.Leg)
					}
				}
			}
		}
	})
}

func BenchmarkDecodeAndApply(b *testing.B) {
	var frames []frame
	for _, st := range readTrace(b, "inbound-queue-talk-caller-hangs-up") {
		if st.Frame != nil && used[typeOf(st.Frame)] != nil {
			frames = append(frames, frame{at: time.Now(), data: st.Frame})
		}
	}
	d, err := New(Options{URL: "http://pbx/ari", User: "u", Password: "p"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f := frames[i%len(frames)]
		e, err := decode(f, typeOf(f.data))
		if err != nil {
			b.Fatal(err)
		}
		d.legs.apply(e)
	}
}

// TestADeviceThatComesFromElsewhereIsToldOf: a browser whose address had changed registered anew, nobody heard of it, and the customer
// waited for its former session until the time to rescue was over.
func TestADeviceThatComesFromElsewhereIsToldOf(t *testing.T) {
	table := newLegTable(Options{EndpointTech: "PJSIP"})
	for i, step := range []struct {
		uri, status, state string
		told               []bool
	}{
		{"sip:a", "NonQualified", "online", []bool{true}},
		{"sip:a", "Updated", "online", nil}, // registered again in time
		{"sip:b", "NonQualified", "online", []bool{true}},
		{"sip:a", "Removed", "online", nil},
		{"sip:b", "NonQualified", "online", nil},
		{"sip:b", "Removed", "offline", []bool{false}},
		{"sip:c", "NonQualified", "unknown", []bool{true}}, // faster than the state of its endpoint
	} {
		if told := contact(table, step.uri, step.status, step.state); !slices.Equal(told, step.told) {
			t.Errorf("step %d, %s %s: told %v, want %v", i, step.uri, step.status, told, step.told)
		}
	}
}

// TestADeviceOfBeforeTheLinkIsToldOfWhenItComesAnew: its address of before is not known, so that a new one does not differ from it.
func TestADeviceOfBeforeTheLinkIsToldOfWhenItComesAnew(t *testing.T) {
	table := newLegTable(Options{EndpointTech: "PJSIP"})
	table.endpoints["op-1"] = true
	for i, step := range []struct {
		uri, status string
		told        []bool
	}{
		{"sip:b", "NonQualified", []bool{true}},
		{"sip:b", "Updated", nil},
		{"sip:b", "NonQualified", nil},
	} {
		if told := contact(table, step.uri, step.status, "online"); !slices.Equal(told, step.told) {
			t.Errorf("step %d, %s %s: told %v, want %v", i, step.uri, step.status, told, step.told)
		}
	}
	table = newLegTable(Options{EndpointTech: "PJSIP"})
	table.endpoints["op-1"] = true
	if told := contact(table, "sip:a", "Updated", "online"); told != nil {
		t.Errorf("it registers again in time: told %v", told)
	}
}

// contact gives the table what Asterisk says of a contact of op-1 and returns what it tells of the endpoint.
func contact(table *legTable, uri, status, state string) (told []bool) {
	e := &ari.ContactStatusChange{
		Endpoint:    ari.EndpointData{Technology: "PJSIP", Resource: "op-1", State: state},
		ContactInfo: ari.ContactInfo{Uri: uri, ContactStatus: status},
	}
	for _, ev := range table.apply(event{Event: e}).events {
		told = append(told, ev.(telephony.EndpointChanged).Endpoint.Online)
	}
	return told
}
