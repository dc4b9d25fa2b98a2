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
