package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/seal"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/queues"
)

func runDirectory(t *testing.T, fresh NewDatabase) {
	each(t, fresh, []testCase{
		{"a queue is read as it was saved", func(t *testing.T, d *db) {
			q := queues.Queue{
				ID: "vip", Key: "vip", Name: "Важные «ё»", Order: -1, RingTimeout: 12500 * time.Millisecond, WrapUp: 0, RescueFor: time.Minute,
				AutoAnswer: true, Tone: "bell",
			}
			for range 2 {
				must(t, "UpsertQueue", d.Directory().UpsertQueue(t.Context(), q))
				got, err := d.Directory().Queues(t.Context())
				if err != nil || len(got) != 3 || got[0] != q {
					t.Fatalf("got %+v, %v", got, err)
				}
				q.Name, q.RingTimeout, q.WrapUp, q.AutoAnswer, q.Tone = "Важные", time.Second, 90*time.Second, false, ""
			}
		}},
		{"a key is one queue's", func(t *testing.T, d *db) {
			err := d.Directory().UpsertQueue(t.Context(), queues.Queue{ID: "other", Key: "support"})
			wantKind(t, "another queue's key", err, errs.Conflict)
			wantKind(t, "no key", d.Directory().UpsertQueue(t.Context(), queues.Queue{ID: "x"}), errs.Invalid)
			wantKind(t, "an unknown tone", d.Directory().UpsertQueue(t.Context(), queues.Queue{ID: "x", Key: "x", Tone: "gong"}), errs.Invalid)
			wantKind(t, "no id", d.Directory().UpsertQueue(t.Context(), queues.Queue{Key: "x"}), errs.Invalid)
		}},
		{"availability is kept, the last one", func(t *testing.T, d *db) {
			paused := queues.Declared{
				OperatorID: "u-anna", Availability: queues.Paused, PauseReason: queues.PauseNoAnswer, Since: start, IdleSince: start.Add(-time.Hour),
			}
			must(t, "SaveDeclared", d.Directory().SaveDeclared(t.Context(), paused))
			ready := queues.Declared{OperatorID: "u-anna", Availability: queues.Ready, Since: start.Add(time.Second)} // never had a call
			must(t, "SaveDeclared", d.Directory().SaveDeclared(t.Context(), ready))
			paused.OperatorID = "u-boris"
			must(t, "SaveDeclared", d.Directory().SaveDeclared(t.Context(), paused))
			got, err := d.Directory().Declared(t.Context())
			if err != nil || !reflect.DeepEqual(got, []queues.Declared{ready, paused}) || !got[0].IdleSince.IsZero() {
				t.Errorf("got %+v, %v", got, err)
			}
			wantKind(t, "nobody's", d.Directory().SaveDeclared(t.Context(), queues.Declared{}), errs.Invalid)
		}},
		{"of a phone the last word is kept", func(t *testing.T, d *db) {
			r := (&health.Record{OperatorID: "u-anna"}).Take(health.Report{
				Check: &health.Check{Browser: "Яндекс Браузер 25", Microphone: "Гарнитура «ё»", Steps: []health.Step{
					{Name: health.StepPermission, State: health.Failed, Problem: "denied"}, {Name: health.StepClock, State: health.OK, Detail: "0.1 s"},
				}},
				Errors: []health.Error{{Kind: health.ErrorSIP, Text: "408\x00"}},
			}, start)
			must(t, "SaveHealth", d.Health().SaveHealth(t.Context(), *r))
			later := r.Take(health.Report{Errors: []health.Error{{Kind: health.ErrorPage, Text: "x"}}}, start.Add(time.Minute))
			must(t, "SaveHealth", d.Health().SaveHealth(t.Context(), *later))
			got, err := d.Health().Health(t.Context())
			if err != nil || !reflect.DeepEqual(got, []health.Record{*later}) || !got[0].Unheard() {
				t.Errorf("got %+v, %v", got, err)
			}
			wantKind(t, "nobody's", d.Health().SaveHealth(t.Context(), health.Record{}), errs.Invalid)
		}},
		{"each list is one statement", func(t *testing.T, d *db) {
			for name, read := range map[string]func() error{
				"Queues":       func() error { _, err := d.Directory().Queues(t.Context()); return err },
				"PauseReasons": func() error { _, err := d.Directory().PauseReasons(t.Context()); return err },
				"Declared":     func() error { _, err := d.Directory().Declared(t.Context()); return err },
				"Health":       func() error { _, err := d.Health().Health(t.Context()); return err },
				"Topics":       func() error { _, err := d.Interactions().Topics(t.Context()); return err },
				"Credentials":  func() error { _, err := d.Credentials().Credentials(t.Context()); return err },
				"Pending":      func() error { _, err := d.Credentials().PendingCredentials(t.Context()); return err },
				"OpenCalls":    func() error { _, err := d.Interactions().OpenCalls(t.Context()); return err },
			} {
				if n := d.statements(func() { must(t, name, read()) }); n != 1 {
					t.Errorf("%s: %d statements", name, n)
				}
			}
		}},
	})
}

func runCredentials(t *testing.T, fresh NewDatabase) {
	each(t, fresh, []testCase{
		{"an operator has one credential, the newest", func(t *testing.T, d *db) {
			repo := d.Credentials()
			c := credential("u-anna", "s-1")
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), c, ""))
			if got, err := repo.CredentialOf(t.Context(), "u-anna"); err != nil || !reflect.DeepEqual(got, c) {
				t.Errorf("got %+v, %v", got, err)
			}
			c.SessionID, c.ClientID, c.KeyVersion, c.Sealed, c.CreatedAt = "s-2", "window-2", 2, []byte("new"), start.Add(time.Hour)
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), c, "s-1"))
			other := c
			other.OperatorID = "u-boris"
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), other, ""))
			if got, err := repo.Credentials(t.Context()); err != nil || !reflect.DeepEqual(got, []seal.Credential{c, other}) {
				t.Errorf("got %+v, %v", got, err)
			}
			must(t, "DeleteCredential", repo.DeleteCredential(t.Context(), "u-anna", "s-2"))
			must(t, "DeleteCredential again", repo.DeleteCredential(t.Context(), "u-anna", "s-2"))
			_, err := repo.CredentialOf(t.Context(), "u-anna")
			wantKind(t, "deleted", err, errs.NotFound)
			if got, err := repo.CredentialOf(t.Context(), "u-boris"); err != nil || !reflect.DeepEqual(got, other) {
				t.Errorf("got %+v, %v", got, err)
			}
			_, err = repo.CredentialOf(t.Context(), "nobody\x00")
			wantKind(t, "unknown", err, errs.NotFound)
			wantKind(t, "nobody's", repo.SwapCredential(t.Context(), seal.Credential{SessionID: "s"}, ""), errs.Invalid)
			wantKind(t, "of no session", repo.SwapCredential(t.Context(), seal.Credential{OperatorID: "u-anna"}, ""), errs.Invalid)
		}},
		{"a credential is replaced and deleted only by who knows its session", func(t *testing.T, d *db) {
			repo := d.Credentials()
			present := credential("u-vera", "s-2")
			wantKind(t, "instead of one that is not there", repo.SwapCredential(t.Context(), present, "s-1"), errs.Conflict)
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), present, ""))
			late := credential("u-vera", "s-3")
			wantKind(t, "instead of none", repo.SwapCredential(t.Context(), late, ""), errs.Conflict)
			wantKind(t, "instead of a former one", repo.SwapCredential(t.Context(), late, "s-1"), errs.Conflict)
			must(t, "DeleteCredential of a former one", repo.DeleteCredential(t.Context(), "u-vera", "s-1"))
			if got, err := repo.CredentialOf(t.Context(), "u-vera"); err != nil || !reflect.DeepEqual(got, present) {
				t.Errorf("got %+v, %v", got, err)
			}
		}},
		{"a desk phone's is pending until the PBX has been told", func(t *testing.T, d *db) {
			repo := d.Credentials()
			c := credential("u-desk", "s-1")
			c.Desk, c.Pending = true, true
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), c, ""))
			pending := func() []seal.Credential {
				t.Helper()
				got, err := repo.PendingCredentials(t.Context())
				must(t, "PendingCredentials", err)
				return got
			}
			if got := pending(); !reflect.DeepEqual(got, []seal.Credential{c}) {
				t.Errorf("pending are %+v", got)
			}
			must(t, "SettleCredential of a former one", repo.SettleCredential(t.Context(), "u-desk", "s-0"))
			if got := pending(); len(got) != 1 {
				t.Errorf("pending are %+v", got)
			}
			must(t, "SettleCredential", repo.SettleCredential(t.Context(), "u-desk", "s-1"))
			if got := pending(); len(got) != 0 {
				t.Errorf("pending are %+v", got)
			}
			c.SessionID = "s-2" // rotated
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), c, "s-1"))
			if got := pending(); !reflect.DeepEqual(got, []seal.Credential{c}) {
				t.Errorf("pending are %+v", got)
			}
			must(t, "DeleteCredential", repo.DeleteCredential(t.Context(), "u-desk", "s-2"))
		}},
		{"a session that has ended is remembered until its account is gone", func(t *testing.T, d *db) {
			repo := d.Credentials()
			ended := credential("u-gleb", "s-1")
			ended.Sealed = nil
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), ended, ""))
			if got, err := repo.CredentialOf(t.Context(), "u-gleb"); err != nil || !got.Ended() {
				t.Errorf("got %+v, %v", got, err)
			}
			must(t, "SwapCredential", repo.SwapCredential(t.Context(), credential("u-gleb", "s-2"), "s-1"))
			if got, err := repo.CredentialOf(t.Context(), "u-gleb"); err != nil || got.Ended() {
				t.Errorf("got %+v, %v", got, err)
			}
		}},
	})
}

func credential(operatorID, sessionID string) seal.Credential {
	return seal.Credential{
		OperatorID: operatorID, SessionID: sessionID, ClientID: "window-1", Endpoint: "op-" + operatorID, Realm: "pult",
		KeyVersion: 1<<32 - 1, Sealed: []byte{1, 0, 0, 255, 0, '\'', 0x80}, CreatedAt: start,
	}
}
