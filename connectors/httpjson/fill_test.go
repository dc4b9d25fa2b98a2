package httpjson_test

import (
	"fmt"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/httpjson/sim"
)

// people gives every owner an id.
type people map[string]int

func (p people) id(n *ids, name string) (id int, isNew bool) {
	if p[name] != 0 {
		return p[name], false
	}
	p[name] = n.next()
	return p[name], true
}

func fillHubSpot(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners := people{}
	for _, c := range customers {
		if c.Deleted {
			continue
		}
		set, p := "companies", sim.Object{"name": c.Name}
		if c.Kind == connectors.KindPerson {
			set, p = "contacts", sim.Object{"firstname": c.Name, "company": c.Company}
		}
		if c.Owner != "" {
			id, isNew := owners.id(&n, c.Owner)
			if isNew {
				s.Add("owners", sim.Object{"id": fmt.Sprint(id), "firstName": "Орлов", "lastName": "Игорь", "email": "orlov@example.com", "userId": 5})
			}
			p["hubspot_owner_id"] = fmt.Sprint(id)
		}
		for i, number := range c.Phones {
			switch {
			case i == 0:
				p["phone"] = number
			case set == "contacts":
				p["mobilephone"] = number
			default:
				p["phone"] = fmt.Sprint(p["phone"], ", ", number) // a company has one field
			}
		}
		id := fmt.Sprint(n.next())
		s.Add(set, sim.Object{"id": id, "properties": p})
		for _, b := range c.Business {
			s.Add("deals", sim.Object{"id": fmt.Sprint(n.next()), "with": id, "properties": sim.Object{
				"dealname": b.Title, "dealstage": "contractsent", "hs_is_closed": fmt.Sprint(!b.Open), "amount": "1000", "hs_lastmodifieddate": "2026-03-04T10:00:00.000Z",
			}})
		}
	}
}

func fillSalesforce(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners := people{}
	key := func(prefix string) string { return fmt.Sprintf("%s%015d", prefix, n.next()) }
	for _, c := range customers {
		if c.Deleted {
			continue // they are in the bin, where a query does not look
		}
		set, o := "Account", sim.Object{"Id": key("001"), "Name": c.Name}
		if c.Kind == connectors.KindPerson {
			set, o = "Contact", sim.Object{"Id": key("003"), "Name": c.Name, "Account.Name": c.Company}
		}
		if c.Owner != "" {
			id, isNew := owners.id(&n, c.Owner)
			o["OwnerId"], o["Owner.Name"] = fmt.Sprintf("005%015d", id), c.Owner
			if isNew {
				s.Add("User", sim.Object{"Id": o["OwnerId"], "Name": c.Owner, "Username": "orlov@example.com", "IsActive": true})
			}
		}
		for i, number := range c.Phones {
			switch {
			case i == 0:
				o["Phone"] = number
			case set == "Contact":
				o["MobilePhone"] = number
			default:
				o["Phone"] = fmt.Sprint(o["Phone"], ", ", number) // an account has one field
			}
		}
		s.Add(set, o)
		for _, b := range c.Business {
			s.Add("Opportunity", sim.Object{
				"Id": key("006"), "Name": b.Title, "StageName": "Negotiation", "IsClosed": !b.Open, "AccountId": o["Id"],
				"LastModifiedDate": "2026-03-04T10:00:00.000+0000", "Amount": 1000.5,
			})
		}
	}
}

func fillDynamics(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners := people{}
	key := func(n int) string { return fmt.Sprintf("0e5ff000-0000-4000-8000-%012d", n) }
	for _, c := range customers {
		if c.Deleted {
			continue
		}
		set, o := "accounts", sim.Object{"name": c.Name, "new_inn": c.TaxID}
		if c.Kind == connectors.KindPerson {
			set, o = "contacts", sim.Object{"fullname": c.Name, "parentcustomerid_account": sim.Object{"name": c.Company}}
		}
		id := key(n.next())
		o[map[string]string{"accounts": "accountid", "contacts": "contactid"}[set]] = id
		if c.Owner != "" {
			owner, isNew := owners.id(&n, c.Owner)
			o["_ownerid_value"], o["owninguser"] = key(owner), sim.Object{"fullname": c.Owner}
			if isNew {
				s.Add("systemusers", sim.Object{"systemuserid": key(owner), "fullname": c.Owner, "domainname": "orlov@example.com", "isdisabled": false})
			}
		}
		for i, number := range c.Phones {
			o[[]string{"telephone1", "telephone2"}[min(i, 1)]] = number
		}
		s.Add(set, o)
		for _, b := range c.Business {
			state := 1
			if b.Open {
				state = 0
			}
			s.Add("opportunities", sim.Object{
				"opportunityid": key(n.next()), "name": b.Title, "statecode": state, "modifiedon": "2026-03-04T10:00:00Z", "_customerid_value": id,
			})
		}
	}
}

func fillSuite(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners := people{}
	key := func(n int) string { return fmt.Sprintf("0e5ff000-0000-4000-8000-%012d", n) }
	for _, c := range customers {
		if c.Deleted {
			continue
		}
		set, fields, o := "Accounts", []string{"phone_office", "phone_alternate"}, sim.Object{"inn_c": c.TaxID}
		if c.Kind == connectors.KindPerson {
			set, fields, o = "Contacts", []string{"phone_mobile", "phone_work"}, sim.Object{"last_name": c.Name, "account_name": c.Company}
		}
		id := key(n.next())
		o["id"], o["name"] = id, c.Name
		if c.Owner != "" {
			owner, isNew := owners.id(&n, c.Owner)
			o["assigned_user_id"], o["assigned_user_name"] = key(owner), c.Owner
			if isNew {
				s.Add("Users", sim.Object{"id": key(owner), "full_name": c.Owner, "user_name": "orlov", "status": "Active"})
			}
		}
		for i, number := range c.Phones {
			o[fields[min(i, 1)]] = number
		}
		s.Add(set, o)
		for _, b := range c.Business {
			stage := "Closed Won"
			if b.Open {
				stage = "Negotiation/Review"
			}
			s.Add("Opportunities", sim.Object{"id": key(n.next()), "name": b.Title, "sales_stage": stage, "account_id": id, "date_modified": "2026-03-04T10:00:00+00:00"})
		}
	}
}

func fillAmo(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners, firms := people{}, map[string]int{}
	for _, c := range customers {
		if c.Deleted {
			continue
		}
		id := n.next()
		var phones []any
		for _, p := range c.Phones {
			phones = append(phones, sim.Object{"value": p, "enum_id": 7, "enum_code": "WORK"})
		}
		o := sim.Object{"id": id, "name": c.Name, "custom_fields_values": []any{
			sim.Object{"field_id": 1, "field_name": "Телефон", "field_code": "PHONE", "field_type": "multitext", "values": phones},
		}}
		if c.Owner != "" {
			owner, isNew := owners.id(&n, c.Owner)
			o["responsible_user_id"] = owner
			if isNew {
				s.Add("users", sim.Object{"id": owner, "name": c.Owner, "email": "orlov@example.com"})
			}
		}
		var leads []any
		for _, b := range c.Business {
			lead := sim.Object{"id": n.next(), "name": b.Title, "price": 1000, "updated_at": 1772618400, "closed_at": nil}
			if !b.Open {
				lead["closed_at"] = 1772618400
			}
			s.Add("leads", lead)
			leads = append(leads, sim.Object{"id": lead["id"]})
		}
		embedded := sim.Object{"leads": leads}
		set := "companies"
		if c.Kind == connectors.KindPerson {
			set = "contacts"
			embedded["companies"] = []any{}
			if f := firms[c.Company]; f != 0 {
				embedded["companies"] = []any{sim.Object{"id": f}}
			}
		} else {
			firms[c.Name] = id
		}
		o["_embedded"] = embedded
		s.Add(set, o)
	}
}

func fillBitrix(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners, firms := people{}, map[string]string{}
	for _, c := range customers {
		if c.Deleted {
			continue
		}
		id := fmt.Sprint(n.next())
		var phones []any
		for _, p := range c.Phones {
			phones = append(phones, sim.Object{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": p, "TYPE_ID": "PHONE"})
		}
		set, o := "company", sim.Object{"ID": id, "TITLE": c.Name, "PHONE": phones, "HAS_PHONE": "N"}
		if c.Kind == connectors.KindPerson {
			set = "contact"
			o = sim.Object{"ID": id, "LAST_NAME": c.Name, "PHONE": phones, "COMPANY_ID": firms[c.Company], "HAS_PHONE": "N"}
		} else {
			firms[c.Name] = id
		}
		if len(phones) > 0 {
			o["HAS_PHONE"] = "Y"
		}
		if c.Owner != "" {
			owner, isNew := owners.id(&n, c.Owner)
			o["ASSIGNED_BY_ID"] = fmt.Sprint(owner)
			if isNew {
				s.Add("user", sim.Object{"ID": fmt.Sprint(owner), "NAME": "Игорь", "LAST_NAME": "Орлов", "EMAIL": "orlov@example.com", "ACTIVE": true})
			}
		}
		s.Add(set, o)
		for _, b := range c.Business {
			closed := "Y"
			if b.Open {
				closed = "N"
			}
			s.Add("deal", sim.Object{
				"ID": fmt.Sprint(n.next()), "TITLE": b.Title, "STAGE_ID": "EXECUTING", "CLOSED": closed, "OPPORTUNITY": "1000", "CURRENCY_ID": "RUB",
				"COMPANY_ID": id, "DATE_MODIFY": "2026-03-04T13:00:00+03:00",
			})
		}
	}
}

// fillZammad puts everybody in as a user: organizations have no numbers there.
func fillZammad(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	for _, c := range customers {
		u := sim.Object{"id": n.next(), "firstname": c.Name, "lastname": "", "organization": c.Company, "active": !c.Deleted, "email": ""}
		for i, p := range c.Phones {
			u[[]string{"phone", "mobile"}[min(i, 1)]] = p
		}
		s.Add("users", u)
		for _, b := range c.Business {
			state := "closed"
			if b.Open {
				state = "open"
			}
			s.Add("tickets", sim.Object{"id": n.next(), "title": b.Title, "state": state, "customer_id": fmt.Sprint(u["id"]), "updated_at": "2026-03-04T10:00:00.000Z"})
		}
	}
}

func fillPipedrive(s *sim.Sim, customers []connectortest.Customer) {
	var n ids
	owners, firms := people{}, map[string]int{}
	for _, c := range customers {
		if c.Deleted {
			continue
		}
		var phones []any
		for _, p := range c.Phones {
			phones = append(phones, sim.Object{"value": p, "label": "work", "primary": len(phones) == 0})
		}
		o := sim.Object{"id": n.next(), "name": c.Name, "phones": phones, "emails": []any{}, "organization": nil}
		if c.Kind == connectors.KindCompany {
			firms[c.Name] = n.next()
			s.Add("organizations", sim.Object{"id": firms[c.Name], "name": c.Name})
		} else if f := firms[c.Company]; f != 0 {
			o["organization"] = sim.Object{"id": f, "name": c.Company}
		}
		if c.Owner != "" {
			owner, isNew := owners.id(&n, c.Owner)
			o["owner_id"] = owner
			if isNew {
				s.Add("users", sim.Object{"id": owner, "name": c.Owner, "email": "orlov@example.com"})
			}
		}
		s.Add("persons", o)
		for _, b := range c.Business {
			status := "won"
			if b.Open {
				status = "open"
			}
			s.Add("deals", sim.Object{"id": n.next(), "title": b.Title, "status": status, "person_id": o["id"], "value": 1000, "currency": "RUB", "update_time": "2026-03-04T10:00:00Z"})
		}
	}
}
