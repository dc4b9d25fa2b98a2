package httpjson_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/internal/errs"
)

// portal is a Bitrix24 with Роза, a person, and Василёк, a company, and a call of Роза's that was announced for user 11.
type portal struct {
	*testing.T
	*sim.Sim
	shower        connectors.CallShower
	logger        connectors.CallLogger
	attacher      connectors.RecordingAttacher
	rosa, vasilek connectors.Ref
	live          connectors.Ref
	lose          string // method of which answers do not arrive
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	p := &portal{T: t}
	s, reopen := installed(t, "bitrix24-app", func(_ http.ResponseWriter, r *http.Request, s *sim.Sim) bool {
		if p.lose == "" || !strings.Contains(r.URL.Path, p.lose) {
			return false
		}
		s.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	fillBitrix(s, []connectortest.Customer{
		{Kind: connectors.KindPerson, Name: "Роза", Phones: []string{"+74951234567"}},
		{Kind: connectors.KindCompany, Name: "Василёк", Phones: []string{"+74951234567"}},
	})
	d := reopen()
	p.Sim = s
	p.shower, _ = connectors.As[connectors.CallShower](d)
	p.logger, _ = connectors.As[connectors.CallLogger](d)
	p.attacher, _ = connectors.As[connectors.RecordingAttacher](d)
	if p.shower == nil || p.logger == nil || p.attacher == nil {
		t.Fatalf("the driver can %v", connectors.Capabilities(d))
	}
	found, err := d.Lookup(t.Context(), connectortest.Query("4951234567"))
	if err != nil || len(found) != 2 {
		t.Fatalf("%v, %v", found, err)
	}
	for _, c := range found {
		if c.Name == "Роза" {
			p.rosa = c.Ref
		} else {
			p.vasilek = c.Ref
		}
	}
	p.live, err = p.shower.AnnounceCall(t.Context(), connectors.LiveCall{
		Key: "call-1", Customer: p.rosa, Number: "+74951234567", Inbound: true, Agent: connectors.Agent{ID: "11"}, StartedAt: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.show("11")
	return p
}

func (p *portal) show(agent string) {
	p.Helper()
	if err := p.shower.ShowCall(p.Context(), connectors.Card{Key: "call-1", Call: p.live, Agent: connectors.Agent{ID: agent}}); err != nil {
		p.Fatal(err)
	}
}

// log writes the announced call, led by user 12.
func (p *portal) log(customer connectors.Ref) {
	p.Helper()
	if err := p.write(customer, p.told(), connectors.Written{}); err != nil {
		p.Fatal(err)
	}
}

func (p *portal) write(customer connectors.Ref, told connectors.Announced, written connectors.Written) error {
	_, err := p.logger.LogCall(p.Context(), connectors.CallRecord{
		Key: "call-1", Customer: customer, Number: "+74951234567", Inbound: true, Agent: connectors.Agent{ID: "12"}, StartedAt: time.Now(), Talked: time.Minute,
		Outcome: connectors.OutcomeAnswered, Announced: told, Written: written,
	})
	return err
}

func (p *portal) told() connectors.Announced {
	return connectors.Announced{Ref: p.live, Customer: p.rosa}
}

// stands is what the portal has: one call in the statistics, none that goes on, one activity.
func (p *portal) stands(user string, customer connectors.Ref) {
	p.Helper()
	stats, activities := p.Set("statistic"), p.Set("activity")
	if len(stats) != 1 || len(activities) != 1 || p.Live() != 0 {
		p.Fatalf("%d calls in the statistics, %d go on; activities %v", len(stats), p.Live(), activities)
	}
	if stats[0]["PORTAL_USER_ID"] != user {
		p.Errorf("the statistics have %v", stats[0])
	}
	owner := map[string]string{"contact": "3", "company": "4"}[customer.Type]
	if a := activities[0]; fmt.Sprint(a["OWNER_TYPE_ID"]) != owner || a["OWNER_ID"] != customer.ID || a["ORIGIN_ID"] != "call-1" {
		p.Errorf("the activity is %v, want that of %v", a, customer)
	}
}

// A portal gives a registered call the same id again for one user and half an hour only: what a card was shown of went on for ever, and
// its record was another call.
func TestALongCallThatWasHandedOnIsTheOneThatWasShown(t *testing.T) {
	p := newPortal(t)
	p.show("12")
	p.Pass(40 * time.Minute)
	p.log(p.rosa)
	p.stands("12", p.rosa)
	p.log(p.rosa)
	p.stands("12", p.rosa)
	if cards := p.Set("card"); len(cards) != 1 || cards[0]["USER_ID"] != "11" {
		t.Errorf("cards %v; that of who has led the call goes, whoever else's is taken away before", cards)
	}
}

func TestACallThatThePortalHasForgottenIsRegisteredAnew(t *testing.T) {
	p := newPortal(t)
	p.Forget()
	p.log(p.rosa)
	p.stands("12", p.rosa)
}

// A registered call is another's by the time it is finished: the portal still knows it by the first, whoever was announced or not.
func TestACallThatIsLinkedAnewBeforeItsEndIsNotTheFirsts(t *testing.T) {
	for name, told := range map[string]func(*portal) connectors.Announced{
		"not announced":        func(*portal) connectors.Announced { return connectors.Announced{} },
		"announced as the new": func(p *portal) connectors.Announced { return connectors.Announced{Ref: p.live, Customer: p.vasilek} },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.Forget()
			p.lose = "register"
			if err := p.write(p.rosa, told(p), connectors.Written{}); err == nil || p.Live() != 1 {
				t.Fatalf("%v, %d calls go on", err, p.Live())
			}
			p.lose = ""
			for range 2 {
				if err := p.write(p.vasilek, told(p), connectors.Written{Customer: p.rosa}); err != nil {
					t.Fatal(err)
				}
				p.stands("12", p.vasilek)
			}
		})
	}
}

func TestACallStaysUnderADealOfWhoCalled(t *testing.T) {
	p := newPortal(t)
	p.Forget()
	p.Add("deal", sim.Object{"ID": "5", "CLOSED": "N", "CONTACT_ID": p.rosa.ID})
	clicked := connectors.Ref{Connector: p.rosa.Connector, Type: "clicked", ID: p.Begin("12", "+74951234567", p.rosa.ID)}
	for range 2 {
		if err := p.write(p.rosa, connectors.Announced{Ref: clicked}, connectors.Written{}); err != nil {
			t.Fatal(err)
		}
		activities := p.Set("activity")
		if len(activities) != 1 || activities[0]["OWNER_TYPE_ID"] != "2" || activities[0]["ID"] != p.Set("statistic")[0]["CRM_ACTIVITY_ID"] {
			t.Errorf("activities %v, statistics %v", activities, p.Set("statistic"))
		}
	}
}

func TestAUserOfBitrix24IsANumber(t *testing.T) {
	p := newPortal(t)
	who := connectors.Agent{ID: "twelve"}
	_, err := p.shower.AnnounceCall(t.Context(), connectors.LiveCall{Key: "call-2", Customer: p.rosa, Number: "+74951234567", Agent: who, StartedAt: time.Now()})
	if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Message(err), "operators") {
		t.Errorf("announced: %v", err)
	}
	if err := p.shower.ShowCall(t.Context(), connectors.Card{Key: "call-1", Call: p.live, Agent: who}); !strings.Contains(errs.Message(err), "operators") {
		t.Errorf("shown: %v", err)
	}
	_, err = p.logger.LogCall(t.Context(), connectors.CallRecord{Key: "call-2", Customer: p.rosa, Number: "+74951234567", Agent: who, StartedAt: time.Now()})
	if !strings.Contains(errs.Message(err), "operators") {
		t.Errorf("logged: %v", err)
	}
}

// A portal files a call under an open deal of whom it was announced with.
func TestACallIsNotFiledUnderADealOfWhomItIsNot(t *testing.T) {
	for name, to := range map[string]func(*portal) connectors.Ref{
		"of another type": func(p *portal) connectors.Ref { return p.vasilek },
		"of the same": func(p *portal) connectors.Ref {
			return connectors.Ref{Connector: p.rosa.Connector, Type: "contact", ID: "4711"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.Add("deal", sim.Object{"ID": "5", "CLOSED": "N", "CONTACT_ID": p.rosa.ID})
			p.log(to(p))
			p.stands("12", to(p))
			p.log(to(p))
			p.stands("12", to(p))
		})
	}
}

// The portal begins a call when a number is clicked there, without our key: that is the one to be finished.
func TestTheCallOfAClickIsTheOneThatThePortalHasBegun(t *testing.T) {
	p := newPortal(t)
	p.Forget()
	p.Clear("card")
	p.live = connectors.Ref{Connector: p.rosa.Connector, Type: "clicked", ID: p.Begin("12", "+74951234567", p.rosa.ID)}
	p.lose = "finish"
	if err := p.write(p.vasilek, p.told(), connectors.Written{}); err == nil || len(p.Set("statistic")) != 1 {
		t.Fatalf("%v; %v", err, p.Set("statistic"))
	}
	p.lose = ""
	p.log(p.vasilek)
	p.stands("12", p.vasilek)
	if st := p.Set("statistic")[0]; st["CALL_ID"] != p.live.ID || len(p.Set("card")) != 0 {
		t.Errorf("the statistics have %v; cards %v", st, p.Set("card"))
	}
	err := p.attacher.AttachRecording(t.Context(), connectors.Recording{
		Key: "call-1", Announced: connectors.Announced{Ref: p.live}, Name: "call.mp3",
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("voice")), nil },
	})
	if err != nil || len(p.Set("recording")) != 1 {
		t.Errorf("a recording: %v; %v", err, p.Set("recording"))
	}
}

// The answer of finish is lost, and the operator says "not them" before it is asked again.
func TestACallOfWhichTheEndWasNotAnsweredIsMovedToWhoCalled(t *testing.T) {
	p := newPortal(t)
	p.lose = "finish"
	if err := p.write(p.rosa, p.told(), connectors.Written{}); err == nil || len(p.Set("statistic")) != 1 {
		t.Fatalf("%v; %v", err, p.Set("statistic"))
	}
	p.lose = ""
	p.log(p.vasilek)
	p.stands("12", p.vasilek)
}
