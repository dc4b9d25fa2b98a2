package graph

import (
	"context"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// A lens turns values of the core into those of the schema, for one response. What a value refers to (queues, operators, topics) it
// takes from memory, each once.
type lens struct {
	ctx       context.Context //nolint:containedctx // lives as long as one response
	r         *Resolver
	now       time.Time
	queues    map[string]*model.Queue
	operators map[string]*model.Operator
}

func (r *Resolver) lens(ctx context.Context) *lens {
	return &lens{ctx: ctx, r: r, now: r.core.Now(), queues: map[string]*model.Queue{}, operators: map[string]*model.Operator{}}
}

// opt returns nil for a zero value.
func opt[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func (l *lens) call(c *calls.Call, notes *interactions.Notes) *model.Call {
	m := &model.Call{
		ID: string(c.ID), Version: int(c.Version), Direction: model.CallDirection(c.Direction), State: model.CallState(c.State), //nolint:gosec // see calls.VersionBaseAt
		Since: c.Since, StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, Queue: l.queueByID(c.QueueID), Operator: l.operatorByID(c.OperatorID),
		From: party(c.From), To: party(c.To), Held: c.Held(), Muted: c.Muted, AnswerRequested: c.AnswerRequested,
		Waited: c.Waited(l.now), Attempts: c.Attempts, Position: opt(c.Position), Match: l.match(&c.Match),
		Interaction: l.interactionOfCall(c, notes), WrapUpUntil: c.WrapUpUntil, OfferUntil: c.OfferUntil,
		Quality: qualityModel(c.Quality, c.End != nil),
	}
	m.Customer = m.Match.Chosen
	legs := c.Legs()
	m.Legs = make([]*model.Leg, len(legs))
	for i, leg := range legs {
		m.Legs[i] = &model.Leg{
			ID: string(leg.ID), Role: model.LegRole(leg.Role), State: model.LegState(leg.State),
			Muted: leg.Muted || leg.Role == calls.RoleOperator && c.Muted, Silent: leg.Silent,
		}
	}
	m.Route = make([]*model.RouteStep, len(c.Route))
	for i, s := range c.Route {
		m.Route[i] = &model.RouteStep{
			At: s.At, Kind: model.RouteKind(s.Kind), Operator: l.operatorByID(s.OperatorID), Queue: l.queueByID(s.QueueID), By: l.operatorByID(s.By),
		}
		if s.Number.E164 != "" {
			m.Route[i].Number = number(s.Number)
		}
	}
	if n := c.Consult; n != nil {
		m.Consult = &model.Consult{
			Operator: l.operatorByID(n.OperatorID), Party: party(n.Party), By: l.operatorByID(n.By), Since: n.Since,
			Reached: c.Reached(), Front: opt(model.ConsultSide(n.Front)), Blind: n.Blind,
		}
	}
	if p := c.Parking; p != nil {
		m.Parked = &model.Parking{By: l.operatorByID(p.By), Since: p.Since, Until: p.Until}
	}
	if c.End != nil {
		m.End = &model.CallEnd{At: c.End.At, Result: model.CallResult(c.End.Result), By: model.EndedBy(c.End.By), Cause: c.End.Cause}
	}
	return m
}

// interactionOfCall is the interaction of a live call: the call itself knows it better than the database, but for the notes.
func (l *lens) interactionOfCall(c *calls.Call, notes *interactions.Notes) *model.Interaction {
	in := &interactions.Interaction{
		ID: string(c.ID), Channel: interactions.ChannelCall, Direction: string(c.Direction), Number: c.CustomerNumber(),
		QueueID: c.QueueID, OperatorID: c.OperatorID, StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, Waited: c.Waited(l.now),
		Quality: c.Quality,
	}
	if c.Match.Chosen != nil {
		in.CustomerID, in.CustomerName = c.Match.Chosen.ID, c.Match.Chosen.Name
	}
	if c.End != nil {
		in.EndedAt, in.Result = &c.End.At, string(c.End.Result)
	}
	if notes != nil {
		in.Notes = *notes
	}
	return l.interaction(in)
}

func (l *lens) interaction(in *interactions.Interaction) *model.Interaction {
	m := &model.Interaction{
		ID: in.ID, Channel: model.Channel(in.Channel), Direction: model.CallDirection(in.Direction), StartedAt: in.StartedAt,
		EndedAt: in.EndedAt, Waited: in.Waited, Result: opt(model.CallResult(in.Result)), Number: number(in.Number),
		Queue: l.queueByID(in.QueueID), Operator: l.operatorByID(in.OperatorID), CustomerName: in.CustomerName, CustomerID: opt(string(in.CustomerID)),
		Topic: l.topicByID(in.Notes.TopicID), Tags: tags(in.Notes.Tags), Comment: in.Notes.Comment, CommentSavedAt: in.Notes.CommentAt,
		Quality: qualityModel(in.Quality, in.EndedAt != nil),
	}
	if in.AnsweredAt != nil {
		until := l.now
		if in.EndedAt != nil {
			until = *in.EndedAt
		}
		talked := max(until.Sub(*in.AnsweredAt), 0)
		m.Talked = &talked
	}
	return m
}

// endedCall is what is left of a call in its interaction, for those who still hold its id.
func (l *lens) endedCall(in *interactions.Interaction) *model.Call {
	c := &calls.Call{
		ID: calls.ID(in.ID), Direction: calls.Direction(in.Direction), State: calls.StateEnded, Since: in.StartedAt, StartedAt: in.StartedAt,
		AnsweredAt: in.AnsweredAt, QueueID: in.QueueID, OperatorID: in.OperatorID, Match: customers.Match{State: customers.MatchSkipped},
		Quality: in.Quality,
	}
	if far := (calls.Party{Number: in.Number}); c.Direction == calls.Outbound {
		c.To = far
	} else {
		c.From = far
	}
	if in.EndedAt != nil {
		c.Since = *in.EndedAt
		c.End = &calls.End{At: *in.EndedAt, Result: calls.Result(in.Result), By: calls.BySystem}
	}
	m := l.call(c, &in.Notes)
	m.Interaction = l.interaction(in)
	return m
}

func (l *lens) queueByID(id string) *model.Queue {
	if id == "" {
		return nil
	}
	m, seen := l.queues[id]
	if !seen {
		if q, ok := l.r.core.Board.Queue(id); ok {
			m = queueModel(&q)
		}
		l.queues[id] = m
	}
	return m
}

func queueModel(q *calls.Queue) *model.Queue {
	return &model.Queue{
		ID: q.ID, Key: q.Key, Name: q.Name, Waiting: q.Waiting, OldestSince: q.OldestSince, Ready: q.Ready, Talking: q.Talking,
		Operators: q.Operators, RingTone: q.Tone, AutoAnswer: q.AutoAnswer, Version: int(q.Version), //nolint:gosec // see calls.VersionBaseAt
	}
}

func (l *lens) operatorByID(id string) *model.Operator {
	if id == "" {
		return nil
	}
	m, seen := l.operators[id]
	if !seen {
		if o, ok := l.r.core.Board.Operator(id); ok {
			m = l.operator(&o)
		}
		l.operators[id] = m
	}
	return m
}

func (l *lens) operator(o *calls.Operator) *model.Operator {
	m := &model.Operator{
		ID: o.ID, Login: o.Login, Name: o.Name, Availability: model.Availability(o.Availability), Presence: model.Presence(o.Presence),
		Since: o.Since, PauseReason: l.reasonByKey(o.PauseReason), PhoneOnline: o.PhoneOnline, Device: device(o.Desk),
		Queues: make([]*model.Queue, 0, len(o.Queues)), Version: int(o.Version), //nolint:gosec // see calls.VersionBaseAt
	}
	for _, id := range o.Queues {
		if q := l.queueByID(id); q != nil {
			m.Queues = append(m.Queues, q)
		}
	}
	return m
}

func device(desk bool) model.OperatorDevice {
	if desk {
		return model.OperatorDeviceDesk
	}
	return model.OperatorDeviceWeb
}

func (l *lens) reasonByKey(key string) *model.PauseReason {
	if key == "" {
		return nil
	}
	// Without the directory the key still says more than nothing.
	if set, err := l.r.pauseReasons(l.ctx); err == nil {
		if p, ok := set.byKey[key]; ok {
			return reasonModel(&p)
		}
	}
	return &model.PauseReason{ID: key, Key: key, Name: key}
}

func reasonModel(p *queues.PauseReason) *model.PauseReason {
	return &model.PauseReason{ID: p.ID, Key: p.Key, Name: p.Name, System: p.System}
}

func (l *lens) topicByID(id string) *model.Topic {
	if id == "" {
		return nil
	}
	if set, err := l.r.topicSet(l.ctx); err == nil {
		if t, ok := set.byID[id]; ok {
			return topicModel(&t)
		}
	}
	return &model.Topic{ID: id, Name: id}
}

func topicModel(t *interactions.Topic) *model.Topic {
	return &model.Topic{ID: t.ID, Name: t.Name, Group: t.Group}
}

func (l *lens) match(c *customers.Match) *model.Match {
	m := &model.Match{
		State: model.MatchState(c.State), Candidates: make([]*model.Candidate, len(c.Candidates)), FailingSince: c.FailingSince,
		Problem: c.Problem, Asked: append([]string{}, c.Asked...),
	}
	if c.State == "" {
		m.State = model.MatchStateSkipped
	}
	for i := range c.Candidates {
		m.Candidates[i] = l.candidate(&c.Candidates[i])
	}
	if c.Chosen != nil {
		m.Chosen = customerModel(c.Chosen)
		by := model.ChosenByRule
		if c.ChosenBy != "" {
			by = model.ChosenByPerson
			m.ChosenByOperator = l.operatorByID(c.ChosenBy)
		}
		m.ChosenBy = &by
	}
	return m
}

func (l *lens) candidate(c *customers.Candidate) *model.Candidate {
	m := &model.Candidate{
		Customer: customerModel(&c.Customer), Why: model.MatchReason(c.Why), Also: make([]model.MatchReason, len(c.Also)),
		Origin: model.MatchOrigin(c.Origin), Confidence: c.Confidence, Same: customerModels(c.Same),
	}
	if c.Origin == "" { // of a call that an earlier version of Pult looked up
		m.Origin = model.MatchOriginKept
	}
	for i, also := range c.Also {
		m.Also[i] = model.MatchReason(also)
	}
	if c.Number != nil {
		m.Number = &model.CustomerNumber{Number: number(c.Number.Number), Label: c.Number.Label}
	}
	if c.RefusedBy != "" {
		m.RefusedBy = l.operatorByID(c.RefusedBy)
	}
	return m
}

func customerModel(c *customers.Customer) *model.Customer {
	m := &model.Customer{
		ID: string(c.ID), Kind: model.CustomerKind(c.Kind), Name: c.Name, Company: c.Company, TaxID: c.TaxID,
		Numbers: make([]*model.CustomerNumber, len(c.Numbers)), Emails: append([]string{}, c.Emails...), Responsible: c.Owner,
		Open: c.Open, URL: c.URL, Source: c.Source, SourceName: c.SourceName, AsOf: c.AsOf,
	}
	if c.Kind == "" {
		m.Kind = model.CustomerKind(connectors.KindPerson)
	}
	for i, n := range c.Numbers {
		m.Numbers[i] = &model.CustomerNumber{Number: number(n.Number), Label: n.Label}
	}
	return m
}

func customerModels(cs []customers.Customer) []*model.Customer {
	out := make([]*model.Customer, len(cs))
	for i := range cs {
		out[i] = customerModel(&cs[i])
	}
	return out
}

func party(p calls.Party) *model.Party { return &model.Party{Number: number(p.Number), Name: p.Name} }

func number(n customers.Number) *model.PhoneNumber {
	m := &model.PhoneNumber{E164: n.E164, Display: n.Display, Kind: model.NumberKind(n.Kind)}
	if n.Kind == "" {
		m.Kind = model.NumberKindPublic
		if n.E164 == "" {
			m.Kind = model.NumberKindAnonymous
		}
	}
	if m.Display == "" {
		m.Display = n.E164
	}
	return m
}

func tags(names []string) []*model.Tag {
	out := make([]*model.Tag, len(names))
	for i, n := range names {
		out[i] = &model.Tag{ID: n, Name: n}
	}
	return out
}

func noticeModel(n *calls.Notice) *model.Notice {
	return &model.Notice{
		ID: n.ID, At: n.At, Kind: model.NoticeKind(n.Kind), Text: n.Text, CallID: opt(string(n.CallID)), PhoneClientID: opt(n.PhoneClientID),
	}
}
