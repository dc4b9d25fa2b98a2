package graph

import (
	"context"
	"slices"

	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony/calls"
)

// This file is the one place that says who may do what. Everything else asks it.

// access is what a root field asks of the viewer.
type access int

const (
	anybody       access = iota + 1 // also who is not signed in
	signedIn                        // any role
	onDemo                          // any role, in a demo only
	supervising                     // supervisors and admins
	administering                   // admins
)

// fieldAccess holds every root field of the schema; one that is missing here is refused.
var fieldAccess = map[string]access{
	"Query.viewer": anybody, "Query.system": signedIn,
	"Query.call": signedIn, "Query.calls": signedIn, "Query.queues": signedIn, "Query.queue": signedIn,
	"Query.operators": signedIn, "Query.pauseReasons": signedIn,
	"Query.readiness": supervising,
	"Query.customer":  signedIn, "Query.customers": signedIn, "Query.matchCaller": signedIn,
	"Query.interactions": signedIn, "Query.interaction": signedIn, "Query.topics": signedIn, "Query.tags": signedIn,
	"Query.noteLimits": signedIn,
	"Query.linkRate":   supervising, "Query.unlinkedCalls": supervising, "Query.phoneIndexes": supervising, "Query.contactSystems": signedIn,
	"Query.outbox": administering, "Query.outboxConnectors": administering,

	"Query.connectors": administering, "Query.connectorKinds": administering,

	"Mutation.signIn": anybody, "Mutation.signOut": anybody, "Mutation.setPreferences": signedIn,
	"Mutation.startPhone": signedIn, "Mutation.stopPhone": signedIn, "Mutation.setAvailability": signedIn,
	"Mutation.dial": signedIn, "Mutation.answer": signedIn, "Mutation.decline": signedIn, "Mutation.hangUp": signedIn,
	"Mutation.hold": signedIn, "Mutation.resume": signedIn, "Mutation.setMuted": signedIn, "Mutation.sendDigits": signedIn,
	"Mutation.transfer": signedIn, "Mutation.consult": signedIn, "Mutation.swapConsult": signedIn, "Mutation.mergeConsult": signedIn,
	"Mutation.completeConsult": signedIn, "Mutation.cancelConsult": signedIn, "Mutation.muteParty": signedIn, "Mutation.dropParty": signedIn,
	"Mutation.parkCall": signedIn, "Mutation.beatPhone": signedIn, "Mutation.reportPhoneHealth": signedIn, "Mutation.takeCall": signedIn, "Mutation.wrapUp": signedIn, "Mutation.demoCall": onDemo,
	"Mutation.linkCustomer": signedIn, "Mutation.unlinkCustomer": signedIn, "Mutation.retryMatch": signedIn,
	"Mutation.linkNumber": supervising, "Mutation.unlinkNumber": supervising,
	"Mutation.linkInteraction": signedIn, "Mutation.createCustomer": signedIn,
	"Mutation.setTopic": signedIn, "Mutation.tagInteraction": signedIn, "Mutation.commentInteraction": signedIn,

	"Mutation.setOperatorDevice": supervising, "Mutation.issueDeskPhone": administering,
	"Mutation.upsertConnector": administering, "Mutation.deleteConnector": administering, "Mutation.switchConnector": administering,
	"Mutation.testConnector": administering, "Mutation.tryConnector": administering,
	"Mutation.retryOutboxEntry": administering, "Mutation.editOutboxEntry": administering, "Mutation.discardOutboxEntry": administering,
	"Mutation.replayOutbox": administering,

	"Subscription.callFeed": signedIn, "Subscription.queueFeed": signedIn, "Subscription.operatorFeed": signedIn,
	"Subscription.interactionFeed": signedIn, "Subscription.notices": signedIn,
	"Subscription.readinessFeed": supervising,
}

// admit tells whether a root field may be asked at all.
func admit(ctx context.Context, field string, demo bool) error {
	const op = "checking access"
	switch fieldAccess[field] {
	case anybody:
		return nil
	case signedIn, onDemo, supervising, administering:
		v, ok := viewerOf(ctx)
		switch {
		case !ok:
			return errs.E(errs.Unauthenticated, op, "sign in first")
		case fieldAccess[field] == onDemo && !demo:
			return errs.E(errs.Forbidden, op, "this is no demo")
		case fieldAccess[field] == supervising && !v.supervises():
			return errs.E(errs.Forbidden, op, "this is for supervisors")
		case fieldAccess[field] == administering && !v.User.Role.Includes(auth.RoleAdmin):
			return errs.E(errs.Forbidden, op, "this is for administrators")
		}
		return nil
	}
	return errs.E(errs.Forbidden, op, "not permitted")
}

// viewer is who asks.
type viewer struct {
	auth.Principal
}

type viewerKey struct{}

// withViewer returns a context in which the principal asks.
func withViewer(ctx context.Context, p auth.Principal) context.Context {
	return context.WithValue(ctx, viewerKey{}, viewer{p})
}

func viewerOf(ctx context.Context) (viewer, bool) {
	v, ok := ctx.Value(viewerKey{}).(viewer)
	return v, ok
}

// mustViewer is for resolvers of fields that admit requires a viewer for.
func mustViewer(ctx context.Context) (viewer, error) {
	v, ok := viewerOf(ctx)
	if !ok {
		return viewer{}, errs.E(errs.Unauthenticated, "checking access", "sign in first")
	}
	return v, nil
}

func (v viewer) id() string { return v.User.ID }

// supervises tells whether the viewer sees the whole floor.
func (v viewer) supervises() bool { return v.User.Role.Includes(auth.RoleSupervisor) }

func (v viewer) serves(queueID string) bool {
	return queueID != "" && slices.Contains(v.User.Queues, queueID)
}

// seesCall tells whether the call exists for the viewer.
func (v viewer) seesCall(c *calls.Call) bool {
	return v.supervises() || c.Involves(v.id()) || v.serves(c.QueueID) || c.Parking != nil
}

// inScope tells whether the call belongs into a feed of the scope.
func (v viewer) inScope(c *calls.Call, scope model.CallScope) bool {
	switch scope {
	case model.CallScopeMine:
		return c.Involves(v.id())
	case model.CallScopeQueues:
		return c.Involves(v.id()) || v.serves(c.QueueID) || c.Parking != nil
	case model.CallScopeAll:
		return v.supervises()
	}
	return false
}

// mayFollow tells whether the viewer may have a feed of the scope at all.
func (v viewer) mayFollow(scope model.CallScope) error {
	if scope == model.CallScopeAll && !v.supervises() {
		return errs.E(errs.Forbidden, "following calls", "all calls are for supervisors")
	}
	return nil
}

// foreignCommands are what a supervisor may do with a call of another; what touches the other's own phone is not among it.
var foreignCommands = map[calls.CommandKind]bool{
	calls.CmdHangUp: true, calls.CmdTake: true, calls.CmdExtendWrapUp: true, calls.CmdFinishWrapUp: true,
	calls.CmdLinkCustomer: true, calls.CmdUnlinkCustomer: true, calls.CmdRetryMatch: true,
}

// mayCommand tells whether the viewer may give the command to a call of the board. A call that does not exist for the viewer is
// errs.NotFound, another's is errs.Forbidden.
func (v viewer) mayCommand(c *calls.Call, kind calls.CommandKind) error {
	const op = "checking access"
	switch {
	case !v.seesCall(c):
		return errs.E(errs.NotFound, op, "there is no such call")
	case c.Involves(v.id()):
		return nil
	case kind == calls.CmdTake: // waiting calls are nobody's yet
		return nil
	case v.supervises() && foreignCommands[kind]:
		return nil
	}
	return errs.E(errs.Forbidden, op, "the call is another operator's")
}

// seesInteraction tells whether the interaction exists for the viewer.
func (v viewer) seesInteraction(in *interactions.Interaction) bool {
	return v.supervises() || in.OperatorID == v.id() || v.serves(in.QueueID)
}

// mayWrite tells whether the viewer may change the notes of the interaction.
func (v viewer) mayWrite(in *interactions.Interaction) error {
	const op = "checking access"
	switch {
	case !v.seesInteraction(in):
		return errs.E(errs.NotFound, op, "there is no such interaction")
	case v.supervises() || in.OperatorID == v.id():
		return nil
	}
	return errs.E(errs.Forbidden, op, "the interaction is another operator's")
}

// mayCreate tells whether the viewer may create a customer: supervisors may, an operator for a call that is theirs, which they could
// link; c is nil for one that is not led any more, and in its record then.
func (v viewer) mayCreate(c *calls.Call, in *interactions.Interaction) error {
	switch {
	case c != nil:
		return v.mayCommand(c, calls.CmdLinkCustomer)
	case in != nil:
		return v.mayWrite(in)
	case v.supervises():
		return nil
	}
	return errs.E(errs.Forbidden, "checking access", "create the customer from a call")
}

// restrict narrows a filter to what exists for the viewer.
func (v viewer) restrict(f interactions.Filter) interactions.Filter {
	if !v.supervises() {
		f.OwnOperator = v.id()
		f.Queues = append([]string{}, v.User.Queues...)
	}
	return f
}

// seesNotice tells whether a notice is for the viewer.
func (v viewer) seesNotice(n *calls.Notice) bool { return n.OperatorID == "" || n.OperatorID == v.id() }
