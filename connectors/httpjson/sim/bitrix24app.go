package sim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bitrix24App simulates a portal as an installed application sees it: methods let in by an access token in the body, which the OAuth server
// gives for a refresh token that is spent by it, and telephony, which refuses webhooks. Shapes, codes and rules are those of the vendor's
// documentation (b24-rest-docs: how-to-refresh, telephony.externalCall.*, voximplant.statistic.get); methods of the CRM are the webhook's.
func Bitrix24App(client, secret, refresh string) *Sim {
	const inside = "inside"
	s := Bitrix24(inside)
	a := &bitrixApp{sim: s, refresh: refresh, calls: map[string]*bitrixCall{}}
	s.tokenPath = "/rest/oauth/token/"
	s.expire = func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.access = ""
	}
	s.portal = a
	s.handle("POST /rest/oauth/token/", func(r *http.Request) (int, any) { return a.token(r, client, secret) })
	s.handle("POST /rest/{method}", func(r *http.Request) (int, any) {
		p, valid := s.input(r)
		if !valid {
			return bitrixFault(http.StatusBadRequest, "", "body")
		}
		if r.Header.Get("Authorization") != "" {
			s.violate("an Authorization header, which REST does not read")
		}
		switch shown := text(p["auth"]); {
		case shown == "":
			return bitrixFault(http.StatusUnauthorized, "NO_AUTH_FOUND", "Wrong authorization data")
		case !a.current(shown):
			return bitrixFault(http.StatusUnauthorized, "expired_token", "The access token provided has expired.")
		}
		delete(p, "auth")
		method := strings.TrimSuffix(r.PathValue("method"), ".json")
		if strings.HasPrefix(method, "telephony.") || strings.HasPrefix(method, "voximplant.") {
			return a.telephony(method, p)
		}
		return a.inside(r, path.Join("/rest/1", inside, r.PathValue("method")), p)
	})
	return s
}

func bitrixFault(status int, code, text string) (int, any) {
	return status, Object{"error": code, "error_description": text}
}

type bitrixApp struct {
	sim *Sim

	mu      sync.Mutex
	turn    int
	access  string
	refresh string
	calls   map[string]*bitrixCall // registered and not finished, by CALL_ID
	later   time.Duration          // by how much the portal's clock is ahead
}

// bitrixCall is a call that was registered.
type bitrixCall struct {
	Object
	at  time.Time
	key string // of what is the same call when it is registered again, for half an hour
}

// sameCallFor is how long a call that is registered again is the same (telephony.externalCall.register).
const sameCallFor = 30 * time.Minute

func (a *bitrixApp) now() time.Time { return time.Now().Add(a.later) }

func (a *bitrixApp) current(access string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return access == a.access
}

// Expire ends the access token that is in use, as an hour does.
func (s *Sim) Expire() {
	if s.expire != nil {
		s.expire()
	}
}

// Pass lets time go by at a portal.
func (s *Sim) Pass(d time.Duration) {
	s.portal.mu.Lock()
	defer s.portal.mu.Unlock()
	s.portal.later += d
}

// Forget has a portal drop the calls that are registered and not finished.
func (s *Sim) Forget() {
	s.portal.mu.Lock()
	defer s.portal.mu.Unlock()
	clear(s.portal.calls)
}

// Begin has a portal begin the call of a number that a user clicked at a contact, with its card, and returns its CALL_ID.
func (s *Sim) Begin(user, number, contact string) string {
	s.portal.mu.Lock()
	defer s.portal.mu.Unlock()
	return s.portal.register(Object{"USER_ID": user, "PHONE_NUMBER": number, "TYPE": 1, "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": contact, "SHOW": 1})
}

// Live counts the calls of a portal that are registered and not finished.
func (s *Sim) Live() int {
	s.portal.mu.Lock()
	defer s.portal.mu.Unlock()
	return len(s.portal.calls)
}

// token is the OAuth server: a refresh token is good once.
func (a *bitrixApp) token(r *http.Request, client, secret string) (int, any) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "refresh_token" {
		a.sim.violate("token request: %v", r.PostForm)
		return http.StatusBadRequest, Object{"error": "unsupported_grant_type"}
	}
	if r.PostForm.Get("client_id") != client || r.PostForm.Get("client_secret") != secret {
		return http.StatusBadRequest, Object{"error": "invalid_client"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.PostForm.Get("refresh_token") != a.refresh {
		return http.StatusBadRequest, Object{"error": "invalid_grant"}
	}
	a.turn++
	a.access, a.refresh = fmt.Sprintf("access-%d", a.turn), fmt.Sprintf("refresh-%d", a.turn)
	return http.StatusOK, Object{
		"access_token": a.access, "expires": time.Now().Add(time.Hour).Unix(), "expires_in": 3600, "scope": "crm,telephony,user",
		"domain": "oauth.bitrix.info", "server_endpoint": "https://oauth.bitrix.info/rest/", "status": "L", "client_endpoint": "https://company.bitrix24.ru/rest/",
		"member_id": "a223c6b9410f85df78e9377d6c4f7213", "user_id": 1, "refresh_token": a.refresh,
	}
}

// inside puts a request to the methods that a webhook has too.
func (a *bitrixApp) inside(r *http.Request, to string, p Object) (int, any) {
	raw, err := json.Marshal(p)
	if err != nil {
		return bitrixFault(http.StatusInternalServerError, "", err.Error())
	}
	own := httptest.NewRequestWithContext(r.Context(), http.MethodPost, to, bytes.NewReader(raw))
	own.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	a.sim.mux.ServeHTTP(rec, own)
	return rec.Code, rec.Body.Bytes()
}

func (a *bitrixApp) telephony(method string, p Object) (int, any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ok := func(v any) (int, any) {
		return http.StatusOK, Object{"result": v, "time": Object{"start": 1.0, "finish": 1.1, "operating": 0.1, "operating_reset_at": time.Now().Unix() + 600}}
	}
	core := func(text string) (int, any) { return bitrixFault(http.StatusBadRequest, "ERROR_CORE", text) }
	switch method {
	case "telephony.externalCall.register":
		a.sim.fields(method, p, "USER_ID", "USER_PHONE_INNER", "PHONE_NUMBER", "TYPE", "CALL_START_DATE", "CRM_CREATE", "CRM_SOURCE", "CRM_ENTITY_TYPE",
			"CRM_ENTITY_ID", "SHOW", "ADD_TO_CHAT", "CALL_LIST_ID", "LINE_NUMBER", "EXTERNAL_CALL_ID")
		_, dated := time.Parse(time.RFC3339, text(p["CALL_START_DATE"]))
		switch {
		case toInt(p["USER_ID"]) == 0:
			return core("USER_ID or USER_PHONE_INNER should be set")
		case digits(text(p["PHONE_NUMBER"])) == "":
			return core("Unsupported phone number format")
		case !slices.Contains([]int{1, 2, 3, 4, 5}, toInt(p["TYPE"])):
			return core("Unknown TYPE")
		case dated != nil:
			return core("CALL_START_DATE should be in the ISO-8601 format")
		}
		id := a.register(p)
		return ok(Object{"CALL_ID": id, "CRM_CREATED_LEAD": nil, "CRM_CREATED_ENTITIES": []any{}, "CRM_ENTITY_TYPE": p["CRM_ENTITY_TYPE"], "CRM_ENTITY_ID": p["CRM_ENTITY_ID"]})
	case "telephony.externalCall.show", "telephony.externalCall.hide":
		a.sim.fields(method, p, "CALL_ID", "USER_ID")
		user := text(p["USER_ID"])
		call, found := a.calls[text(p["CALL_ID"])]
		if toInt(p["USER_ID"]) == 0 {
			a.sim.violate("%s: USER_ID %v", method, p["USER_ID"])
		}
		if !found {
			return ok(false)
		}
		a.card(text(p["CALL_ID"]), call, user, strings.HasSuffix(method, "show"))
		return ok(true)
	case "telephony.externalCall.finish":
		return a.finish(p, ok, core)
	case "telephony.externalCall.attachRecord":
		return a.attach(p, ok, core)
	case "voximplant.statistic.get":
		a.sim.fields(method, p, "FILTER", "SORT", "ORDER", "start")
		a.sim.fields(method+".FILTER", object(p["FILTER"]), "EXTERNAL_CALL_ID", "CALL_ID", "CRM_ACTIVITY_ID")
		found := []Object{}
		for _, o := range a.sim.Set("statistic") {
			fits := true
			for k, v := range object(p["FILTER"]) {
				fits = fits && text(o[k]) == text(v)
			}
			if fits {
				found = append(found, o)
			}
		}
		return ok(found)
	}
	a.sim.violate("no method %s", method)
	return bitrixFault(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
}

// register returns the id of a call: that of one that is registered already, where user, number, direction and EXTERNAL_CALL_ID are the
// same and it is not older than half an hour. Whose call it is and when it began are not compared, and stay as they were.
func (a *bitrixApp) register(p Object) string {
	same := strings.Join([]string{text(p["USER_ID"]), digits(text(p["PHONE_NUMBER"])), text(p["TYPE"]), text(p["LINE_NUMBER"]), text(p["EXTERNAL_CALL_ID"])}, "|")
	for id, c := range a.calls {
		if c.key == same && a.now().Sub(c.at) < sameCallFor {
			return id
		}
	}
	id := fmt.Sprintf("externalCall.716f1cb73def9700a23842adf9c4c568.%d", a.sim.next())
	a.calls[id] = &bitrixCall{p, a.now(), same}
	if text(p["SHOW"]) != "0" {
		a.card(id, a.calls[id], text(p["USER_ID"]), true)
	}
	return id
}

// card opens or closes a call's card at a user.
func (a *bitrixApp) card(id string, call *bitrixCall, user string, open bool) {
	own := id + "/" + user
	a.sim.remove("card", "ID", own)
	if open {
		a.sim.Add("card", Object{
			"ID": own, "CALL_ID": id, "USER_ID": user, "EXTERNAL_CALL_ID": text(call.Object["EXTERNAL_CALL_ID"]), "CRM_ENTITY_ID": text(call.Object["CRM_ENTITY_ID"]),
		})
	}
}

// finish makes an entry of the statistics and an activity of the CRM.
func (a *bitrixApp) finish(p Object, ok func(any) (int, any), core func(string) (int, any)) (int, any) {
	const method = "telephony.externalCall.finish"
	a.sim.fields(method, p, "CALL_ID", "USER_ID", "USER_PHONE_INNER", "DURATION", "COST", "COST_CURRENCY", "STATUS_CODE", "FAILED_REASON", "RECORD_URL", "VOTE", "ADD_TO_CHAT")
	if !slices.Contains([]string{"200", "304", "603", "603-S", "403", "404", "486", "484", "503", "480", "402", "423", "OTHER"}, text(p["STATUS_CODE"])) {
		a.sim.violate("%s: STATUS_CODE %v", method, p["STATUS_CODE"])
	}
	known, found := a.calls[text(p["CALL_ID"])]
	switch {
	case toInt(p["USER_ID"]) == 0:
		return core("USER_ID or USER_PHONE_INNER should be set")
	case !found:
		return core("Call is not found (call should be registered prior to finishing")
	}
	call := known.Object
	a.card(text(p["CALL_ID"]), known, text(p["USER_ID"]), false) // at who finishes it, and at nobody else
	delete(a.calls, text(p["CALL_ID"]))
	activity := fmt.Sprint(a.sim.next())
	ownerType, owner := map[string]string{"LEAD": "1", "CONTACT": "3", "COMPANY": "4"}[text(call["CRM_ENTITY_TYPE"])], text(call["CRM_ENTITY_ID"])
	for _, d := range a.sim.Set("deal") { // an open one is what the call is about
		if text(d["CLOSED"]) == "N" && text(d[text(call["CRM_ENTITY_TYPE"])+"_ID"]) == owner {
			ownerType, owner = "2", text(d["ID"])
			break
		}
	}
	a.sim.Add("activity", Object{
		"ID": activity, "OWNER_TYPE_ID": ownerType, "OWNER_ID": owner, "TYPE_ID": "2", "PROVIDER_ID": "VOXIMPLANT_CALL", "SUBJECT": "Звонок",
	})
	stat := Object{
		"ID": fmt.Sprint(a.sim.next()), "CALL_ID": p["CALL_ID"], "EXTERNAL_CALL_ID": call["EXTERNAL_CALL_ID"], "PORTAL_USER_ID": text(p["USER_ID"]),
		"PHONE_NUMBER": call["PHONE_NUMBER"], "CALL_DURATION": text(p["DURATION"]), "CALL_TYPE": text(call["TYPE"]), "CALL_FAILED_CODE": p["STATUS_CODE"],
		"CRM_ENTITY_TYPE": call["CRM_ENTITY_TYPE"], "CRM_ENTITY_ID": text(call["CRM_ENTITY_ID"]), "CRM_ACTIVITY_ID": activity, "RECORD_FILE_ID": nil,
	}
	a.sim.Add("statistic", stat)
	out := clone(stat)
	out["CRM_ACTIVITY_ID"] = toInt(activity) // a number here, a text in the statistics
	return ok(out)
}

func (a *bitrixApp) attach(p Object, ok func(any) (int, any), core func(string) (int, any)) (int, any) {
	a.sim.fields("telephony.externalCall.attachRecord", p, "CALL_ID", "RECORD_URL", "FILENAME", "FILE_CONTENT")
	_, bad := base64.StdEncoding.DecodeString(text(p["FILE_CONTENT"]))
	_, found := a.sim.find("statistic", "CALL_ID", text(p["CALL_ID"]))
	switch {
	case !found:
		return core("Call is not found in the statistic table. Looks like it is not finished yet.")
	case !slices.Contains([]string{".wav", ".mp3"}, path.Ext(text(p["FILENAME"]))):
		return core("Wrong file extension. Only wav and mp3 are allowed")
	case text(p["FILE_CONTENT"]) == "":
		return core("File content is empty.")
	case bad != nil:
		return core("File content is not properly encoded. Base64 encoding is expected.")
	}
	id := a.sim.next()
	a.sim.change("statistic", "CALL_ID", text(p["CALL_ID"]), Object{"RECORD_FILE_ID": id})
	a.sim.Add("recording", Object{"ID": id, "FILENAME": p["FILENAME"]})
	return ok(Object{"FILE_ID": id})
}
