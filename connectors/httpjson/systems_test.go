package httpjson_test

import (
	"net/http"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
)

var systems = map[string]system{
	"espocrm": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}, "settings": map[string]any{"tax_id": "cInn"}},
		sim:    func() *sim.Sim { return sim.EspoCRM(secret) },
		fill:   fillEspo,
		// EspoCRM says why it refuses in a header; the simulator's trouble has only the status that means it.
		refusal: sim.Trouble{Status: http.StatusUnprocessableEntity, Body: "{}"},
		written: map[connectortest.Record]string{connectortest.Calls: "Call", connectortest.Tasks: "Task", connectortest.Contacts: "Contact"},
	},
}

func fillEspo(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	firms, users := map[string]string{}, map[string]string{}
	for _, c := range customers {
		if c.Owner != "" && users[c.Owner] == "" {
			users[c.Owner] = idOf("u", n.next())
			s.Add("User", sim.Object{"id": users[c.Owner], "name": c.Owner, "userName": "orlov", "isActive": true})
		}
		if c.Deleted {
			continue // the API does not show them
		}
		var phones []any
		for _, p := range c.Phones {
			phones = append(phones, sim.Object{"phoneNumber": p, "primary": len(phones) == 0, "type": "Office"})
		}
		o := sim.Object{
			"name": c.Name, "phoneNumberData": phones, "assignedUserId": users[c.Owner], "assignedUserName": c.Owner, "deleted": false,
		}
		if len(c.Phones) > 0 {
			o["phoneNumber"] = c.Phones[0]
		}
		set := "Account"
		switch c.Kind {
		case connectors.KindPerson:
			set = "Contact"
			o["accountName"], o["accountId"] = c.Company, firms[c.Company]
		case connectors.KindLead:
			set = "Lead"
		}
		id := idOf(set[:1], n.next())
		o["id"] = id
		if set == "Account" {
			firms[c.Name] = id
			o["cInn"] = c.TaxID
		}
		s.Add(set, o)
		for i, b := range c.Business {
			stage := "Closed Won"
			if b.Open {
				stage = "Negotiation"
			}
			s.Add("Opportunity", sim.Object{
				"id": idOf("o", n.next()), "name": b.Title, "stage": stage, "accountId": id, "amount": 1000 * (i + 1), "amountCurrency": "RUB",
				"modifiedAt": "2026-03-04 10:00:00",
			})
		}
	}
}
