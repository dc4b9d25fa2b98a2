package fakepbx_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/fakepbx"
	"github.com/pult-cc/pult/telephony/telephonytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	telephonytest.Run(t, func(t *testing.T) telephonytest.Harness {
		t.Parallel()
		return &harness{pbx: fakepbx.New(fakepbx.Options{
			ReplacedBackoff: time.Minute,
			Device:          fakepbx.Behaviour{RingAfter: -1},
			Trunk:           fakepbx.Behaviour{RingAfter: -1},
		})}
	})
}

// harness plays the far ends on a fakepbx.PBX.
type harness struct {
	pbx *fakepbx.PBX

	mu   sync.Mutex
	seen map[telephony.LegID]bool
}

func (h *harness) NewDriver(testing.TB) telephony.Driver { return h.pbx.NewDriver() }

func (h *harness) CallIn(t testing.TB, from telephony.Party, queue string) telephonytest.Far {
	id := h.pbx.InboundCall(from, queue, "queue", queue)
	if id == "" {
		t.Fatal("nobody is connected")
	}
	return &far{pbx: h.pbx, id: id}
}

func (h *harness) SignIn(_ testing.TB, endpoint, ha1 string) (telephonytest.Device, error) {
	if !h.pbx.SignIn(endpoint, ha1) {
		return nil, errors.New("refused")
	}
	return &device{h, endpoint}, nil
}

func (h *harness) Outside(testing.TB) telephonytest.Device { return &device{h, "carrier"} }
func (h *harness) CutLink(testing.TB)                      { h.pbx.CutLink("the cable was pulled") }
func (h *harness) RestoreLink(testing.TB)                  { h.pbx.RestoreLink() }
func (h *harness) SetHanging(_ testing.TB, hanging bool)   { h.pbx.SetHanging(hanging) }
func (h *harness) Restart(testing.TB)                      { h.pbx.Restart() }

// device is where legs to one endpoint arrive.
type device struct {
	h        *harness
	endpoint string
}

// find returns a leg to the device that was not seen before.
func (d *device) find() *far {
	d.h.mu.Lock()
	defer d.h.mu.Unlock()
	for _, l := range d.h.pbx.Legs() {
		if l.Endpoint == d.endpoint && l.Dialed == "" && !d.h.seen[l.ID] {
			if d.h.seen == nil {
				d.h.seen = map[telephony.LegID]bool{}
			}
			d.h.seen[l.ID] = true
			return &far{pbx: d.h.pbx, id: l.ID, view: l}
		}
	}
	return nil
}

func (d *device) Next(t testing.TB) telephonytest.Far {
	t.Helper()
	var f *far
	eventually(t, "a call at the device", func() bool { f = d.find(); return f != nil })
	return f
}

func (d *device) None(t testing.TB) {
	t.Helper()
	if f := d.find(); f != nil {
		t.Errorf("leg %s arrived", f.id)
	}
}

func (d *device) Leave(testing.TB) { d.h.pbx.SetEndpointOnline(d.endpoint, false) }

// far is the far end of one leg.
type far struct {
	pbx  *fakepbx.PBX
	id   telephony.LegID
	view fakepbx.LegView
}

func (f *far) Header(name string) string { return f.view.Headers[name] }
func (f *far) Caller() telephony.Party   { return f.view.From }
func (f *far) Ring(t testing.TB)         { t.Helper(); f.did(t, f.pbx.RingLeg(f.id)) }
func (f *far) Answer(t testing.TB)       { t.Helper(); f.did(t, f.pbx.AnswerLeg(f.id)) }
func (f *far) Hangup(testing.TB)         { f.pbx.FarEndHangup(f.id) }

func (f *far) Press(_ testing.TB, digit string) { f.pbx.PressDigits(f.id, digit) }

func (f *far) Reject(t testing.TB, status int) {
	t.Helper()
	q850 := map[int]int{486: telephony.CauseBusy, 603: telephony.CauseRejected}[status]
	f.did(t, f.pbx.RejectLeg(f.id, telephony.Cause{Q850: q850, SIP: status}))
}

func (f *far) AwaitEnd(t testing.TB) {
	t.Helper()
	eventually(t, "the end of the call", func() bool { _, ok := f.pbx.Leg(f.id); return !ok })
}

func (f *far) did(t testing.TB, ok bool) {
	t.Helper()
	if !ok {
		t.Errorf("leg %s is not in a state for this", f.id)
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(telephonytest.Patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}
