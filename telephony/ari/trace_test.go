package ari

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/lab/sipua"
	"github.com/pult-cc/pult/telephony"
)

var record = flag.Bool("record", false, "write the golden traces anew from the real Asterisk")

// step is one line of a trace: an event as Asterisk sent it, or a command that the driver's table must know of.
type step struct {
	Frame     json.RawMessage      `json:"frame,omitempty"`
	Originate *telephony.Originate `json:"originate,omitempty"`
	Hangup    telephony.LegID      `json:"hangup,omitempty"`
	Q850      int                  `json:"q850,omitempty"`
	Return    telephony.LegID      `json:"return,omitempty"`
}

// scene is a driver on the real Asterisk whose traffic is recorded.
type scene struct {
	*harness
	*told
	t   *testing.T
	dev *sipua.Agent

	mu    sync.Mutex
	steps []step
}

func (s *scene) note(st step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, st)
}

// scenes are what is recorded. Each ends with a device's sign-out, which tells that everything before has arrived.
var scenes = map[string]func(*scene){
	"inbound-queue-talk-caller-hangs-up": func(s *scene) {
		in, caller := s.callIn()
		s.answer(in)
		s.park(in)
		phone := s.ring("leg-op")
		s.do(phone.Call.Ring())
		s.seen("rang leg-op")
		s.do(phone.Call.Answer())
		s.seen("answered leg-op")
		s.do(s.Join(s.t.Context(), "b-talk", in, "leg-op"))
		s.seen("joined in-1 b-talk")
		s.do(caller.Call.Hangup(s.t.Context()))
		s.seen("ended in-1")
		s.hangup("leg-op", telephony.CauseNormal)
		s.seen("ended leg-op")
		s.do(s.CloseBridge(s.t.Context(), "b-talk"))
	},
	"caller-abandons-while-operator-rings": func(s *scene) {
		in, caller := s.callIn()
		s.answer(in)
		s.park(in)
		s.do(s.ring("leg-op").Call.Ring())
		s.seen("rang leg-op")
		s.do(caller.Call.Hangup(s.t.Context()))
		s.seen("ended in-1")
		s.hangup("leg-op", telephony.CauseElsewhere)
		s.seen("ended leg-op")
	},
	"caller-cancels-before-answer": func(s *scene) {
		_, caller := s.callIn()
		s.do(caller.Call.Hangup(s.t.Context()))
		s.seen("ended in-1")
	},
	"operator-declines": func(s *scene) {
		for _, status := range []int{486, 603} {
			id := telephony.LegID("leg-" + map[int]string{486: "busy", 603: "decline"}[status])
			phone := s.ring(id)
			s.do(phone.Call.Ring())
			s.seen("rang " + string(id))
			s.do(phone.Call.Reject(status))
			s.seen("ended " + string(id))
		}
	},
	"operator-does-not-answer": func(s *scene) {
		s.originate(telephony.Originate{Leg: "leg-op", Endpoint: "op-trace", From: telephony.Party{Number: "79161234567"}, Timeout: time.Second})
		s.do((<-s.dev.Calls()).Ring())
		s.seen("ended leg-op")
	},
	"operator-hangs-up": func(s *scene) {
		in, _ := s.callIn()
		s.answer(in)
		phone := s.ring("leg-op")
		s.do(phone.Call.Answer())
		s.seen("answered leg-op")
		s.do(s.Join(s.t.Context(), "b-talk", in, "leg-op"))
		s.seen("joined in-1 b-talk")
		s.do(phone.Call.Hangup(s.t.Context()))
		s.seen("ended leg-op")
		s.park(in)
		s.hangup(in, telephony.CauseNormal)
		s.seen("ended in-1")
	},
	"hold-and-resume": func(s *scene) {
		in, caller := s.callIn()
		s.answer(in)
		s.do(s.Join(s.t.Context(), "b-talk", in))
		s.seen("joined in-1 b-talk")
		s.park(in)
		s.do(s.Join(s.t.Context(), "b-talk", in))
		s.seen("joined in-1 b-talk", "joined in-1 b-talk")
		s.do(caller.Call.Digit(s.t.Context(), "5"))
		s.seen("digit in-1 5")
		s.do(s.CloseBridge(s.t.Context(), "b-talk"))
		s.seen("left in-1 b-talk", "left in-1 b-talk")
		s.note(step{Return: in})
		s.do(s.Return(s.t.Context(), in))
		s.seen("ended in-1")
	},
	"outbound-busy": func(s *scene) {
		s.originate(telephony.Originate{Leg: "leg-out", Number: "+79165554433", Timeout: 10 * time.Second})
		far := <-s.carrier.Calls()
		s.do(far.Ring())
		s.seen("rang leg-out")
		s.do(far.Reject(486))
		s.seen("ended leg-out")
	},
	"outbound-talk": func(s *scene) {
		s.originate(telephony.Originate{Leg: "leg-out", Number: "+79165554433", Timeout: 10 * time.Second})
		far := <-s.carrier.Calls()
		s.do(far.Progress())
		s.do(far.Answer())
		s.seen("answered leg-out")
		s.do(s.Park(s.t.Context(), "leg-out"))
		s.seen("parked leg-out")
		s.do(far.Hangup(s.t.Context()))
		s.seen("ended leg-out")
	},
}

func (s *scene) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// seen waits until lines with these beginnings were told, each as often as it is given.
func (s *scene) seen(beginnings ...string) {
	s.t.Helper()
	eventually(s.t, strings.Join(beginnings, ", "), func() bool {
		for _, b := range beginnings {
			want, got := strings.Count(strings.Join(beginnings, "\n")+"\n", b), 0
			for _, l := range rename(s.lines()) {
				if strings.HasPrefix(l, b) {
					got++
				}
			}
			if got < want {
				return false
			}
		}
		return true
	})
}

func (s *scene) callIn() (telephony.LegID, *far) {
	s.t.Helper()
	f := s.CallIn(s.t, telephony.Party{Number: "79161234567", Name: "Ivan"}, "support").(*far)
	s.seen("started in-1")
	for _, e := range s.all() {
		if v, ok := e.(telephony.LegStarted); ok && len(v.Args) > 0 {
			return v.Leg.ID, f
		}
	}
	panic("unreachable: it was seen")
}

func (s *scene) answer(id telephony.LegID) {
	s.t.Helper()
	s.do(s.Answer(s.t.Context(), id))
	s.seen("answered in-1")
}

func (s *scene) park(id telephony.LegID) {
	s.t.Helper()
	s.do(s.Park(s.t.Context(), id))
	s.seen("parked in-1")
}

func (s *scene) originate(o telephony.Originate) {
	s.t.Helper()
	s.note(step{Originate: &o})
	s.do(s.Originate(s.t.Context(), o))
}

func (s *scene) ring(id telephony.LegID) *far {
	s.t.Helper()
	s.originate(telephony.Originate{
		Leg: id, Endpoint: "op-trace", From: telephony.Party{Number: "79161234567", Name: "Ivan"}, Timeout: 10 * time.Second,
		Headers: map[string]string{"X-Pult-Call": "1"}, Marks: telephony.Marks{"call": "1", "role": "operator"},
	})
	return (&device{agent: s.dev}).Next(s.t).(*far)
}

func (s *scene) hangup(id telephony.LegID, cause int) {
	s.t.Helper()
	s.note(step{Hangup: id, Q850: cause})
	s.do(s.Hangup(s.t.Context(), id, telephony.Cause{Q850: cause}))
}

// rename gives legs that came to us names that do not change, by order of appearance, and leaves the link out.
func rename(lines []string) (out []string) {
	text := strings.Join(lines, "\n")
	n := 0
	for _, l := range lines {
		f := strings.Fields(l)
		if f[0] == "started" && !strings.HasPrefix(f[1], "leg-") && !strings.HasPrefix(f[1], "in-") {
			n++
			text = strings.ReplaceAll(text, f[1], "in-"+string(rune('0'+n)))
		}
	}
	for l := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(l, "up ") {
			out = append(out, l)
		}
	}
	return out
}

func tracePath(name, ext string) string { return filepath.Join("testdata", "traces", name+ext) }

// TestLiveScenes plays the scenes on the real Asterisk and wants the events that the golden traces have. With -record it
// writes them.
func TestLiveScenes(t *testing.T) {
	for name, play := range scenes {
		t.Run(name, func(t *testing.T) {
			s := &scene{harness: newHarness(t), t: t}
			d := s.NewDriver(t).(*Driver)
			d.tap = func(data []byte) { s.note(step{Frame: bytes.Clone(data)}) }
			s.told = drive(t, d)
			s.await(t, 1)
			h := sipua.HA1("op-trace", d.Realm(), "secret")
			s.do(d.Provision(t.Context(), telephony.Account{Endpoint: "op-trace", DisplayName: "Anna", HA1: h}))
			dev, err := s.SignIn(t, "op-trace", h)
			s.do(err)
			s.dev = dev.(*device).agent
			s.seen("endpoint op-trace true")
			play(s)
			s.do(d.Deprovision(context.WithoutCancel(t.Context()), "op-trace"))
			s.seen("endpoint op-trace false")
			s.stop()

			got := strings.Join(rename(s.lines()), "\n") + "\n"
			if *record {
				s.write(name, got)
			}
			want, err := os.ReadFile(tracePath(name, ".told"))
			s.do(err)
			// Who enters a bridge first is Asterisk's whim.
			if !slices.Equal(sortedLines(got), sortedLines(string(want))) {
				t.Errorf("told\n%swant\n%s", got, want)
			}
		})
	}
}

func sortedLines(text string) []string { return slices.Sorted(strings.SplitSeq(text, "\n")) }

func (s *scene) write(name, told string) {
	s.t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, st := range s.steps {
		s.do(enc.Encode(st))
	}
	s.do(os.MkdirAll(filepath.Dir(tracePath(name, "")), 0o755))
	s.do(os.WriteFile(tracePath(name, ".jsonl"), b.Bytes(), 0o644))
	s.do(os.WriteFile(tracePath(name, ".told"), []byte(told), 0o644))
}

// TestGoldenTraces replays what a real Asterisk sent through decoder and table.
func TestGoldenTraces(t *testing.T) {
	for name := range scenes {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(tracePath(name, ".told"))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(rename(replay(t, name)), "\n") + "\n"
			if got != string(want) {
				t.Errorf("told\n%swant\n%s", got, want)
			}
		})
	}
}

// readTrace returns the steps of a golden trace.
func readTrace(t testing.TB, name string) (steps []step) {
	t.Helper()
	f, err := os.Open(tracePath(name, ".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var st step
		if err := json.Unmarshal(lines.Bytes(), &st); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, st)
	}
	if err := lines.Err(); err != nil || len(steps) == 0 {
		t.Fatalf("%d steps: %v", len(steps), err)
	}
	return steps
}

func replay(t testing.TB, name string) (told []string) {
	t.Helper()
	d, err := New(Options{URL: "http://pbx/ari", User: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	table := d.legs
	table.endpoints["carrier"] = true // as LinkUp said
	for _, st := range readTrace(t, name) {
		switch {
		case st.Originate != nil:
			table.legs[st.Originate.Leg] = newOriginated(*st.Originate)
		case st.Hangup != "":
			table.legs[st.Hangup].hangup = &telephony.Cause{Q850: st.Q850}
		case st.Return != "":
			table.legs[st.Return].returned = true
		default:
			kind := typeOf(st.Frame)
			if used[kind] == nil {
				continue
			}
			e, err := decode(frame{at: time.Now(), data: st.Frame}, kind)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range table.apply(e).events {
				told = append(told, line(e))
			}
		}
	}
	return told
}
