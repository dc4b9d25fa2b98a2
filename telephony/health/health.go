// Package health is what an operator's page says of their phone: a check made of steps, and errors of the page. It is pure: it
// bounds and cleans what pages report, keeps the last word on each step, and tells whether the operator could be heard.
//
// Nothing personal belongs in it: no customer, no telephone number, no address. Clean takes out what looks like one.
package health

import (
	"slices"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// StepName is one thing that a check looks at.
type StepName string

// The steps, in the order in which a page takes them.
const (
	StepPermission    StepName = "PERMISSION"    // the browser lets the page use a microphone
	StepMicrophone    StepName = "MICROPHONE"    // there is one, and it opens
	StepRingtone      StepName = "RINGTONE"      // the browser lets the page make sound
	StepLevel         StepName = "LEVEL"         // something comes from the microphone
	StepSpeaker       StepName = "SPEAKER"       // sound goes out
	StepNotifications StepName = "NOTIFICATIONS" // a call is shown over other windows
	StepConnection    StepName = "CONNECTION"    // SIP over WebSocket
	StepRegistration  StepName = "REGISTRATION"  // the PBX knows the phone
	StepMedia         StepName = "MEDIA"         // voice goes to the PBX and comes back
	StepClock         StepName = "CLOCK"         // the computer's clock agrees with the server's
)

// Steps are all steps in order.
var Steps = []StepName{
	StepPermission, StepMicrophone, StepRingtone, StepLevel, StepSpeaker, StepNotifications, StepConnection, StepRegistration, StepMedia,
	StepClock,
}

// StepState is how far a step is.
type StepState string

// The states of a step.
const (
	Waiting StepState = "WAITING" // not taken, or not possible as long as an earlier one fails
	Running StepState = "RUNNING"
	OK      StepState = "OK"
	Warn    StepState = "WARN" // works, but not as it should
	Failed  StepState = "FAILED"
)

// Step is the result of one step.
type Step struct {
	Name    StepName  `json:"name"`
	State   StepState `json:"state"`
	Problem string    `json:"problem,omitempty"` // a code that the page has words for: "denied"
	Detail  string    `json:"detail,omitempty"`  // a figure or a name: "24 ms"
	Since   time.Time `json:"since"`             // when it was first found so
}

// Check is a page's whole check.
type Check struct {
	At         time.Time `json:"at"`
	Browser    string    `json:"browser"`    // "Chrome 142"
	Platform   string    `json:"platform"`   // "Windows"
	Microphone string    `json:"microphone"` // its name
	Speaker    string    `json:"speaker"`    // its name
	Steps      []Step    `json:"steps"`
}

// ErrorKind is where an error of a page comes from.
type ErrorKind string

// The kinds of errors.
const (
	ErrorPage       ErrorKind = "PAGE"       // nobody caught it
	ErrorSIP        ErrorKind = "SIP"        // signalling failed
	ErrorMicrophone ErrorKind = "MICROPHONE" // it did not open
)

// Error is something that went wrong in a page.
type Error struct {
	At   time.Time `json:"at"`
	Kind ErrorKind `json:"kind"`
	Text string    `json:"text"`
}

// Report is what a page says at once; either part may be missing.
type Report struct {
	Check  *Check  `json:"check,omitempty"`
	Errors []Error `json:"errors,omitempty"`
}

// Bounds of a report and of what is kept.
const (
	MaxErrors = 20  // of one report
	MaxKept   = 10  // errors of a record
	MaxText   = 160 // characters of a text
	MaxName   = 80  // characters of the name of a browser or device
	MaxCode   = 32  // characters of a problem's code
)

// Record is what is known of an operator's phone. It is never changed: Take makes another.
type Record struct {
	OperatorID string    `json:"operatorId"`
	At         time.Time `json:"at"` // of the last report
	Check      *Check    `json:"check,omitempty"`
	Errors     []Error   `json:"errors,omitempty"` // the newest last
}

// Validate refuses a report that no page of ours makes.
func (r *Report) Validate() error {
	const op = "reporting the phone's health"
	switch {
	case r == nil || r.Check == nil && len(r.Errors) == 0:
		return errs.E(errs.Invalid, op, "nothing is reported")
	case len(r.Errors) > MaxErrors:
		return errs.Field(op, "errors", "at most 20")
	}
	for _, e := range r.Errors {
		if e.Kind != ErrorPage && e.Kind != ErrorSIP && e.Kind != ErrorMicrophone {
			return errs.Field(op, "errors", "unknown kind")
		}
	}
	if r.Check == nil {
		return nil
	}
	seen := map[StepName]bool{}
	for _, s := range r.Check.Steps {
		switch {
		case !slices.Contains(Steps, s.Name) || seen[s.Name]:
			return errs.Field(op, "check.steps", "each step once")
		case s.State != Waiting && s.State != Running && s.State != OK && s.State != Warn && s.State != Failed:
			return errs.Field(op, "check.steps", "unknown state")
		}
		seen[s.Name] = true
	}
	return nil
}

// Take adds a valid report, as it arrived at a time. A page's own times are not believed: its clock may be what is wrong.
func (r *Record) Take(p Report, now time.Time) *Record {
	n := &Record{OperatorID: r.OperatorID, At: now, Check: r.Check, Errors: r.Errors}
	if p.Check != nil {
		n.Check = r.check(*p.Check, now)
	}
	if len(p.Errors) > 0 {
		all := slices.Clone(r.Errors)
		for _, e := range p.Errors {
			all = append(all, Error{At: now, Kind: e.Kind, Text: Clean(e.Text, MaxText)})
		}
		n.Errors = all[max(0, len(all)-MaxKept):]
	}
	return n
}

func (r *Record) check(c Check, now time.Time) *Check {
	out := &Check{
		At: now, Browser: Clean(c.Browser, MaxName), Platform: Clean(c.Platform, MaxName), Microphone: Clean(c.Microphone, MaxName),
		Speaker: Clean(c.Speaker, MaxName), Steps: make([]Step, 0, len(c.Steps)),
	}
	for _, name := range Steps {
		i := slices.IndexFunc(c.Steps, func(s Step) bool { return s.Name == name })
		if i < 0 {
			continue
		}
		s := c.Steps[i]
		s.Problem, s.Detail, s.Since = Clean(s.Problem, MaxCode), Clean(s.Detail, MaxText), now
		if old, ok := r.step(name); ok && old.State == s.State && old.Problem == s.Problem {
			s.Since = old.Since
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}

func (r *Record) step(name StepName) (Step, bool) {
	if r == nil || r.Check == nil {
		return Step{}, false
	}
	for _, s := range r.Check.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}

// Unheard tells whether a customer would not hear the operator: the microphone is blocked or missing. Nil, and a record without a
// check, say nothing of it.
func (r *Record) Unheard() bool {
	for _, name := range []StepName{StepPermission, StepMicrophone} {
		if s, ok := r.step(name); ok && s.State == Failed {
			return true
		}
	}
	return false
}

// Troubles are the steps that failed or are not as they should be, the gravest first.
func (r *Record) Troubles() []Step {
	if r == nil || r.Check == nil {
		return nil
	}
	var failed, warned []Step
	for _, s := range r.Check.Steps {
		switch s.State {
		case Failed:
			failed = append(failed, s)
		case Warn:
			warned = append(warned, s)
		case Waiting, Running, OK:
		}
	}
	return append(failed, warned...)
}
