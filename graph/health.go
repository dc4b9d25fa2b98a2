package graph

import (
	"context"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/health"
)

func healthReport(check *model.PhoneCheckInput, failures []*model.PhoneErrorInput) *health.Report {
	out := &health.Report{}
	if check != nil {
		c := &health.Check{Browser: check.Browser, Platform: check.Platform, Microphone: check.Microphone, Speaker: check.Speaker}
		for _, s := range check.Steps {
			c.Steps = append(c.Steps, health.Step{
				Name: health.StepName(s.Name), State: health.StepState(s.State), Problem: deref(s.Problem), Detail: deref(s.Detail),
			})
		}
		out.Check = c
	}
	for _, e := range failures {
		out.Errors = append(out.Errors, health.Error{Kind: health.ErrorKind(e.Kind), Text: e.Text})
	}
	return out
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// readiness lists everybody of the floor.
func (r *Resolver) readiness(ctx context.Context) ([]*model.OperatorReadiness, error) {
	s, err := r.picture(ctx)
	if err != nil {
		return nil, err
	}
	l, all := r.lens(ctx), s.Operators
	out := make([]*model.OperatorReadiness, len(all))
	for i := range all {
		out[i] = l.readiness(&all[i])
	}
	return out, nil
}

// followReadiness sends everybody as they change.
func (r *Resolver) followReadiness(ctx context.Context, out chan<- model.ReadinessFeedItem) error {
	epoch := ""
	tell := func(l *lens, o *calls.Operator) error {
		if o.Gone {
			return send[model.ReadinessFeedItem](ctx, out, model.ReadinessRemoved{ID: o.ID, Cursor: cursorOf(epoch, o.Version)})
		}
		return send[model.ReadinessFeedItem](ctx, out, model.ReadinessChanged{Readiness: l.readiness(o), Cursor: cursorOf(epoch, o.Version)})
	}
	return follow(ctx, r.core.Board, func(s calls.Snapshot) error {
		epoch = s.Epoch
		l := r.lens(ctx)
		for i := range s.Operators {
			if err := tell(l, &s.Operators[i]); err != nil {
				return err
			}
		}
		return send[model.ReadinessFeedItem](ctx, out, model.Synced{Cursor: cursorOf(s.Epoch, s.Seq), At: r.core.Now()})
	}, func(cs []calls.Change) error {
		l := r.lens(ctx)
		for _, c := range cs {
			if c.Operator == nil {
				continue
			}
			if err := tell(l, c.Operator); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *lens) readiness(o *calls.Operator) *model.OperatorReadiness {
	m := &model.OperatorReadiness{
		ID: o.ID, Operator: l.operator(o), Readiness: model.Readiness(o.Readiness), Since: o.ReadySince, Desk: o.Desk,
		Version: int(o.Version), //nolint:gosec // see calls.VersionBaseAt
	}
	if h := o.Health; h != nil {
		m.Health = healthModel(h)
	}
	return m
}

func healthModel(h *health.Record) *model.PhoneHealth {
	m := &model.PhoneHealth{At: h.At, Steps: []*model.PhoneStep{}, Troubles: steps(h.Troubles()), Errors: make([]*model.PhoneError, len(h.Errors))}
	if c := h.Check; c != nil {
		m.CheckedAt, m.Browser, m.Platform, m.Microphone, m.Speaker = &c.At, c.Browser, c.Platform, c.Microphone, c.Speaker
		m.Steps = steps(c.Steps)
	}
	for i, e := range h.Errors {
		m.Errors[i] = &model.PhoneError{At: e.At, Kind: model.PhoneErrorKind(e.Kind), Text: e.Text}
	}
	return m
}

func steps(all []health.Step) []*model.PhoneStep {
	out := make([]*model.PhoneStep, len(all))
	for i, s := range all {
		out[i] = &model.PhoneStep{
			Name: model.PhoneStepName(s.Name), State: model.PhoneStepState(s.State), Problem: s.Problem, Detail: s.Detail, Since: s.Since,
		}
	}
	return out
}
