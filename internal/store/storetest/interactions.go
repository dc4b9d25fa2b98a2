package storetest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/quality"
)

// call returns a live call with every field set that a live call has.
func call(id string) interactions.Interaction {
	return interactions.Interaction{
		ID: id, Channel: interactions.ChannelCall, Direction: "INBOUND",
		Number:  customers.Number{E164: "+79161234567", Display: "8 (916) 123-45-67", Ext: "12", Kind: customers.NumberPublic},
		QueueID: "support", OperatorID: "u-anna", CustomerID: "c-1", CustomerName: "ООО «Ёлка» & 王 🎄", LinkedBy: "u-boris",
		StartedAt: start, EnqueuedAt: ptr(start.Add(time.Millisecond)), AnsweredAt: ptr(start.Add(9 * time.Second)),
		Waited: 8765 * time.Millisecond, Term: 7,
	}
}

func closed(in interactions.Interaction) interactions.Interaction {
	in.EndedAt, in.ClosedAt, in.Result = ptr(start.Add(time.Minute)), ptr(start.Add(2*time.Minute)), "ANSWERED"
	return in
}

func save(t *testing.T, d *db, in interactions.Interaction) {
	t.Helper()
	must(t, "SaveCall", d.Interactions().SaveCall(t.Context(), in))
}

func wantCall(t *testing.T, d *db, want interactions.Interaction) {
	t.Helper()
	got, err := d.Interactions().Get(t.Context(), want.ID)
	must(t, "Get", err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func runInteractions(t *testing.T, fresh NewDatabase) {
	each(t, fresh, []testCase{
		{"a call is read as it was saved", func(t *testing.T, d *db) {
			save(t, d, call("c-read"))
			wantCall(t, d, call("c-read"))
			save(t, d, closed(call("c-read")))
			wantCall(t, d, closed(call("c-read")))
		}},
		{"a field that empties is emptied", func(t *testing.T, d *db) {
			save(t, d, call("c-empty"))
			bare := interactions.Interaction{ID: "c-empty", Channel: interactions.ChannelCall, Direction: "OUTBOUND", StartedAt: start, Term: 7}
			save(t, d, bare)
			wantCall(t, d, bare)
		}},
		{"times are UTC with microseconds, durations have milliseconds", func(t *testing.T, d *db) {
			in := call("c-times")
			moscow := time.FixedZone("MSK", 3*3600)
			in.StartedAt, in.AnsweredAt = start.Add(999).In(moscow), ptr(start.Add(1999*time.Nanosecond).In(moscow))
			in.Waited += 999 * time.Microsecond
			save(t, d, in)
			in.StartedAt, in.AnsweredAt = start, ptr(start.Add(time.Microsecond))
			in.Waited = call("").Waited
			wantCall(t, d, in)
		}},
		{"how a call sounded is kept as it was measured, and not forgotten", func(t *testing.T, d *db) {
			in := closed(call("c-quality"))
			trip, out := 40*time.Millisecond, 0.05
			record := quality.Record{}
			for i, side := range []quality.Side{quality.Page, quality.Operator, quality.Customer} {
				record = record.Add(side, quality.Window{
					At: start.Add(time.Duration(i) * time.Second), Codec: "opus", Jitter: 3 * time.Millisecond, LossIn: 0.01, LossOut: &out, RoundTrip: &trip,
				})
			}
			record = record.Raise(quality.OneWayIn, quality.Page, start).Clear(quality.OneWayIn, quality.Page, start.Add(time.Second)).
				Raise(quality.LongHold, quality.Page, start)
			in.Quality = &record
			save(t, d, in)
			wantCall(t, d, in)
			unmeasured := in
			unmeasured.Quality = nil // of a new owner of the floor, who did not hear it
			save(t, d, unmeasured)
			wantCall(t, d, in)
		}},
		{"an older term never overwrites", func(t *testing.T, d *db) {
			newer := call("c-term")
			newer.Term, newer.Result = 1_770_000_000_123, "" // terms count milliseconds
			save(t, d, newer)
			older := closed(call("c-term"))
			older.Term = newer.Term - 1
			save(t, d, older)
			wantCall(t, d, newer)
			same := closed(newer)
			save(t, d, same)
			wantCall(t, d, same)
			newest := same
			newest.Term, newest.OperatorID = newer.Term+1, "u-boris"
			save(t, d, newest)
			wantCall(t, d, newest)
		}},
		{"what is closed stays closed", func(t *testing.T, d *db) {
			done := closed(call("c-closed"))
			save(t, d, done)
			late := call("c-closed")
			late.Term = done.Term + 5
			save(t, d, late)
			wantCall(t, d, done)
		}},
		{"no call event overwrites notes", func(t *testing.T, d *db) {
			in := call("c-notes")
			in.Notes = interactions.Notes{Comment: "not the call's to say", Tags: []string{"x"}, TopicID: "other"}
			save(t, d, in)
			in.Notes = interactions.Notes{}
			wantCall(t, d, in)
			in.Notes = interactions.Notes{
				TopicID: "billing-refund", Tags: []string{"Срочно", "b"}, Comment: "Перезвонить\n«до» обеда 🙂 100% _", CommentAt: ptr(start.Add(time.Hour)),
			}
			got, err := d.Interactions().SetNotes(t.Context(), in.ID, interactions.NotesChange{
				TopicID: &in.Notes.TopicID, Tags: &in.Notes.Tags, Comment: &in.Notes.Comment,
			}, start.Add(time.Hour))
			must(t, "SetNotes", err)
			if !reflect.DeepEqual(got, in) {
				t.Errorf("SetNotes returned %+v, want %+v", got, in)
			}
			done := closed(in)
			done.Notes = interactions.Notes{}
			save(t, d, done)
			done.Notes = in.Notes
			wantCall(t, d, done)
		}},
		{"notes change one by one", testNotesChange},
		{"an unknown topic is refused, and nothing is changed", func(t *testing.T, d *db) {
			save(t, d, call("c-topic"))
			_, err := d.Interactions().SetNotes(t.Context(), "c-topic", interactions.NotesChange{
				TopicID: ptr("no-such-topic"), Comment: ptr("lost"),
			}, start)
			wantKind(t, "SetNotes", err, errs.Invalid)
			if errs.FieldsOf(err)["topicId"] == "" {
				t.Errorf("the field is not named: %v", err)
			}
			wantCall(t, d, call("c-topic"))
		}},
		{"linking and unlinking", func(t *testing.T, d *db) {
			in := call("c-link")
			save(t, d, in)
			for _, c := range []struct {
				id   customers.ID
				name string
			}{{"c-2", "Пётр Ильич"}, {"", ""}} {
				must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), in.ID, c.id, c.name, "u-boris", start))
				in.CustomerID, in.CustomerName, in.LinkedBy, in.LinkedAt = c.id, c.name, "", &start
				if c.id != "" {
					in.LinkedBy = "u-boris"
				}
				wantCall(t, d, in)
			}
		}},
		{"a late answer of a customer system takes no person's link back", func(t *testing.T, d *db) {
			in := call("c-late")
			in.CustomerID, in.CustomerName = "c-1", "Первый"
			save(t, d, in)
			late := in // what the process knows that leads the call
			for name, by := range map[customers.ID]string{"c-2": "u-boris", "": ""} {
				must(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), in.ID, name, string(name), "u-boris", start))
				late.Result, late.LinkedBy, late.LinkedAt = "ANSWERED", "", nil
				save(t, d, late)
				in.Result, in.CustomerID, in.CustomerName, in.LinkedBy, in.LinkedAt = "ANSWERED", name, string(name), by, &start
				wantCall(t, d, in)
				late.LinkedBy, late.LinkedAt = "u-anna", ptr(start.Add(-time.Second)) // a choice of before
				save(t, d, late)
				wantCall(t, d, in)
			}
			late.LinkedBy, late.LinkedAt = "u-anna", ptr(start.Add(time.Second)) // the later choice
			save(t, d, late)
			wantCall(t, d, late)
		}},
		{"what is unknown is not found", func(t *testing.T, d *db) {
			for _, id := range []string{"none", "", "\x00", "%"} {
				_, err := d.Interactions().Get(t.Context(), id)
				wantKind(t, "Get", err, errs.NotFound)
				_, err = d.Interactions().SetNotes(t.Context(), id, interactions.NotesChange{Comment: ptr("x")}, start)
				wantKind(t, "SetNotes", err, errs.NotFound)
				_, err = d.Interactions().SetNotes(t.Context(), id, interactions.NotesChange{}, start)
				wantKind(t, "SetNotes of nothing", err, errs.NotFound)
				_, err = d.Interactions().SetNotes(t.Context(), id, interactions.NotesChange{Tags: ptr([]string{"x"})}, start)
				wantKind(t, "SetNotes of tags", err, errs.NotFound)
				wantKind(t, "SetCustomer", d.Interactions().SetCustomer(t.Context(), id, "c", "n", "u-boris", start), errs.NotFound)
			}
			wantKind(t, "SaveCall without an id", d.Interactions().SaveCall(t.Context(), interactions.Interaction{}), errs.Invalid)
		}},
		{"many by id cost one statement", func(t *testing.T, d *db) {
			ids := []string{"none", "\x00"}
			for _, id := range []string{"c-many-1", "c-many-2", "c-many-3"} {
				save(t, d, call(id))
				ids = append(ids, id)
			}
			var got []interactions.Interaction
			var err error
			if n := d.statements(func() { got, err = d.Interactions().GetMany(t.Context(), ids) }); n != 1 {
				t.Errorf("%d statements", n)
			}
			must(t, "GetMany", err)
			var names []string
			for _, in := range got {
				names = append(names, in.ID)
			}
			slices.Sort(names)
			if !slices.Equal(names, ids[2:]) {
				t.Errorf("got %v", names)
			}
			if got, err := d.Interactions().GetMany(t.Context(), nil); err != nil || len(got) != 0 {
				t.Errorf("none: %v, %v", got, err)
			}
		}},
		{"open calls are restored, closed ones and other channels are not", func(t *testing.T, d *db) {
			before, err := d.Interactions().OpenCalls(t.Context())
			must(t, "OpenCalls", err)
			for _, in := range before { // of the other tests
				save(t, d, closed(in))
			}
			late, early, chat := call("c-open-1"), call("c-open-2"), call("c-open-3")
			late.StartedAt, chat.Channel = start.Add(time.Hour), interactions.ChannelChat
			for _, in := range []interactions.Interaction{late, early, chat, closed(call("c-open-4"))} {
				save(t, d, in)
			}
			got, err := d.Interactions().OpenCalls(t.Context())
			must(t, "OpenCalls", err)
			if !reflect.DeepEqual(got, []interactions.Interaction{early, late}) {
				t.Errorf("got %+v", got)
			}
		}},
		{"text that no database keeps is made fit", func(t *testing.T, d *db) {
			in := call("c-bytes")
			in.CustomerName = "a\x00b\xffc"
			save(t, d, in)
			got, err := d.Interactions().SetNotes(t.Context(), in.ID, interactions.NotesChange{
				Comment: ptr("x\x00y\xfe"), Tags: ptr([]string{"t\x00ag"}),
			}, start)
			must(t, "SetNotes", err)
			if got.CustomerName != "ab\uFFFDc" || got.Notes.Comment != "xy\uFFFD" || !slices.Equal(got.Notes.Tags, []string{"tag"}) {
				t.Errorf("got %+v", got)
			}
			long := strings.Repeat("ж", 100_000)
			if got, err = d.Interactions().SetNotes(t.Context(), in.ID, interactions.NotesChange{Comment: &long}, start); err != nil || got.Notes.Comment != long {
				t.Errorf("a long comment: %d characters, %v", len(got.Notes.Comment), err)
			}
		}},
	})
	t.Run("tags in use", func(t *testing.T) { testTags(t, open(t, fresh(t))) })
}

func testNotesChange(t *testing.T, d *db) {
	in := call("c-change")
	save(t, d, in)
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	for i, step := range []struct {
		change interactions.NotesChange
		want   interactions.Notes
	}{
		{interactions.NotesChange{Comment: ptr("one")}, interactions.Notes{Comment: "one", CommentAt: ptr(at(0))}},
		{interactions.NotesChange{TopicID: ptr("other")}, interactions.Notes{Comment: "one", CommentAt: ptr(at(0)), TopicID: "other"}},
		{
			interactions.NotesChange{Tags: ptr([]string{" new  client ", "", "New Client", "b"})},
			interactions.Notes{Comment: "one", CommentAt: ptr(at(0)), TopicID: "other", Tags: []string{"new client", "b"}},
		},
		{
			interactions.NotesChange{},
			interactions.Notes{Comment: "one", CommentAt: ptr(at(0)), TopicID: "other", Tags: []string{"new client", "b"}},
		},
		{
			interactions.NotesChange{Comment: ptr(""), TopicID: ptr(""), Tags: ptr([]string{"b", "c"})},
			interactions.Notes{CommentAt: ptr(at(4)), Tags: []string{"b", "c"}},
		},
		{interactions.NotesChange{Tags: ptr([]string(nil))}, interactions.Notes{CommentAt: ptr(at(4)), Tags: []string{}}},
	} {
		got, err := d.Interactions().SetNotes(t.Context(), in.ID, step.change, at(i))
		must(t, "SetNotes", err)
		in.Notes = step.want
		if !reflect.DeepEqual(got, in) {
			t.Errorf("step %d: got %+v, want %+v", i, got.Notes, in.Notes)
		}
		wantCall(t, d, in)
	}
}

func testTags(t *testing.T, d *db) {
	for id, tags := range map[string][]string{
		"c-1": {"Возврат", "срочно", "100%"}, "c-2": {"возврат", "VIP"}, "c-3": {"ВОЗВРАТ", "Ёлка"}, "c-4": {"возраст", "a_b", "axb"},
	} {
		save(t, d, call(id))
		_, err := d.Interactions().SetNotes(t.Context(), id, interactions.NotesChange{Tags: &tags}, start)
		must(t, "SetNotes", err)
	}
	for prefix, want := range map[string][]string{
		"воз": {"возврат", "возраст"}, "ВОЗВ": {"возврат"}, "vip": {"vip"}, "ёл": {"ёлка"}, "ел": {"ёлка"},
		"100%": {"100%"}, "%": nil, "_": nil, "a_": {"a_b"}, "nothing": nil, " срочно ": {"срочно"},
	} {
		got, err := d.Interactions().Tags(t.Context(), prefix, 10)
		must(t, "Tags", err)
		for i := range got {
			got[i] = strings.ToLower(got[i]) // whichever spelling is shown
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", prefix, got, want)
		}
	}
	got, err := d.Interactions().Tags(t.Context(), "", 1)
	if err != nil || len(got) != 1 || !strings.EqualFold(got[0], "возврат") {
		t.Errorf("the most used: %v, %v", got, err)
	}
	if got, err := d.Interactions().Tags(t.Context(), "", 0); err != nil || len(got) != 0 {
		t.Errorf("none wanted: %v, %v", got, err)
	}
	// Tags taken off are no longer in use.
	_, err = d.Interactions().SetNotes(t.Context(), "c-2", interactions.NotesChange{Tags: ptr([]string{})}, start)
	must(t, "SetNotes", err)
	if got, err := d.Interactions().Tags(t.Context(), "vip", 5); err != nil || len(got) != 0 {
		t.Errorf("a tag taken off: %v, %v", got, err)
	}
}
