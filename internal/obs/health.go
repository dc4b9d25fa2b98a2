package obs

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// PartState is how one part that Pult stands on is doing.
type PartState struct {
	Name     string    `json:"name"` // pbx, bus, database, sealing, connector:<id>
	OK       bool      `json:"ok"`
	Required bool      `json:"required"` // without it Pult is not ready
	Since    time.Time `json:"since"`    // when OK last changed
	Detail   string    `json:"detail"`   // what is wrong, fit to show; may be set while OK
}

// Health is the registry of parts. The zero value is not usable; see NewHealth. Its methods may be called concurrently.
type Health struct {
	now func() time.Time

	mu       sync.Mutex
	parts    map[string]*PartState
	draining bool
	changed  chan struct{}
}

// NewHealth makes an empty registry. now is time.Now but for tests.
func NewHealth(now func() time.Time) *Health {
	return &Health{now: now, parts: map[string]*PartState{}, changed: make(chan struct{})}
}

// Part is one registered part.
type Part struct {
	health *Health
	name   string
}

// Require registers a part without which Pult is not ready. Until its first report it is not ok. Registering a name again returns
// the same part.
func (h *Health) Require(name string) Part { return h.register(name, true) }

// Advise registers a part whose trouble is shown, while Pult stays ready: a customer system.
func (h *Health) Advise(name string) Part { return h.register(name, false) }

func (h *Health) register(name string, required bool) Part {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts[name] == nil {
		h.parts[name] = &PartState{Name: name, Required: required, Since: h.now().UTC(), Detail: "starting"}
		h.notify()
	}
	return Part{h, name}
}

// OK reports that the part works.
func (p Part) OK() { p.health.set(p.name, true, "") }

// Fail reports that the part does not work, and why in words fit to show.
func (p Part) Fail(detail string) { p.health.set(p.name, false, detail) }

// Forget removes the part: a customer system that is no longer used.
func (p Part) Forget() {
	h := p.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts[p.name] != nil {
		delete(h.parts, p.name)
		h.notify()
	}
}

// notify wakes those who wait on Changed. The caller holds mu.
func (h *Health) notify() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *Health) set(name string, ok bool, detail string) {
	detail = Mask(detail)
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.parts[name]
	if p == nil || p.OK == ok && p.Detail == detail {
		return // forgotten, or no news
	}
	if p.OK != ok {
		p.OK, p.Since = ok, h.now().UTC()
	}
	p.Detail = detail
	h.notify()
}

// Drain makes Pult not ready for good: it is about to stop and wants no new work.
func (h *Health) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.draining {
		h.draining = true
		h.notify()
	}
}

// Changed returns a channel that is closed at the next change of any part.
func (h *Health) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// Parts returns all parts by name, and whether Pult is ready: it does not drain and every required part is ok.
func (h *Health) Parts() (parts []PartState, ready bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ready = !h.draining
	parts = make([]PartState, 0, len(h.parts))
	for _, p := range h.parts {
		parts = append(parts, *p)
		ready = ready && (p.OK || !p.Required)
	}
	slices.SortFunc(parts, func(a, b PartState) int { return cmp.Compare(a.Name, b.Name) })
	return parts, ready
}

// ServeLive answers /healthz: 200 for as long as the process serves at all. It depends on no part, so that trouble of a part does not
// make a supervisor restart Pult.
func (h *Health) ServeLive(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ServeReady answers /readyz: 200 when ready, 503 when not, and every part with its reason.
func (h *Health) ServeReady(w http.ResponseWriter, _ *http.Request) {
	parts, ready := h.Parts()
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, struct {
		Ready    bool        `json:"ready"`
		Draining bool        `json:"draining"`
		Parts    []PartState `json:"parts"`
	}{ready, draining, parts})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the prober has gone: nobody to tell
}
