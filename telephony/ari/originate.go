package ari

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strings"
	"time"

	ari "github.com/CyCoreSystems/ari/v5"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// defaultRing is Originate.Timeout where none is given. Asterisk's own default is as long.
const defaultRing = 30 * time.Second

// Originate implements telephony.Driver. The leg is known before Asterisk is asked, because its events may come before the
// answer.
func (d *Driver) Originate(ctx context.Context, o telephony.Originate) error {
	const op = "originating leg"
	body, err := d.originateRequest(op, o)
	if err != nil {
		return err
	}
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()

	l, first, err := d.reserve(ctx, op, o)
	if err != nil || !first {
		return err
	}
	err = d.rest.do(ctx, request{method: http.MethodPost, path: []string{"channels"}, body: body, creates: true}, nil)
	if statusOf(err) == http.StatusConflict {
		err = nil // an earlier attempt got through
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	close(l.making)
	l.making = nil
	l.uncertain = err != nil && statusOf(err) == 0
	if err == nil || l.uncertain {
		// Uncertain: its events may come yet, and if it is originated again Asterisk will say whether it is there.
		return fail(ctx, op, err)
	}
	if d.legs.legs[l.ID] == l {
		delete(d.legs.legs, l.ID)
	}
	if statusOf(err) == http.StatusInternalServerError {
		// "Allocation failed": the device has no contact, or no such endpoint exists. No event follows.
		msg := "the device is not registered"
		if o.Number != "" {
			msg = "the trunk does not take calls"
		}
		return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: msg, Err: err}
	}
	return fail(ctx, op, err)
}

// reserve puts the leg into the table. first is false when the leg is there, or was and ended: then nothing is to be done.
func (d *Driver) reserve(ctx context.Context, op string, o telephony.Originate) (l *leg, first bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if d.legs.gone.has(o.Leg) {
			return nil, false, nil
		}
		l = d.legs.legs[o.Leg]
		if l == nil {
			break
		}
		if l.making == nil {
			if !l.uncertain {
				return nil, false, nil
			}
			l.uncertain, l.making = false, make(chan struct{})
			return l, true, nil
		}
		// Another attempt is being made: its result is ours.
		making := l.making
		d.mu.Unlock()
		select {
		case <-making:
		case <-ctx.Done():
			d.mu.Lock()
			return nil, false, fail(ctx, op, ctx.Err())
		}
		d.mu.Lock()
	}
	l = newOriginated(o)
	l.making = make(chan struct{})
	d.legs.legs[l.ID] = l
	return l, true, nil
}

// newOriginated makes the leg of a request.
func newOriginated(o telephony.Originate) *leg {
	l := &leg{
		Leg: telephony.Leg{
			ID: o.Leg, State: telephony.LegDown, Party: farEnd(o.Endpoint, o.Number), Endpoint: o.Endpoint,
			Marks: maps.Clone(o.Marks), Created: time.Now(),
		},
		originated: true, number: o.Number,
	}
	if l.Marks == nil {
		l.Marks = telephony.Marks{}
	}
	return l
}

// originateRequest checks the request and puts it into Asterisk's words.
func (d *Driver) originateRequest(op string, o telephony.Originate) (*ari.OriginateRequest, error) {
	if !validName(string(o.Leg)) {
		return nil, errs.Field(op, "leg", "letters, digits, dot, colon, dash and underscore only")
	}
	if err := validMarks(op, o.Marks); err != nil {
		return nil, err
	}
	r := &ari.OriginateRequest{
		App: d.o.App, ChannelID: string(o.Leg), CallerID: callerID(o.From), Timeout: seconds(o.Timeout),
		Variables: map[string]string{
			markVariable: note{originated: true, number: o.Number, marks: o.Marks}.encode(),
		},
	}
	switch {
	case (o.Endpoint == "") == (o.Number == ""):
		return nil, errs.Field(op, "endpoint", "name either an endpoint or a number")
	case o.Endpoint != "":
		if !validName(o.Endpoint) {
			return nil, errs.Field(op, "endpoint", "letters, digits, dot, colon, dash and underscore only")
		}
		r.Endpoint = d.o.EndpointTech + "/" + o.Endpoint
		r.Formats = d.o.Formats
	default:
		if !validNumber(o.Number) {
			return nil, errs.Field(op, "number", "digits, letters, +, * and # only")
		}
		r.Endpoint = fmt.Sprintf(d.o.Trunk, o.Number)
	}
	for name, value := range o.Headers {
		if !validToken(name) || strings.ContainsAny(value, "\r\n\x00") {
			return nil, errs.Field(op, "headers", "is not a SIP header")
		}
		// A function as the name of a variable: Asterisk writes it on the channel before it sends the INVITE.
		r.Variables["PJSIP_HEADER(add,"+name+")"] = value
	}
	return r, nil
}

// seconds rounds up, because ARI knows whole seconds only and 0 would be "at once".
func seconds(d time.Duration) int {
	if d <= 0 {
		d = defaultRing
	}
	return int(math.Ceil(d.Seconds()))
}

// callerID writes what the far end shall see as Asterisk wants it, without what would end the quotes.
func callerID(p telephony.Party) string {
	clean := func(s, drop string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || strings.ContainsRune(drop, r) {
				return -1
			}
			return r
		}, s)
	}
	name, number := strings.TrimSpace(clean(p.Name, `"<>\`)), clean(p.Number, `"<>\ `)
	switch {
	case name == "" && number == "":
		return ""
	case name == "":
		return "<" + number + ">"
	}
	return fmt.Sprintf(`"%s" <%s>`, name, number)
}

// validNumber keeps everything out of a dial string that Asterisk would take for its own.
func validNumber(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "+*#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && s != ""
}

// validToken reports whether s is a SIP header name (RFC 3261 §25.1) that cannot end the function's arguments.
func validToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return s != ""
}

// Hangup implements telephony.Driver.
func (d *Driver) Hangup(ctx context.Context, id telephony.LegID, cause telephony.Cause) error {
	const op = "hanging up leg"
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	if cause.Q850 <= 0 || cause.Q850 > 127 {
		cause.Q850 = telephony.CauseNormal
	}
	if err := d.settle(ctx, op, id); err != nil {
		return err
	}
	d.mu.Lock()
	l := d.legs.legs[id]
	if l != nil && l.hangup == nil {
		l.hangup = &cause
	}
	d.mu.Unlock()

	err = d.drop(ctx, id, cause.Q850)
	gone := errors.Is(err, errGone)
	if l != nil && (gone && !l.uncertain || err != nil && !gone) {
		d.mu.Lock()
		l.hangup = nil // the far end was faster, or nothing was done
		d.mu.Unlock()
	}
	if gone {
		return nil
	}
	return fail(ctx, op, err)
}

// settle waits while Originate has asked for the leg and Asterisk has not answered: before that it cannot be ended.
func (d *Driver) settle(ctx context.Context, op string, id telephony.LegID) error {
	d.mu.Lock()
	l := d.legs.legs[id]
	var making chan struct{}
	if l != nil {
		making = l.making
	}
	d.mu.Unlock()
	if making == nil {
		return nil
	}
	select {
	case <-making:
		return nil
	case <-ctx.Done():
		return fail(ctx, op, ctx.Err())
	}
}

// errGone says that a channel to be ended was not there.
var errGone = errors.New("the channel is gone")

// drop ends a channel.
func (d *Driver) drop(ctx context.Context, id telephony.LegID, q850 int) error {
	err := d.rest.do(ctx, request{
		method: http.MethodDelete, path: []string{"channels", string(id)}, query: map[string][]string{"reason_code": {fmt.Sprint(q850)}},
	}, nil)
	if statusOf(err) == http.StatusNotFound {
		return errGone
	}
	return err
}
