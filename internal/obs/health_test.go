package obs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestReadiness(t *testing.T) {
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	h := NewHealth(func() time.Time { return now })
	get := func() (int, map[string]PartState) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeReady(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var body struct {
			Ready bool
			Parts []PartState
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if body.Ready != (w.Code == http.StatusOK) {
			t.Fatalf("status %d with ready %v", w.Code, body.Ready)
		}
		parts := map[string]PartState{}
		for _, p := range body.Parts {
			parts[p.Name] = p
		}
		return w.Code, parts
	}
	pbx, crm := h.Require("pbx"), h.Advise("connector:1c")
	if code, parts := get(); code != http.StatusServiceUnavailable || parts["pbx"].Detail != "starting" {
		t.Fatalf("before the first report: %d %+v", code, parts)
	}
	now = now.Add(time.Second)
	changed := h.Changed()
	pbx.OK()
	select {
	case <-changed:
	default:
		t.Error("the change was not announced")
	}
	crm.Fail("does not answer, asked about +79161234567")
	if code, parts := get(); code != http.StatusOK || !parts["pbx"].Since.Equal(now) || parts["pbx"].Detail != "" ||
		parts["connector:1c"].Detail != "does not answer, asked about +7***4567" {
		t.Fatalf("with a customer system away: %d %+v", code, parts)
	}
	since := now
	now = now.Add(time.Minute)
	changed = h.Changed()
	pbx.OK()
	select {
	case <-changed:
		t.Error("a report of nothing new was announced")
	default:
	}
	if _, parts := get(); !parts["pbx"].Since.Equal(since) {
		t.Errorf("since moved to %s by a report of nothing new", parts["pbx"].Since)
	}
	pbx.Fail("connection refused")
	if code, parts := get(); code != http.StatusServiceUnavailable || !parts["pbx"].Since.Equal(now) || parts["pbx"].Detail != "connection refused" {
		t.Fatalf("with the PBX away: %d %+v", code, parts)
	}
	pbx.OK()
	h.Drain()
	if code, _ := get(); code != http.StatusServiceUnavailable {
		t.Fatalf("while draining: %d", code)
	}
}

func TestLivenessDependsOnNothing(t *testing.T) {
	h := NewHealth(time.Now)
	h.Require("pbx").Fail("gone")
	h.Drain()
	w := httptest.NewRecorder()
	h.ServeLive(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("liveness answers %d, %v", w.Code, w.Header())
	}
}

// TestAForgottenPartIsGone: a customer system that is no longer used leaves nothing behind, and what it says late is not heard.
func TestAForgottenPartIsGone(t *testing.T) {
	h := NewHealth(time.Now)
	part := h.Advise("connector:crm")
	part.OK()
	changed := h.Changed()
	part.Forget()
	part.Forget()
	part.Fail("late")
	if parts, _ := h.Parts(); len(parts) != 0 {
		t.Errorf("there are %v", parts)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told")
	}
	h.Advise("connector:crm").OK()
	if parts, _ := h.Parts(); len(parts) != 1 || !parts[0].OK {
		t.Errorf("registered anew: %v", parts)
	}
}
