package graph

import (
	"context"
	"time"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/phones"
	"github.com/pult-cc/pult/telephony/queues"
)

// command gives a command for a call and answers with the call as it was taken: what the command does comes back through the feed.
func (r *Resolver) command(ctx context.Context, cmd calls.Command) (*model.CallPayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	c, err := r.order(ctx, v, cmd)
	if err != nil {
		return nil, err
	}
	m, err := r.callModel(ctx, c, step{"call", []string{"CallPayload"}})
	if err != nil {
		return nil, err
	}
	return &model.CallPayload{Call: m}, nil
}

// order checks access and has the floor carry the command out.
func (r *Resolver) order(ctx context.Context, v viewer, cmd calls.Command) (calls.Call, error) {
	c, onBoard := r.core.Board.Call(cmd.CallID)
	if onBoard {
		if err := v.mayCommand(&c, cmd.Kind); err != nil {
			return calls.Call{}, err
		}
	}
	// A call that the board does not have has ended, or is so new that only its owner's process has it: the floor knows and checks.
	cmd.OperatorID = v.id()
	cmd.Supervisor = v.supervises() && foreignCommands[cmd.Kind]
	reply, err := r.core.Floor.Do(ctx, cmd)
	switch {
	case err != nil:
		return calls.Call{}, err
	case reply.Call != nil:
		return *reply.Call, nil
	case onBoard:
		return c, nil
	}
	return calls.Call{}, errs.E(errs.Internal, "giving a command", "the floor answered without the call")
}

// third gives a command about somebody who is not in the call yet.
func (r *Resolver) third(ctx context.Context, kind calls.CommandKind, callID string, to *model.CallTarget) (*model.CallPayload, error) {
	target, err := targetOf(to)
	if err != nil {
		return nil, err
	}
	return r.command(ctx, calls.Command{Kind: kind, CallID: calls.ID(callID), To: target})
}

// targetOf refuses what is not exactly one target.
func targetOf(to *model.CallTarget) (*calls.Target, error) {
	t := &calls.Target{}
	given := 0
	for _, f := range []struct {
		in  *string
		out *string
	}{{to.OperatorID, &t.OperatorID}, {to.QueueID, &t.QueueID}, {to.Number, &t.Number}} {
		if f.in != nil && *f.in != "" {
			*f.out = *f.in
			given++
		}
	}
	if given != 1 {
		return nil, errs.Field("finding whom to call", "to", "give exactly one of operatorId, queueId and number")
	}
	return t, nil
}

func (r *Resolver) dial(ctx context.Context, input model.DialInput) (*model.CallPayload, error) {
	const op = "dialling"
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	cmd := calls.Command{Kind: calls.CmdDial, OperatorID: v.id(), Number: input.Number}
	if input.CustomerID != nil {
		cmd.CustomerID = customers.ID(*input.CustomerID)
	}
	reply, err := r.core.Floor.Do(ctx, cmd)
	if err != nil {
		return nil, err
	}
	if reply.Call == nil {
		return nil, errs.E(errs.Internal, op, "the floor answered without the call")
	}
	if cmd.CustomerID != "" {
		// The call goes on whether or not the choice could be noted.
		link := calls.Command{Kind: calls.CmdLinkCustomer, OperatorID: v.id(), CallID: reply.Call.ID, CustomerID: cmd.CustomerID}
		if linked, err := r.core.Floor.Do(ctx, link); err != nil {
			r.core.Log.Warn("linking the customer whose number was dialled", "error", err)
		} else if linked.Call != nil {
			reply = linked
		}
	}
	m, err := r.callModel(ctx, *reply.Call, step{"call", []string{"CallPayload"}})
	if err != nil {
		return nil, err
	}
	return &model.CallPayload{Call: m}, nil
}

func (r *Resolver) setAvailability(ctx context.Context, input model.SetAvailabilityInput) (*model.SetAvailabilityPayload, error) {
	const op = "setting availability"
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	cmd := calls.Command{Kind: calls.CmdSetAvailability, OperatorID: v.id(), Avail: queues.Availability(input.Availability)}
	if input.PauseReasonID != nil {
		if input.Availability != model.AvailabilityPaused {
			return nil, errs.Field(op, "pauseReasonId", "belongs to PAUSED only")
		}
		if cmd.Pause, err = r.pauseKey(ctx, *input.PauseReasonID); err != nil {
			return nil, err
		}
	}
	reply, err := r.core.Floor.Do(ctx, cmd)
	if err != nil {
		return nil, err
	}
	if reply.Operator == nil {
		return nil, errs.E(errs.Internal, op, "the floor answered without the operator")
	}
	return &model.SetAvailabilityPayload{Operator: r.lens(ctx).operator(reply.Operator)}, nil
}

func (r *Resolver) startPhone(ctx context.Context, input model.StartPhoneInput) (*model.StartPhonePayload, error) {
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	s, err := r.core.Phones.Start(ctx, phones.Request{
		OperatorID: v.id(), DisplayName: v.User.Name, ClientID: input.ClientID, Take: input.Take,
	})
	if err != nil {
		return nil, err
	}
	expires := r.core.Phone.RegisterExpires
	if expires <= 0 {
		expires = 2 * time.Minute
	}
	m := &model.PhoneSession{
		ID: s.ID, WsUrls: append([]string{}, s.URLs...), URI: "sip:" + s.Endpoint + "@" + s.Host, AuthorizationUser: s.Endpoint,
		Realm: s.Realm, Ha1: s.HA1, DisplayName: s.DisplayName, IceServers: []*model.IceServer{},
		RegisterExpires: int(expires / time.Second), Simulated: s.Simulated,
	}
	for _, i := range r.core.Phone.ICEServers {
		m.IceServers = append(m.IceServers, &model.IceServer{Urls: i.URLs, Username: opt(i.Username), Credential: opt(i.Credential)})
	}
	return &model.StartPhonePayload{Phone: m}, nil
}

func (r *Resolver) demoCall(ctx context.Context, input model.DemoCallInput) (*model.DemoCallPayload, error) {
	const op = "calling as a demo customer"
	v, err := mustViewer(ctx)
	if err != nil {
		return nil, err
	}
	cmd := calls.Command{Kind: calls.CmdDemoCall, OperatorID: v.id(), Number: r.core.Demo.Unknown.E164}
	if input.Number != nil {
		caller, err := r.demoCaller(ctx, *input.Number)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		cmd.Number, cmd.Name = caller.Number.E164, caller.Name
	}
	if cmd.Queue, err = r.demoQueue(input.Queue); err != nil {
		return nil, err
	}
	if _, err := r.core.Floor.Do(ctx, cmd); err != nil {
		return nil, err
	}
	return &model.DemoCallPayload{Ok: true}, nil
}

// demoQueue checks a queue key; nil is the first queue.
func (r *Resolver) demoQueue(key *string) (string, error) {
	const op = "calling as a demo customer"
	qs := r.core.Board.Snapshot().Queues
	for i := range qs {
		if key == nil || qs[i].Key == *key {
			return qs[i].Key, nil
		}
	}
	if key == nil {
		return "", errs.E(errs.Unavailable, op, "there is no queue yet")
	}
	return "", errs.Field(op, "queue", "there is no such queue")
}

func (r *Resolver) demoCaller(ctx context.Context, number string) (DemoCaller, error) {
	cs, err := r.core.Demo.Callers(ctx)
	if err != nil {
		return DemoCaller{}, err
	}
	for _, c := range cs {
		if c.Number.E164 == number {
			return c, nil
		}
	}
	return DemoCaller{}, errs.Field("finding demo customer", "number", "no customer of the demo has this number")
}
