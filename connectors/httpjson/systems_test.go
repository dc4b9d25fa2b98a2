package httpjson_test

import (
	"net/http"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
)

// unlimited lets the suite ask as fast as it can; what limits do has a test of its own.
var unlimited = map[string]any{"requests": 0}

var systems = map[string]system{
	"odoo-rpc": {
		config: map[string]any{
			"settings": map[string]any{"database": "prod", "login": "pult"}, "secrets": map[string]any{"password": "env:SECRET"},
		},
		sim: func() *sim.Sim { return sim.OdooRPC(14, "prod", "pult", secret) }, fill: fillOdoo,
		refusal: sim.Trouble{Status: http.StatusOK, Body: `{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":` +
			`{"name":"odoo.exceptions.UserError","message":"Номер +74950123401 в стоп-листе"}}}`},
		written: map[connectortest.Record]string{connectortest.Calls: "mail.message", connectortest.Tasks: "mail.activity"},
	},
	"odoo": {
		config: map[string]any{
			"auth": map[string]any{"token": "env:SECRET"}, "settings": map[string]any{"database": "prod", "phones": []string{"phone", "mobile"}},
		},
		sim: func() *sim.Sim { return sim.OdooJSON2("prod", secret) }, fill: fillOdoo,
		refusal: sim.Trouble{Status: http.StatusUnprocessableEntity,
			Body: `{"name":"odoo.exceptions.UserError","message":"Номер +74950123401 в стоп-листе","arguments":[],"context":{},"debug":""}`},
		written: map[connectortest.Record]string{connectortest.Calls: "mail.message", connectortest.Tasks: "mail.activity"},
	},
	"hubspot": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}, "settings": map[string]any{"portal": "145000"}, "limits": unlimited},
		sim:    func() *sim.Sim { return sim.HubSpot(secret) }, fill: fillHubSpot,
		gaps: []connectortest.Gap{connectortest.NoTaxID, connectortest.NoExtension, connectortest.NoJoined, connectortest.NoPartOfNumber},
		refusal: sim.Trouble{Status: http.StatusBadRequest,
			Body: `{"status":"error","message":"Property values were not valid: +74950123401","correlationId":"x","category":"VALIDATION_ERROR"}`},
		written: map[connectortest.Record]string{connectortest.Calls: "calls", connectortest.Tasks: "tasks", connectortest.Recordings: "calls"},
	},
	"salesforce": {
		config: map[string]any{"auth": map[string]any{"client_id": "pult", "client_secret": "env:SECRET"}, "limits": unlimited},
		sim:    func() *sim.Sim { return sim.Salesforce("pult", secret) }, fill: fillSalesforce,
		gaps: []connectortest.Gap{connectortest.NoTaxID},
		refusal: sim.Trouble{Status: http.StatusBadRequest,
			Body: `[{"errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"Номер +74950123401 в стоп-листе","fields":["Phone"]}]`},
		written: map[connectortest.Record]string{connectortest.Calls: "Task", connectortest.Tasks: "Task"},
	},
	"dynamics": {
		config: map[string]any{
			"auth":     map[string]any{"token_url": "/tenant/oauth2/v2.0/token", "client_id": "pult", "client_secret": "env:SECRET", "scope": "https://org.crm4.dynamics.com/.default"},
			"settings": map[string]any{"tax_id": "new_inn"}, "limits": unlimited,
		},
		sim: func() *sim.Sim { return sim.Dynamics("pult", secret) }, fill: fillDynamics,
		refusal: sim.Trouble{Status: http.StatusBadRequest, Body: `{"error":{"code":"0x80040265","message":"Номер +74950123401 в стоп-листе"}}`},
		written: map[connectortest.Record]string{connectortest.Calls: "phonecalls", connectortest.Tasks: "tasks"},
	},
	"suitecrm": {
		config: map[string]any{
			"auth": map[string]any{"client_id": "pult", "client_secret": "env:SECRET"}, "settings": map[string]any{"tax_id": "inn_c"},
		},
		sim: func() *sim.Sim { return sim.SuiteCRM("pult", secret) }, fill: fillSuite,
		refusal: sim.Trouble{Status: http.StatusUnprocessableEntity, Body: `{"errors":{"status":422,"title":null,"detail":"Номер +74950123401 в стоп-листе"}}`},
		written: map[connectortest.Record]string{connectortest.Calls: "Calls", connectortest.Tasks: "Tasks"},
	},
	"amocrm": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}, "limits": unlimited},
		sim:    func() *sim.Sim { return sim.AmoCRM(secret) }, fill: fillAmo,
		gaps: []connectortest.Gap{connectortest.NoTaxID, connectortest.KeepsEmpty},
		refusal: sim.Trouble{Status: http.StatusBadRequest,
			Body: `{"title":"Bad Request","type":"https://httpstatus.es/400","status":400,"detail":"Номер +74950123401 в стоп-листе"}`},
		written: map[connectortest.Record]string{connectortest.Calls: "notes", connectortest.Tasks: "tasks"},
	},
	"bitrix24-webhook": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}, "limits": unlimited},
		base:   "/rest/1",
		sim:    func() *sim.Sim { return sim.Bitrix24(secret) }, fill: fillBitrix,
		gaps:    []connectortest.Gap{connectortest.NoTaxID, connectortest.NoJoined, connectortest.NoPartOfNumber},
		refusal: sim.Trouble{Status: http.StatusBadRequest, Body: `{"error":"","error_description":"Номер +74950123401 в стоп-листе"}`},
		written: map[connectortest.Record]string{connectortest.Calls: "activity", connectortest.Tasks: "activity"},
	},
	"amocrm-oauth": {
		config: map[string]any{
			"auth": map[string]any{
				"client_id": "d1c4", "client_secret": "env:SECRET", "refresh_token": "env:FIRST", "params": map[string]any{"redirect_uri": "https://pult.example"},
			},
			"limits": unlimited,
		},
		keeps: true,
		sim:   func() *sim.Sim { return sim.AmoCRMIntegration("d1c4", secret, "https://pult.example", "first-refresh") }, fill: fillAmo,
		refusal: sim.Trouble{Status: http.StatusBadRequest,
			Body: `{"title":"Bad Request","type":"https://httpstatus.es/400","status":400,"detail":"Номер +74950123401 в стоп-листе"}`},
		written: map[connectortest.Record]string{connectortest.Calls: "notes", connectortest.Tasks: "tasks"},
	},
	"bitrix24-app": {
		config: map[string]any{
			"auth": map[string]any{
				"token_url": "/oauth/token/", "client_id": "local.5c8b", "client_secret": "env:SECRET", "refresh_token": "env:FIRST",
			},
			"limits": unlimited,
		},
		base: "/rest", keeps: true,
		sim: func() *sim.Sim { return sim.Bitrix24App("local.5c8b", secret, "first-refresh") }, fill: fillBitrix,
		refusal: sim.Trouble{Status: http.StatusBadRequest, Body: `{"error":"ERROR_CORE","error_description":"Номер +74950123401 в стоп-листе"}`},
		written: map[connectortest.Record]string{connectortest.Calls: "activity", connectortest.Tasks: "activity", connectortest.Recordings: "recording", connectortest.Cards: "card"},
	},
	"zammad": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}},
		sim:    func() *sim.Sim { return sim.Zammad(secret) }, fill: fillZammad,
		gaps: []connectortest.Gap{
			connectortest.NoCompanies, connectortest.NoTaxID, connectortest.NoOwner, connectortest.NoPartOfNumber,
		},
		refusal: sim.Trouble{Status: http.StatusUnprocessableEntity, Body: `{"error":"Номер +74950123401 в стоп-листе"}`},
		written: map[connectortest.Record]string{connectortest.Tasks: "tickets"},
	},
	"pipedrive": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}, "limits": unlimited},
		sim:    func() *sim.Sim { return sim.Pipedrive(secret) }, fill: fillPipedrive,
		gaps:    []connectortest.Gap{connectortest.NoCompanies, connectortest.NoTaxID},
		refusal: sim.Trouble{Status: http.StatusBadRequest, Body: `{"success":false,"error":"Номер +74950123401 в стоп-листе","data":null}`},
		written: map[connectortest.Record]string{connectortest.Calls: "activities", connectortest.Tasks: "activities"},
	},
	"espocrm": {
		config: map[string]any{"auth": map[string]any{"token": "env:SECRET"}, "settings": map[string]any{"tax_id": "cInn"}},
		sim:    func() *sim.Sim { return sim.EspoCRM(secret) },
		fill:   fillEspo,
		// EspoCRM says why it refuses in a header; the simulator's trouble has only the status that means it.
		refusal: sim.Trouble{Status: http.StatusUnprocessableEntity, Body: "{}"},
		written: map[connectortest.Record]string{connectortest.Calls: "Call", connectortest.Tasks: "Task", connectortest.Contacts: "Contact"},
	},
}

func fillOdoo(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	firms, users, vats := map[string]any{}, map[string]any{}, map[string]string{}
	for _, c := range customers {
		o := sim.Object{
			"id": 10 + n.next(), "name": c.Name, "is_company": c.Kind == connectors.KindCompany, "active": !c.Deleted,
			"parent_id": firms[c.Company], "type": "contact",
		}
		if c.TaxID != "" {
			vats[c.Name] = c.TaxID
		}
		if vat := vats[c.Name] + vats[c.Company]; vat != "" { // a person's is the company's
			o["vat"] = vat
		}
		if c.Owner != "" {
			if users[c.Owner] == nil {
				users[c.Owner] = []any{n.next(), c.Owner}
				s.Add("res.users", sim.Object{"id": users[c.Owner].([]any)[0], "name": c.Owner, "login": "orlov", "share": false})
			}
			o["user_id"] = users[c.Owner]
		}
		for i, p := range c.Phones {
			if i == 0 {
				o["phone"] = p
			} else {
				o["mobile"] = p
			}
		}
		if c.Kind == connectors.KindCompany {
			firms[c.Name] = []any{o["id"], c.Name}
		}
		s.Add("res.partner", o)
		for _, b := range c.Business {
			won := 100.0
			if b.Open {
				won = 40
			}
			s.Add("crm.lead", sim.Object{
				"id": n.next(), "name": b.Title, "partner_id": []any{o["id"], c.Name}, "stage_id": []any{1, "Переговоры"}, "probability": won,
				"active": true, "expected_revenue": 1000.5, "write_date": "2026-03-04 10:00:00",
			})
		}
	}
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
