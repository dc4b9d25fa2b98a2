package workbench

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

// Subject is what is tried: a draft, or a connector by id as it stands in the file or the database.
type Subject struct {
	Draft *Draft
	ID    string
}

// Trial is what a trial went through, whatever came of it.
type Trial struct {
	Problem  error // what the system or the way to it got wrong, fit to show by errs.Message; nil: all is well
	Took     time.Duration
	Requests []trace.Request
	Dropped  int // requests beyond those kept
}

// Tested is the outcome of a test.
type Tested struct {
	Trial
	Checked      bool // the kind can check its system; else nothing but the settings was tested
	Version      string
	Capabilities []string // beyond look-up, see connectors.Capabilities
}

// Tried is the outcome of looking a number up.
type Tried struct {
	Trial
	Number customers.Number
	Match  customers.Match
	Found  []customers.Examined
}

// patience is how long a system may take here, where the asker gives no less: a 1C that wakes up takes half a minute.
const patience = 30 * time.Second

// margin is what is left of the asker's time for telling that the system took all of it.
const margin = 300 * time.Millisecond

// written are the capabilities that only the configuration file switches on (log_calls, missed_call_tasks, show_calls): a connector of the web app
// is not written to, whatever its driver could do.
var written = []string{"LOG_CALL", "ATTACH_RECORDING", "CREATE_TASK", "SHOW_CALL"}

// Test asks the system whether it is there and lets us in. An error is that of the subject's settings; trouble with the system is told
// in the outcome.
func (s *Service) Test(ctx context.Context, sub Subject) (Tested, error) {
	const op = "testing connector"
	var out Tested
	err := s.with(ctx, sub, func(ctx context.Context, spec Spec, d connectors.Driver) {
		out.Capabilities = connectors.Capabilities(d)
		if !s.ofFile(spec.ID) {
			out.Capabilities = slices.DeleteFunc(out.Capabilities, func(c string) bool { return slices.Contains(written, c) })
		}
		checker, ok := connectors.As[connectors.Checker](d)
		if !ok {
			return
		}
		out.Checked = true
		out.Trial = s.try(ctx, func(ctx context.Context) error {
			h, err := checker.Check(ctx)
			out.Version = h.Version
			return err
		})
	})
	return out, errs.Wrap(op, err)
}

// Try looks a number up as a ringing call would and tells what becomes of the answer. Nothing of it is kept.
func (s *Service) Try(ctx context.Context, sub Subject, number string) (Tried, error) {
	const op = "trying connector"
	out := Tried{Number: s.o.Numbers.Parse(number)}
	if out.Number.Kind != customers.NumberPublic {
		return out, errs.Field(op, "number", "must be a number that can be called from outside: no system is asked about others")
	}
	err := s.with(ctx, sub, func(ctx context.Context, spec Spec, d connectors.Driver) {
		var found []connectors.Candidate
		out.Trial = s.try(ctx, func(ctx context.Context) (err error) {
			found, err = d.Lookup(ctx, s.o.Numbers.Query(out.Number))
			return err
		})
		if out.Problem != nil {
			out.Match = customers.Match{State: customers.MatchFailed, Problem: errs.Message(out.Problem), Asked: []string{spec.Name}}
			return
		}
		out.Match, out.Found = s.o.Numbers.Examine(out.Number, spec.ID, spec.Name, found, s.o.Now())
	})
	return out, errs.Wrap(op, err)
}

// with opens a subject for as long as f runs.
func (s *Service) with(ctx context.Context, sub Subject, f func(context.Context, Spec, connectors.Driver)) error {
	spec, err := s.find(ctx, sub)
	if err != nil {
		return err
	}
	d, err := s.o.Open(ctx, spec.ID, spec.Kind, spec.Config, spec.Secrets)
	if err != nil {
		return inConfig(err)
	}
	f(ctx, spec, d)
	return closeDriver(d)
}

// nameless is the id of a draft that nobody has named yet.
const nameless = "draft"

func (s *Service) find(ctx context.Context, sub Subject) (Spec, error) {
	if sub.Draft != nil {
		d := *sub.Draft
		if d.ID == "" {
			d.ID = nameless
		}
		if strings.TrimSpace(d.Name) == "" {
			d.Name = d.ID
		}
		r, h, err := s.compose(ctx, d)
		if err != nil {
			return Spec{}, err
		}
		return s.confined(r, h)
	}
	for _, f := range s.o.File {
		if f.ID == sub.ID {
			return f, nil
		}
	}
	r, err := s.o.Repository.WebConnector(ctx, sub.ID)
	if err != nil {
		return Spec{}, err
	}
	return s.spec(ctx, r)
}

// try runs f with a deadline and a recorder.
func (s *Service) try(ctx context.Context, f func(context.Context) error) Trial {
	limit := time.Now().Add(patience)
	if asker, ok := ctx.Deadline(); ok && asker.Add(-margin).Before(limit) {
		limit = asker.Add(-margin)
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	ctx, recorder := trace.With(ctx)
	began := time.Now()
	t := Trial{Problem: f(ctx)}
	t.Took = time.Since(began)
	t.Requests, t.Dropped = recorder.Requests()
	return t
}
