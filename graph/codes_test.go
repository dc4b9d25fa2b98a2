package graph

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/graph/generated"
	"github.com/pult-cc/pult/graph/model"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/telephony"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

func scopeOf(s string) model.CallScope { return model.CallScope(s) }

// The core's constants travel as they are: each must be a value of the schema's enumeration.
func TestCoreConstantsAreInTheSchema(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	check := func(enum string, values ...string) {
		t.Helper()
		for _, v := range values {
			if !slices.ContainsFunc(schema.Types[enum].EnumValues, func(e *ast.EnumValueDefinition) bool { return e.Name == v }) {
				t.Errorf("%s has no %s", enum, v)
			}
		}
	}
	check("CallState", texts(calls.StateNew, calls.StateQueued, calls.StateOffered, calls.StateRinging, calls.StateTalking, calls.StateHeld,
		calls.StateRescuing, calls.StateWrapUp, calls.StateEnded)...)
	check("CallDirection", texts(calls.Inbound, calls.Outbound)...)
	check("LegRole", texts(calls.RoleCustomer, calls.RoleOperator)...)
	check("LegState", texts(telephony.LegDown, telephony.LegRinging, telephony.LegUp)...)
	check("RouteKind", texts(calls.RouteEntered, calls.RouteQueued, calls.RouteOffered, calls.RouteDeclined, calls.RouteNoAnswer,
		calls.RouteUnreachable, calls.RouteAnswered, calls.RouteLost, calls.RouteReturned, calls.RouteTaken)...)
	check("CallResult", texts(calls.ResultAnswered, calls.ResultAbandoned, calls.ResultNoAnswer, calls.ResultBusy, calls.ResultRejected,
		calls.ResultFailed, calls.ResultCancelled)...)
	check("EndedBy", texts(calls.ByCustomer, calls.ByOperator, calls.BySystem)...)
	check("Presence", texts(calls.PresenceReady, calls.PresenceOffered, calls.PresenceTalking, calls.PresenceHeld, calls.PresenceWrapUp,
		calls.PresencePaused, calls.PresenceOffline)...)
	check("Availability", texts(queues.Ready, queues.Paused, queues.Offline)...)
	check("NoticeKind", texts(calls.NoticePhoneTakenOver, calls.NoticePhoneLost, calls.NoticeConnectorTrouble, calls.NoticePBXDown,
		calls.NoticePBXUp, calls.NoticeMissedOffer)...)
	check("MatchState", texts(customers.MatchPending, customers.MatchFound, customers.MatchMany, customers.MatchNone, customers.MatchFailed,
		customers.MatchSkipped)...)
	check("MatchReason", texts(customers.ReasonRemembered, customers.ReasonExact, customers.ReasonExtension, customers.ReasonSuffix)...)
	check("NumberKind", texts(customers.NumberPublic, customers.NumberInternal, customers.NumberAnonymous)...)
	check("CustomerKind", texts(connectors.KindPerson, connectors.KindCompany, connectors.KindLead)...)
	check("Channel", texts(interactions.ChannelCall, interactions.ChannelChat, interactions.ChannelMail, interactions.ChannelNote)...)
	check("Role", texts(auth.RoleOperator, auth.RoleSupervisor, auth.RoleAdmin)...)
}

func texts[T ~string](vs ...T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}
