package ari

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// SendDigits implements telephony.DigitSender.
func (d *Driver) SendDigits(ctx context.Context, leg telephony.LegID, digits string) error {
	const op = "sending digits"
	if digits == "" || len(digits) > 128 || strings.Trim(digits, "0123456789ABCD*#,") != "" {
		return errs.Field(op, "digits", "only 0-9 A-D * # and , are keys")
	}
	// Asterisk's pause of half a second is "w".
	q := url.Values{"dtmf": {strings.ReplaceAll(digits, ",", "w")}}
	return d.onLeg(ctx, op, leg, http.MethodPost, "dtmf", q)
}

// SetMuted implements telephony.Muter.
func (d *Driver) SetMuted(ctx context.Context, leg telephony.LegID, muted bool) error {
	return d.onLeg(ctx, "muting leg", leg, onOff(muted), "mute", url.Values{"direction": {"in"}})
}

// SetRingback implements telephony.Ringbacker. A leg in a bridge hears the bridge instead.
func (d *Driver) SetRingback(ctx context.Context, leg telephony.LegID, on bool) error {
	return d.onLeg(ctx, "setting ring-back", leg, onOff(on), "ring", nil)
}

// onOff is ARI's way of switching.
func onOff(on bool) string {
	if on {
		return http.MethodPost
	}
	return http.MethodDelete
}

// Return implements telephony.Returner.
func (d *Driver) Return(ctx context.Context, id telephony.LegID) error {
	const op = "returning leg"
	d.mu.Lock()
	l := d.legs.legs[id]
	if l != nil {
		l.returned = true // before the request: the event may be faster than its answer
	}
	d.mu.Unlock()
	err := d.onLeg(ctx, op, id, http.MethodPost, "continue", nil)
	if err != nil && l != nil {
		d.mu.Lock()
		l.returned = false
		d.mu.Unlock()
	}
	return err
}

// DemoCall implements telephony.DemoCaller: Asterisk calls itself over SIP, and the calling half runs the dialplan context
// pult-demo-caller (deploy/asterisk), which speaks and listens until d is over.
func (d *Driver) DemoCall(ctx context.Context, from telephony.Party, to string, talk time.Duration) error {
	const op = "making a rehearsal call"
	switch {
	case !validNumber(to):
		return errs.Field(op, "to", "digits, letters, +, * and # only")
	case talk <= 0:
		return errs.Field(op, "duration", "must be positive")
	}
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	vars := map[string]string{"PULT_DEMO_SECONDS": strconv.Itoa(int(math.Ceil(talk.Seconds())))}
	if d.o.Language != "" {
		vars["PULT_DEMO_LANGUAGE"] = d.o.Language
	}
	err = d.rest.do(ctx, request{
		method: http.MethodPost, path: []string{"channels"},
		body: &ari.OriginateRequest{
			Endpoint: fmt.Sprintf(d.o.DemoTrunk, to), Context: "pult-demo-caller", Extension: "s", Priority: 1,
			CallerID: callerID(from), Timeout: int(demoPatience / time.Second), Variables: vars,
		},
	}, nil)
	if statusOf(err) == http.StatusInternalServerError {
		return &errs.Error{Kind: errs.Unsupported, Op: op, Msg: "this Asterisk is not configured for rehearsal calls", Err: err}
	}
	return fail(ctx, op, err)
}

// demoPatience is how long the demo's customer lets it ring.
const demoPatience = 10 * time.Minute
