package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

const feed = `subscription { callFeed(scope: MINE) { __typename ... on CallChanged { cursor call { id version state } } ... on CallRemoved { id } ... on Synced { cursor at } } }`

func feedOf(scope, fields string) string {
	return `subscription { callFeed(scope: ` + scope + `) { __typename ... on CallChanged { call { ` + fields + ` } } ... on CallRemoved { id } ... on Synced { at } } }`
}

// item tells a feed item in short: "x3" for call x in version 3, "-x", "synced".
func (c *wsClient) item(id string) string {
	c.t.Helper()
	i := at(c.next(id), "callFeed")
	switch at(i, "__typename") {
	case "CallChanged":
		return fmt.Sprintf("%v%v", at(i, "call", "id"), at(i, "call", "version"))
	case "CallRemoved":
		return fmt.Sprintf("-%v", at(i, "id"))
	}
	return "synced"
}

func (c *wsClient) items(id string, want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.item(id); got != w {
			c.t.Fatalf("the feed sends %s, want %s", got, w)
		}
	}
}

func version(c calls.Call, v uint64) calls.Call {
	c.Version = v
	return c
}

func TestCallFeed(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.putCall(talking("b", "boris", "q1"))
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "a3", "synced")

	s.board.putCall(version(talking("a", "anna", "q1"), 4))
	c.items("1", "a4")
	s.board.putCall(version(talking("b", "boris", "q1"), 4)) // not hers
	s.board.putCall(version(talking("b", "anna", "q1"), 5))  // now hers
	c.items("1", "b5")
	s.board.putCall(version(talking("b", "boris", "q1"), 6)) // and no longer
	c.items("1", "-b")

	ended := version(talking("a", "anna", "q1"), 7)
	ended.State = calls.StateEnded
	s.board.putCall(ended)
	c.items("1", "a7", "-a")
	s.board.putCall(version(ended, 8)) // nobody knew it any more
	fresh := ended
	fresh.ID = "brief" // came and went between two looks
	s.board.putCall(fresh)
	s.board.putCall(talking("c", "anna", "q1"))
	c.items("1", "c3")

	c.send(`{"type":"complete","id":"1"}`)
	eventually(t, func() bool { return s.board.following() == 0 })
}

func TestCallFeedAfterAGapSendsThePictureAgain(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.putCall(talking("b", "anna", "q1"))
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "a3", "b3", "synced")
	s.board.reset(version(talking("b", "anna", "q1"), 9), talking("c", "anna", "q1"), talking("d", "vera", "q2"))
	c.items("1", "-a", "b9", "c3", "synced")
	s.board.putCall(version(talking("c", "anna", "q1"), 4))
	c.items("1", "c4")
}

// TestPictureThatIsNotConfirmedIsNotSent: after a restart of the server the first was the history's, and pages acted upon it.
func TestPictureThatIsNotConfirmedIsNotSent(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	doubt := make(chan struct{})
	s.board.doubt = doubt
	c := s.open("anna")
	c.subscribe("n", `subscription { notices { id } }`)
	c.subscribe("1", feed)
	eventually(t, func() bool { return s.board.following() == 2 })
	s.board.put(calls.Change{Notice: &calls.Notice{ID: "up", Kind: calls.NoticePBXUp}})
	if d := c.next("n"); dig(d, "notices.id") != "up" { // no picture, so it waits for none
		t.Fatalf("the notice is %v", d)
	}
	s.board.putCall(version(talking("a", "anna", "q1"), 4))
	close(doubt)
	c.items("1", "a4", "synced")
}

func TestCallFeedScopes(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	s.board.putCall(talking("b", "boris", "q1"))
	s.board.putCall(talking("d", "vera", "q2"))
	for _, tc := range []struct {
		who, scope string
		want       []string
	}{
		{"anna", "MINE", []string{"a3"}},
		{"anna", "QUEUES", []string{"a3", "b3"}},
		{"vera", "QUEUES", []string{"d3"}},
		{"sonya", "MINE", nil},
		{"sonya", "ALL", []string{"a3", "b3", "d3"}},
		{"adam", "ALL", []string{"a3", "b3", "d3"}},
	} {
		c := s.open(tc.who)
		c.subscribe("1", strings.Replace(feed, "MINE", tc.scope, 1))
		c.items("1", append(tc.want, "synced")...)
	}
	c := s.open("anna")
	c.subscribe("1", strings.Replace(feed, "MINE", "ALL", 1))
	if f := c.read(); f.Type != "error" || !strings.Contains(string(f.Payload), "FORBIDDEN") {
		t.Errorf("an operator follows all calls: %+v %s", f, f.Payload)
	}
	c.subscribe("2", feed) // an error is not followed by complete, and the connection lives on
	c.items("2", "a3", "synced")
}

func TestCallFeedTakesACursor(t *testing.T) {
	s := newStand(t)
	s.board.putCall(talking("a", "anna", "q1"))
	c := s.open("anna")
	c.subscribe("1", feed)
	first := at(c.next("1"), "callFeed", "cursor")
	synced := at(c.next("1"), "callFeed", "cursor")
	if first == nil || synced == nil || first == synced {
		t.Fatalf("cursors are %v and %v", first, synced)
	}
	for i, since := range []any{first, synced, "nonsense"} {
		id := fmt.Sprint("again", i)
		c.subscribe(id, strings.Replace(feed, "scope: MINE", fmt.Sprintf("scope: MINE, since: %q", since), 1))
		c.items(id, "a3", "synced")
	}
}

func TestFeedReadsNotesOnceAndOutlivesTheDatabase(t *testing.T) {
	s := newStand(t)
	for _, id := range []calls.ID{"a", "b"} {
		s.board.putCall(talking(id, "anna", "q1"))
		s.history.put(interactions.Interaction{ID: string(id), Notes: interactions.Notes{Comment: "note of " + string(id)}})
	}
	c := s.open("anna")
	c.subscribe("1", feedOf("MINE", "id interaction { comment }"))
	for _, id := range []string{"a", "b"} {
		if got := dig(c.next("1"), "callFeed.call.interaction.comment"); got != "note of "+id {
			t.Fatalf("the comment is %v", got)
		}
	}
	c.next("1")
	if n := s.history.count(); n != 1 {
		t.Errorf("two calls took %d statements", n)
	}
	s.history.breakWith(errs.E(errs.Unavailable, "reading", "the database is away"))
	s.board.putCall(version(talking("a", "anna", "q1"), 4))
	if got := dig(c.next("1"), "callFeed.call.interaction.comment"); got != "note of a" {
		t.Errorf("with the database away the comment is %v", got)
	}
}

func TestRingingWaitsForNoDatabase(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("1", feedOf("MINE", "id state interaction { comment }"))
	c.items("1", "synced")
	call := talking("a", "anna", "q1")
	call.State, call.AnsweredAt = calls.StateOffered, nil
	s.board.putCall(call)
	if got := dig(c.next("1"), "callFeed.call.state"); got != "OFFERED" {
		t.Fatalf("the state is %v", got)
	}
	if n := s.history.count(); n != 0 {
		t.Errorf("the card took %d statements", n)
	}
}

func TestQueueAndOperatorFeeds(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("q", `subscription { queueFeed(ids: ["q2"]) { __typename ... on QueueChanged { queue { id waiting } cursor } } }`)
	if d := c.next("q"); dig(d, "queueFeed.queue.id") != "q2" {
		t.Fatalf("the queue is %v", d)
	}
	if d := c.next("q"); dig(d, "queueFeed.__typename") != "Synced" {
		t.Fatalf("synced is %v", d)
	}
	q1, _ := s.board.Queue("q1")
	q2, _ := s.board.Queue("q2")
	q1.Waiting, q2.Waiting = 5, 7
	s.board.put(calls.Change{Queue: &q1}, calls.Change{Queue: &q2})
	if d := c.next("q"); dig(d, "queueFeed.queue.waiting") != 7.0 {
		t.Fatalf("the change is %v", d)
	}
	s.board.reset()
	if d := c.next("q"); dig(d, "queueFeed.queue.waiting") != 7.0 {
		t.Fatalf("after a gap: %v", d)
	}
	c.next("q")

	c.subscribe("o", `subscription { operatorFeed { __typename ... on OperatorChanged { operator { id presence pauseReason { name } queues { id } } } } }`)
	for _, id := range []string{"adam", "anna", "boris", "sonya", "vera"} {
		if d := c.next("o"); dig(d, "operatorFeed.operator.id") != id {
			t.Fatalf("the operator is %v, want %s", d, id)
		}
	}
	c.next("o")
	o, _ := s.board.Operator("vera")
	o.Presence, o.PauseReason = calls.PresencePaused, "unlisted"
	s.board.put(calls.Change{Operator: &o})
	if d := c.next("o"); dig(d, "operatorFeed.operator.presence") != "PAUSED" || dig(d, "operatorFeed.operator.pauseReason.name") != "unlisted" {
		t.Fatalf("the change is %v", d)
	}
}

func TestNoticesAreForWhomTheyConcern(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("n", `subscription { notices { id kind callId phoneClientId text } }`)
	eventually(t, func() bool { return s.board.following() == 1 })
	s.board.put(calls.Change{Notice: &calls.Notice{ID: "1", Kind: calls.NoticePhoneLost, OperatorID: "boris"}},
		calls.Change{Notice: &calls.Notice{ID: "2", Kind: calls.NoticePhoneTakenOver, OperatorID: "anna", PhoneClientID: "w2"}})
	if d := c.next("n"); dig(d, "notices.id") != "2" || dig(d, "notices.phoneClientId") != "w2" || dig(d, "notices.callId") != nil {
		t.Errorf("the notice is %v", d)
	}
	s.board.put(calls.Change{Notice: &calls.Notice{ID: "3", Kind: calls.NoticePBXDown}})
	if d := c.next("n"); dig(d, "notices.kind") != "PBX_DOWN" {
		t.Errorf("the notice is %v", d)
	}
}

func TestInteractionFeed(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("i", `subscription { interactionFeed(customerId: "c1") { id comment } }`)
	send := func(in interactions.Interaction) {
		select {
		case s.history.changes <- in:
		case <-time.After(5 * time.Second):
			t.Fatal("nobody follows")
		}
	}
	send(interactions.Interaction{ID: "secret", OperatorID: "vera", QueueID: "q2", CustomerID: "c1"})
	send(interactions.Interaction{ID: "h", OperatorID: "boris", QueueID: "q1", CustomerID: "c1", Notes: interactions.Notes{Comment: "c"}})
	if d := c.next("i"); dig(d, "interactionFeed.id") != "h" || dig(d, "interactionFeed.comment") != "c" {
		t.Errorf("the interaction is %v", d)
	}
	close(s.history.changes) // the bus is gone: the client must hear that its feed is dead
	if f := c.read(); f.Type != "error" || f.ID != "i" || !strings.Contains(string(f.Payload), "UNAVAILABLE") {
		t.Errorf("the end is %s %s", f.Type, f.Payload)
	}
}

func TestAFeedThatBreaksSaysSo(t *testing.T) {
	s := newStand(t)
	c := s.open("anna")
	c.subscribe("1", feed)
	c.items("1", "synced")
	s.board.mu.Lock()
	for f := range s.board.followers {
		f.mu.Lock()
		f.broken = errs.E(errs.Unavailable, "watching", "closed")
		f.mu.Unlock()
		f.push()
	}
	s.board.mu.Unlock()
	if f := c.read(); f.Type != "error" || !strings.Contains(string(f.Payload), "UNAVAILABLE") {
		t.Errorf("a broken feed: %s %s", f.Type, f.Payload)
	}
}
