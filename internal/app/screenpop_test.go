package app_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/screenpop"
)

// The whole way: the portal's card is at who has dialled, goes with the talk, and the record of the call is that of the card.
func TestBitrix24ShowsItsOwnCard(t *testing.T) {
	cfg, portal := portal(t)
	cfg.Connectors[0].LogCalls, cfg.Connectors[0].ShowCalls = true, true
	base := serve(t, cfg)
	anna := atWork(t, base, "anna")
	waitFor(t, "the phone is not there", func() bool {
		data, _ := anna.query(`{viewer{operator{phoneOnline}}}`)
		return data["viewer"].(map[string]any)["operator"].(map[string]any)["phoneOnline"] == true
	})
	if _, code := anna.query(`mutation{dial(input:{number:"+74951234567"}){call{id}}}`); code != "" {
		t.Fatal(code)
	}
	waitFor(t, "no card is shown", func() bool { return len(portal.Set("card")) == 1 })
	card := portal.Set("card")[0]
	if card["USER_ID"] != "1269" || card["CRM_ENTITY_ID"] != "797" {
		t.Errorf("got %v", card)
	}
	hangUp(t, anna, portal)
	if st := portal.Set("statistic")[0]; st["CALL_ID"] != card["CALL_ID"] || portal.Live() != 0 {
		t.Errorf("the statistics have %v, the card was of %v; %d calls go on", st, card["CALL_ID"], portal.Live())
	}
}

// Pult was away when a call ended, of which a card was open.
func TestACardThatWasLeftOpenIsTakenAway(t *testing.T) {
	cfg, portal := portal(t)
	cfg.Connectors[0].LogCalls, cfg.Connectors[0].ShowCalls = true, true
	a, err := app.New(t.Context(), cfg, app.Options{Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	err = a.Store().ScreenPops().Put(t.Context(), screenpop.Pop{
		Connector: "b24", Call: "call-1", Agent: "1269", At: time.Now(),
		Announced: connectors.Announced{
			Ref:      connectors.Ref{Connector: "b24", Type: "call", ID: "externalCall.left"},
			Customer: connectors.Ref{Connector: "b24", Type: "contact", ID: "797"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	serve(t, cfg)
	waitFor(t, "the card stays", func() bool {
		return slices.ContainsFunc(portal.Requests(), func(r string) bool { return strings.Contains(r, "telephony.externalCall.hide") })
	})
}

// With Asterisk, a customer who calls and a phone that rings: the card is there before anybody answers.
func TestBitrix24ShowsItsCardWhileAPhoneRings(t *testing.T) {
	cfg, portal := portal(t)
	cfg.Telephony.Driver = config.DriverARI
	cfg.Connectors[0].LogCalls, cfg.Connectors[0].ShowCalls, cfg.Connectors[0].Clicks = true, true, false
	portal.Add("contact", sim.Object{"ID": "798", "LAST_NAME": "Орлов", "PHONE": []any{sim.Object{"VALUE": "8 916 123-45-67", "VALUE_TYPE": "WORK"}}, "HAS_PHONE": "Y"})
	d := newDeskAt(t, cfg)
	account, _, err := d.command.Add(t.Context(), "anna")
	d.check(err)
	d.comeOnline(account)
	d.me("DESK", true)
	d.must(`mutation{setAvailability(input:{availability:%s}){operator{id}}}`, "READY")

	_, mouth, rings, id := d.ring()
	waitFor(t, "no card is shown", func() bool { return len(portal.Set("card")) == 1 })
	card := portal.Set("card")[0]
	if card["USER_ID"] != "1269" || card["CRM_ENTITY_ID"] != "798" {
		t.Errorf("got %v", card)
	}
	d.call("RINGING") // still
	d.check(rings.Answer())
	d.call("TALKING")
	d.check(mouth.WaitTone(d.within(), operatorTone))
	if n := len(portal.Set("card")); n != 1 {
		t.Errorf("%d cards in the talk", n)
	}
	d.must(`mutation{hangUp(input:{callId:%q}){call{id}}}`, id)
	waitFor(t, "the card stays when the talk is over", func() bool { return len(portal.Set("card")) == 0 })
	d.call("WRAP_UP")
	d.must(`mutation{wrapUp(input:{callId:%q,action:FINISH}){call{id}}}`, id)
	waitFor(t, "the call is not finished in the portal", func() bool { return len(portal.Set("statistic")) == 1 && portal.Live() == 0 })
	if st := portal.Set("statistic")[0]; st["CALL_ID"] != card["CALL_ID"] || st["EXTERNAL_CALL_ID"] != id || st["CALL_FAILED_CODE"] != "200" || st["CRM_ENTITY_ID"] != "798" {
		t.Errorf("the statistics have %v", st)
	}
}

// A number is clicked in the portal, which begins a call with a card of its own: there is no second card, and no second call.
func TestACallThatBitrix24HasBegunIsEndedThere(t *testing.T) {
	cfg, portal := portal(t)
	cfg.Connectors[0].LogCalls, cfg.Connectors[0].ShowCalls = true, true
	base := serve(t, cfg)
	anna := atWork(t, base, "anna")
	began := portal.Begin("1269", "+74951234567", "797")
	if _, text := event(t, base, eventToken, "1269", strings.TrimPrefix(began, "externalCall.")); !strings.Contains(text, `"dialled":1`) {
		t.Fatal(text)
	}
	waitFor(t, "the customer is not reached", func() bool {
		data, _ := anna.query(`{calls{state}}`)
		list := data["calls"].([]any)
		return len(list) == 1 && list[0].(map[string]any)["state"] == "TALKING"
	})
	hangUp(t, anna, portal)
	if st := portal.Set("statistic")[0]; st["CALL_ID"] != began || portal.Live() != 0 {
		t.Errorf("the statistics have %v, the click was %v; %d calls go on", st, began, portal.Live())
	}
	if slices.ContainsFunc(portal.Requests(), func(r string) bool { return strings.Contains(r, "externalCall.register") }) {
		t.Error("the call was registered once more")
	}
}

// hangUp ends the only call of somebody, whose card is to go with the talk, and waits until it is finished in the portal.
func hangUp(t *testing.T, c *client, portal *sim.Sim) {
	t.Helper()
	id := ""
	waitFor(t, "the call is not there", func() bool {
		data, _ := c.query(`{calls{id state}}`)
		for _, one := range data["calls"].([]any) {
			id = one.(map[string]any)["id"].(string)
		}
		return id != ""
	})
	if _, code := c.query(`mutation{hangUp(input:{callId:"` + id + `"}){call{id}}}`); code != "" {
		t.Fatal(code)
	}
	waitFor(t, "the card stays when the call is over", func() bool { return len(portal.Set("card")) == 0 })
	waitFor(t, "the call is not finished in the portal", func() bool {
		c.query(`mutation{wrapUp(input:{callId:"` + id + `",action:FINISH}){call{id}}}`) // until it is in wrap-up
		return len(portal.Set("statistic")) == 1
	})
}
