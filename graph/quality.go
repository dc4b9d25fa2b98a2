package graph

import (
	"context"
	"math"
	"time"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/quality"
)

// reportPhoneHealth passes the parts of a report on.
func (r *Resolver) reportPhoneHealth(ctx context.Context, input model.PhoneHealthInput) (*model.PhoneHealthPayload, error) {
	const op = "reporting the phone's health"
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	if input.Quality == nil && input.Check == nil && len(input.Errors) == 0 {
		return nil, errs.Field(op, "quality", "nothing is reported")
	}
	if input.Check != nil || len(input.Errors) > 0 {
		cmd := calls.Command{Kind: calls.CmdReportHealth, OperatorID: v.id(), Health: healthReport(input.Check, input.Errors)}
		if _, err := r.core.Floor.Do(ctx, cmd); err != nil {
			return nil, err
		}
	}
	if input.Quality != nil {
		cmd := calls.Command{Kind: calls.CmdReportQuality, CallID: calls.ID(input.Quality.CallID), Quality: reportOf(input.Quality)}
		if _, err := r.order(ctx, v, cmd); err != nil {
			return nil, err
		}
	}
	return &model.PhoneHealthPayload{Ok: true}, nil
}

func reportOf(in *model.CallQualityInput) *quality.Report {
	out := &quality.Report{Windows: make([]quality.Window, len(in.Samples)), Notes: make([]quality.Note, len(in.Alerts))}
	for i, s := range in.Samples {
		w := quality.Window{At: s.At, Jitter: ofMillis(s.JitterMs), LossIn: s.LossIn, LossOut: s.LossOut}
		if s.Codec != nil {
			w.Codec = *s.Codec
		}
		if s.RoundTripMs != nil {
			trip := ofMillis(*s.RoundTripMs)
			w.RoundTrip = &trip
		}
		out.Windows[i] = w
	}
	for i, a := range in.Alerts {
		out.Notes[i] = quality.Note{Kind: quality.AlertKind(a.Kind), At: a.At, Over: a.Over}
	}
	return out
}

// ofMillis is a length of time; what does not fit is as long as can be, for the core to refuse.
func ofMillis(ms float64) time.Duration {
	if d := ms * float64(time.Millisecond); math.Abs(d) < math.MaxInt64 {
		return time.Duration(d)
	}
	return math.MaxInt64
}

// qualityModel shows a record: as it is now, or, of a call that is over, as it was.
func qualityModel(r *quality.Record, over bool) *model.CallQuality {
	if r == nil {
		return nil
	}
	m := &model.CallQuality{
		Alerting: r.Alerting(), Sides: []*model.SideQuality{}, Alerts: make([]*model.QualityAlert, len(r.Alerts)),
	}
	score := r.Now
	if over {
		score = r.Overall
	}
	if mos, ok := score(); ok {
		grade := model.QualityGrade(quality.GradeOf(mos))
		m.Mos, m.Grade = &mos, &grade
	}
	for _, l := range r.Legs {
		mos := l.MOS.Now
		if over {
			mos = l.MOS.Avg
		}
		m.Sides = append(m.Sides, &model.SideQuality{
			Side: model.QualitySide(l.Side), Grade: model.QualityGrade(quality.GradeOf(mos)), Codec: l.Codec, From: l.From, Until: l.Until,
			Mos: figure(l.MOS), JitterMs: figure(l.Jitter), LossIn: figure(l.LossIn), LossOut: figure(l.LossOut), RoundTripMs: figure(l.RoundTrip),
		})
	}
	for i, a := range r.Alerts {
		m.Alerts[i] = &model.QualityAlert{Kind: model.QualityAlertKind(a.Kind), Side: model.QualitySide(a.Side), From: a.From, Until: a.Until}
	}
	return m
}

// figure is nil where nothing was measured.
func figure(f quality.Figure) *model.QualityFigure {
	if f.N == 0 {
		return nil
	}
	return &model.QualityFigure{Now: f.Now, Average: f.Avg, Worst: f.Worst}
}

// alertSettings are those of the site.
func (r *Resolver) alertSettings() *model.AlertSettings {
	return &model.AlertSettings{LongHold: r.core.Phone.LongHold, DeadAir: r.core.Phone.DeadAir}
}
