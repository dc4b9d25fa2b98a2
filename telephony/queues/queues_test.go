package queues_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/queues"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// state makes operators who are free, the first idle longest, all of queue q.
func state(operators ...string) *queues.State {
	s := queues.NewState()
	s.Queues["q"] = queues.Queue{ID: "q", Key: "support"}
	for i, id := range operators {
		s.Operators[id] = &queues.Operator{
			ID: id, Queues: []string{"q"}, PhoneOnline: true,
			Declared: queues.Declared{OperatorID: id, Availability: queues.Ready, IdleSince: noon.Add(time.Duration(i) * time.Minute)},
		}
	}
	return s
}

func TestAQueueIsRefusedWhoseToneNoPageKnows(t *testing.T) {
	for _, tone := range append([]string{""}, queues.Tones...) {
		if err := (queues.Queue{Tone: tone}).Validate(); err != nil {
			t.Errorf("%q: %v", tone, err)
		}
	}
	for name, q := range map[string]queues.Queue{"an unknown tone": {Tone: "gong"}, "a negative time": {WrapUp: -1}} {
		if err := q.Validate(); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoWouldNotBeHeardIsNotFree(t *testing.T) {
	s := state("anna")
	s.Operators["anna"].Unheard = true
	s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: noon})
	if o := s.Decide(noon); len(o) != 0 {
		t.Errorf("offered %v", o)
	}
	s.Enqueue(queues.Waiting{CallID: "2", QueueID: "q", Since: noon, Only: "anna", OnlyUntil: noon.Add(time.Minute)})
	if o := s.Decide(noon); len(o) != 0 {
		t.Errorf("what is kept for her is offered: %v", o)
	}
	s.Operators["anna"].Unheard = false
	if o := s.Decide(noon); len(o) != 1 {
		t.Errorf("with a microphone: offered %v", o)
	}
}

func TestDecide(t *testing.T) {
	at := func(sec int) time.Time { return noon.Add(time.Duration(sec) * time.Second) }
	for name, tc := range map[string]struct {
		state *queues.State
		with  func(s *queues.State)
		want  string
	}{
		"the longest waiting to the longest idle": {state("anna", "boris"), func(s *queues.State) {
			s.Enqueue(queues.Waiting{CallID: "2", QueueID: "q", Since: at(2)})
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1)})
			s.Enqueue(queues.Waiting{CallID: "3", QueueID: "q", Since: at(3)})
		}, "[1:anna 2:boris]"},
		"who came first where both came at once": {state("anna"), func(s *queues.State) {
			s.Enqueue(queues.Waiting{CallID: "b", QueueID: "q", Since: at(1)})
			s.Enqueue(queues.Waiting{CallID: "a", QueueID: "q", Since: at(1)})
		}, "[b:anna]"},
		"a lost call before everybody": {state("anna"), func(s *queues.State) {
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1)})
			s.Enqueue(queues.Waiting{CallID: "9", QueueID: "q", Since: at(9), Head: true})
		}, "[9:anna]"},
		"nobody but the operator it is kept for": {state("anna", "boris"), func(s *queues.State) {
			s.Operators["anna"].Declared.Availability = queues.Paused
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1), Only: "anna", OnlyUntil: at(60)})
		}, "[1:anna]"},
		"who is kept waiting stops nobody": {state("anna", "boris"), func(s *queues.State) {
			s.Operators["anna"].PhoneOnline = false
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1), Head: true, Only: "anna", OnlyUntil: at(60)})
			s.Enqueue(queues.Waiting{CallID: "2", QueueID: "q", Since: at(2)})
		}, "[2:boris]"},
		"not at once after a failure": {state("anna"), func(s *queues.State) {
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1), Only: "anna", OnlyUntil: at(60), NotBefore: at(31)})
		}, "[]"},
		"anybody when the time is over": {state("anna", "boris"), func(s *queues.State) {
			s.Operators["anna"].Busy = "x"
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1), Only: "anna", OnlyUntil: at(30)})
		}, "[1:boris]"},
		"no queue, nobody": {state("anna"), func(s *queues.State) {
			s.Enqueue(queues.Waiting{CallID: "1", Since: at(1)})
		}, "[]"},
		"neither paused, nor busy, nor out of reach, nor of another queue": {state("a", "b", "c", "d"), func(s *queues.State) {
			s.Operators["a"].Declared.Availability = queues.Paused
			s.Operators["b"].Busy = "x"
			s.Operators["c"].PhoneOnline = false
			s.Operators["d"].Queues = []string{"other"}
			s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Since: at(1)})
		}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.with(tc.state)
			got := []string{}
			for _, o := range tc.state.Decide(at(30)) {
				got = append(got, o.CallID+":"+o.OperatorID)
				if tc.state.Operators[o.OperatorID].Busy != o.CallID {
					t.Errorf("%s is not busy with %s", o.OperatorID, o.CallID)
				}
			}
			if fmt.Sprint(got) != tc.want {
				t.Fatalf("decided %v, want %v", got, tc.want)
			}
			if again := tc.state.Decide(at(30)); len(again) != 0 {
				t.Fatalf("then decided %v again", again)
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	s := state("anna")
	if d := s.NextDeadline(noon); !d.IsZero() {
		t.Fatalf("an empty line has the deadline %s", d)
	}
	s.Enqueue(queues.Waiting{CallID: "1", QueueID: "q", Only: "anna", OnlyUntil: noon.Add(20 * time.Second), NotBefore: noon.Add(2 * time.Second)})
	if d := s.NextDeadline(noon).Sub(noon); d != 2*time.Second {
		t.Fatalf("first deadline in %s", d)
	}
	if d := s.NextDeadline(noon.Add(2 * time.Second)).Sub(noon); d != 20*time.Second {
		t.Fatalf("second deadline in %s", d)
	}
	if n := len(s.Lapsed(noon.Add(19 * time.Second))); n != 0 {
		t.Fatalf("%d lapsed too early", n)
	}
	if n := len(s.Lapsed(noon.Add(20 * time.Second))); n != 1 {
		t.Fatalf("%d lapsed", n)
	}
	s.Remove("1")
	if n := len(s.Lapsed(noon.Add(time.Hour))); n != 0 {
		t.Fatalf("%d lapsed of an empty line", n)
	}
}

// TestLine: in whatever order calls come and go, the line is in order of service, holds each once, and is counted right.
func TestLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := state()
		model := map[string]queues.Waiting{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "call")
			revision := s.Revision()
			_, there := model[id]
			if rapid.Bool().Draw(t, "leave") {
				s.Remove(id)
				delete(model, id)
				if there == (s.Revision() == revision) {
					t.Fatalf("leaving, being there %v, made revision %d of %d", there, s.Revision(), revision)
				}
				continue
			}
			w := queues.Waiting{
				CallID: id, QueueID: rapid.SampledFrom([]string{"q", "r"}).Draw(t, "queue"),
				Since: noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "since")) * time.Second), Head: rapid.Bool().Draw(t, "head"),
			}
			s.Enqueue(w)
			model[id] = w
			if s.Revision() == revision {
				t.Fatal("a change of the line went unnoticed")
			}
		}
		var line []queues.Waiting
		s.Each(func(w *queues.Waiting) { line = append(line, *w) })
		if len(line) != len(model) {
			t.Fatalf("%d wait, want %d", len(line), len(model))
		}
		if !slices.IsSortedFunc(line, func(a, b queues.Waiting) int {
			switch {
			case a.Head != b.Head && a.Head:
				return -1
			case a.Head != b.Head:
				return 1
			}
			return a.Since.Compare(b.Since)
		}) {
			t.Fatalf("out of order: %+v", line)
		}
		n := 0
		var oldest time.Time
		for id, w := range model {
			if w.QueueID != "q" {
				continue
			}
			if n++; n == 1 || w.Since.Before(oldest) {
				oldest = w.Since
			}
			if !slices.ContainsFunc(line, func(l queues.Waiting) bool { return l == w }) {
				t.Fatalf("%s is not in the line", id)
			}
		}
		if got, since := s.Line("q"); got != n || !since.Equal(oldest) {
			t.Fatalf("%d wait since %s, want %d since %s", got, since, n, oldest)
		}
	})
}
