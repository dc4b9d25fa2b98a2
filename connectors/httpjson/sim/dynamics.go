package sim

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Dynamics simulates Dataverse's Web API (OData 4): $filter with contains, pages by Prefer and nextLink, PATCH that creates.
func Dynamics(id, secret string) *Sim {
	s := newSim()
	s.tokens("/tenant/oauth2/v2.0/token", id, secret)
	fault := func(status int, code, message string) (int, any) {
		return status, Object{"error": Object{"code": code, "message": message}}
	}
	sets := map[string][]string{
		"contacts":      {"contactid", "fullname", "firstname", "lastname", "telephone1", "telephone2", "mobilephone", "emailaddress1", "_ownerid_value", "description"},
		"accounts":      {"accountid", "name", "telephone1", "telephone2", "emailaddress1", "_ownerid_value", "new_inn"},
		"leads":         {"leadid", "fullname", "companyname", "telephone1", "mobilephone", "emailaddress1", "_ownerid_value"},
		"opportunities": {"opportunityid", "name", "statecode", "estimatedvalue", "modifiedon", "_customerid_value"},
		"incidents":     {"incidentid", "title", "statecode", "modifiedon", "_customerid_value"},
		"systemusers":   {"systemuserid", "fullname", "domainname", "internalemailaddress", "isdisabled"},
		"phonecalls": {"activityid", "subject", "phonenumber", "directioncode", "actualdurationminutes", "description", "scheduledend",
			"regardingobjectid_contact_phonecall@odata.bind", "regardingobjectid_account_phonecall@odata.bind",
			"regardingobjectid_lead_phonecall@odata.bind", "ownerid@odata.bind"},
		"tasks": {"activityid", "subject", "description", "scheduledend", "regardingobjectid_contact_task@odata.bind",
			"regardingobjectid_account_task@odata.bind", "regardingobjectid_lead_task@odata.bind", "ownerid@odata.bind"},
	}
	expands := []string{"owninguser($select=fullname)", "owninguser($select=fullname),parentcustomerid_account($select=name)"}
	in := func(f func(r *http.Request, set, key string) (int, any)) func(r *http.Request) (int, any) {
		return func(r *http.Request) (int, any) {
			if r.Header.Get("Authorization") != "Bearer "+accessToken {
				return http.StatusUnauthorized, nil
			}
			set, key, one := strings.Cut(r.PathValue("set"), "(")
			if r.Header.Get("OData-Version") != "4.0" || r.Header.Get("OData-MaxVersion") != "4.0" {
				s.violate("OData-Version %q", r.Header.Get("OData-Version"))
			}
			if sets[set] == nil && set != "WhoAmI" {
				s.violate("no set %s", set)
				return fault(http.StatusNotFound, "0x8006088a", "Resource not found for the segment")
			}
			if one && !strings.HasSuffix(key, ")") {
				return fault(http.StatusBadRequest, "0x80060888", "Bad Request - Error in query syntax.")
			}
			return f(r, set, strings.TrimSuffix(key, ")"))
		}
	}
	s.handle("GET /api/data/v9.2/{set}", in(func(r *http.Request, set, key string) (int, any) {
		s.params(r, "$select", "$filter", "$expand", "$top", "$orderby", "$skiptoken")
		q := r.URL.Query()
		if set == "WhoAmI" {
			return http.StatusOK, Object{"UserId": "0e5ff000-0000-4000-8000-00000000aaaa", "OrganizationId": "0e5ff000-0000-4000-8000-00000000bbbb"}
		}
		for _, f := range split(q.Get("$select")) {
			if !slices.Contains(sets[set], text(f)) {
				s.violate("no property %v of %s", f, set)
				return fault(http.StatusBadRequest, "0x80060888", "Could not find a property named '"+text(f)+"'")
			}
		}
		if e := q.Get("$expand"); e != "" && !slices.Contains(expands, e) {
			s.violate("$expand %s", e)
		}
		where, err := parseCondition(q.Get("$filter"), odataString)
		if err != nil {
			s.violate("$filter: %v", err)
			return fault(http.StatusBadRequest, "0x80060888", "Syntax error in $filter")
		}
		if key != "" && !guid.MatchString(key) {
			return fault(http.StatusBadRequest, "0x80060888", "Unrecognized 'Edm.Guid' literal")
		}
		idField := sets[set][0]
		found := []Object{}
		for _, o := range s.Set(set) {
			ok, err := where.holds(o, func(name string) bool { return slices.Contains(sets[set], name) })
			if err != nil {
				s.violate("$filter: %v", err)
				return fault(http.StatusBadRequest, "0x80060888", "Could not find a property")
			}
			if ok && (key == "" || o[idField] == key) {
				found = append(found, o)
			}
		}
		if key != "" {
			if len(found) == 0 {
				return fault(http.StatusNotFound, "0x80040217", "Entity Does Not Exist")
			}
			return http.StatusOK, found[0]
		}
		slices.SortStableFunc(found, func(a, b Object) int { return strings.Compare(text(a[idField]), text(b[idField])) })
		var size int
		if _, err := fmt.Sscanf(r.Header.Get("Prefer"), "odata.maxpagesize=%d", &size); err != nil {
			size = 5000
		}
		if top := q.Get("$top"); top != "" {
			return http.StatusOK, Object{"@odata.context": "…", "value": page(found, 0, toInt(top))}
		}
		from := 0
		if cookie := q.Get("$skiptoken"); cookie != "" {
			if _, err := fmt.Sscanf(cookie, `<cookie pagenumber="%d" />`, &from); err != nil {
				return fault(http.StatusBadRequest, "0x80040203", "Invalid skip token")
			}
		}
		out := Object{"@odata.context": "…", "value": append([]Object{}, page(found, from, size)...)}
		if from+size < len(found) {
			v := url.Values{"$select": {q.Get("$select")}, "$skiptoken": {fmt.Sprintf(`<cookie pagenumber="%d" />`, from+size)}}
			out["@odata.nextLink"] = "https://org.crm4.dynamics.com/api/data/v9.2/" + set + "?" + v.Encode()
		}
		return http.StatusOK, out
	}))
	s.handle("PATCH /api/data/v9.2/{set}", in(func(r *http.Request, set, key string) (int, any) {
		o, ok := s.input(r)
		if !ok || !guid.MatchString(key) {
			return fault(http.StatusBadRequest, "0x80060888", "Unrecognized 'Edm.Guid' literal")
		}
		s.fields(set, o, sets[set]...)
		bindings := 0
		for _, bind := range []string{"contact", "account", "lead"} {
			name := "regardingobjectid_" + bind + "_" + strings.TrimSuffix(set, "s") + "@odata.bind"
			target, has := o[name]
			if !has {
				continue
			}
			if bindings++; target != nil && !strings.HasPrefix(text(target), "/"+bind+"s(") || bindings > 1 {
				s.violate("bind %s to %v", bind, target)
			}
			delete(o, name) // all of them are one column
			o["_regardingobjectid_value"] = target
		}
		idField := sets[set][0]
		if !s.change(set, idField, key, o) {
			o[idField] = key
			if set == "contacts" {
				o["fullname"] = strings.TrimSpace(text(o["firstname"]) + " " + text(o["lastname"]))
			}
			s.Add(set, o)
		}
		return http.StatusNoContent, nil
	}))
	return s
}
