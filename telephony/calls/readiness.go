package calls

import (
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/queues"
)

// Readiness tells whether an operator could be offered a call right now, and if not, what stands in the way.
type Readiness string

// The readinesses.
const (
	CanTake     Readiness = "CAN_TAKE"
	Unheard     Readiness = "NO_MICROPHONE" // ready, but customers would not hear them
	NotReached  Readiness = "NO_PHONE"      // ready, but their phone is not registered
	Engaged     Readiness = "BUSY"          // ready, with a call
	NotDeclared Readiness = "AWAY"          // paused or offline
)

func readiness(o *queues.Operator) Readiness {
	switch {
	case o.Declared.Availability != queues.Ready:
		return NotDeclared
	case o.Unheard:
		return Unheard
	case !o.PhoneOnline:
		return NotReached
	case !o.Free():
		return Engaged
	}
	return CanTake
}

// A page in trouble must not keep the floor busy with telling of it.
const (
	reportsMax = 30
	reportsPer = time.Minute
)

// reports counts an operator's reports within a minute.
type reports struct {
	from time.Time
	n    int
}

// reportHealth takes what a page says of its operator's phone. One whose microphone is blocked or missing is offered nothing, and
// cannot become ready, until a report says otherwise.
func (f *Floor) reportHealth(cmd Command, now time.Time) (Reply, error) {
	const op = "reporting the phone's health"
	o := f.q.Operators[cmd.OperatorID]
	if o == nil {
		return Reply{}, errs.E(errs.NotFound, op, "no such operator")
	}
	if err := cmd.Health.Validate(); err != nil {
		return Reply{}, err
	}
	lately := f.reports[o.ID]
	if now.Sub(lately.from) >= reportsPer {
		lately = reports{from: now}
	}
	if lately.n++; lately.n > reportsMax {
		return Reply{}, errs.E(errs.RateLimited, op, "too many reports")
	}
	f.reports[o.ID] = lately
	old := f.health[o.ID]
	if old == nil {
		old = &health.Record{OperatorID: o.ID}
	}
	r := old.Take(*cmd.Health, now)
	f.health[o.ID] = r
	f.out.Health = append(f.out.Health, r)
	o.Unheard = f.unheard(o.ID)
	f.touchOperator(o.ID)
	f.Decide(now)
	return Reply{}, nil
}

// unheard tells whether the operator's last report says that customers would not hear them. Of a desk phone pages know nothing.
func (f *Floor) unheard(operatorID string) bool {
	return !f.people[operatorID].Desk && f.health[operatorID].Unheard()
}

// RestoreHealth takes what the former owner of the floor knew of phones, before the directory.
func (f *Floor) RestoreHealth(known []health.Record) {
	for _, r := range known {
		f.health[r.OperatorID] = &r
	}
}
