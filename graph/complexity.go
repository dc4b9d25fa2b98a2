package graph

import (
	"time"

	"github.com/pult-cc/pult/graph/generated"
	"github.com/pult-cc/pult/graph/model"
)

// Lengths that lists are counted by where nobody says how long they are.
const (
	manyCalls  = 25
	manyPeople = 50
	manyQueues = 10
	manyWeeks  = 50
	few        = 5
)

// complexityOf counts what an operation costs: a field 1, a list its elements as often as it may have them.
func complexityOf() generated.ComplexityRoot {
	var c generated.ComplexityRoot
	list := func(n int) func(int) int { return func(child int) int { return 1 + n*child } }
	page := func(first *int, child int) int {
		n, err := pageSize(first)
		if err != nil {
			n = maxPage
		}
		return 5 + n*child // a statement of the database
	}
	c.Query.Calls = func(child int, _ []model.CallState, _ *string, _ *string) int { return 1 + manyCalls*child }
	c.Query.Queues = list(manyQueues)
	c.Query.Operators = list(manyPeople)
	c.Query.Readiness = list(manyPeople)
	c.PhoneHealth.Steps = list(manyQueues)
	c.PhoneHealth.Troubles = list(few)
	c.PhoneHealth.Errors = list(manyQueues)
	c.Query.Topics = list(manyPeople)
	c.Query.PauseReasons = list(manyQueues)
	c.Query.Tags = func(child int, _ *string) int { return 5 + maxTagsShown*child }
	c.Query.Customers = func(child int, _ string, first *int) int { return page(first, child) }
	c.Query.MatchCaller = func(child int, _ string) int { return 50 + child } // asks the customer systems
	c.Query.Interactions = func(child int, _ *model.InteractionFilter, first *int, _ *string) int { return page(first, child) }
	c.Query.Outbox = func(child int, _ *model.OutboxFilter, first *int, _ *string) int { return page(first, child) }
	c.Query.OutboxConnectors = list(manyQueues)
	c.Customer.History = func(child int, first *int, _ *string) int { return page(first, child) }
	c.Customer.Numbers = list(few)
	asked := func(child int, first *int) int { return 50 + page(first, child) } // asks a customer system
	c.Customer.Related, c.Customer.Contacts = asked, asked
	c.Query.LinkRate = func(child int, _ *time.Time) int { return 100 + child } // counts the whole history
	c.LinkRate.Weeks = list(manyWeeks)
	c.LinkWeek.Queues = list(manyQueues)
	c.Query.UnlinkedCalls = func(child int, _ *model.UnlinkedFilter, first *int, _ *string) int { return 100 + page(first, child) }
	c.Match.Candidates = list(few)
	c.Candidate.Also = list(few)
	c.Candidate.Same = list(few)
	c.Call.Route = list(few)
	c.Call.Legs = list(3)
	c.Operator.Queues = list(few)
	c.Interaction.Tags = list(few)
	c.Viewer.Demo = func(child int) int { return 1 + child }
	c.Demo.Callers = list(manyQueues)
	c.SystemStatus.Parts = list(manyQueues)
	c.Query.Connectors = list(manyQueues)
	c.Query.ConnectorKinds = list(manyQueues)
	c.ConnectorKind.Presets = list(manyQueues)
	c.Mutation.TestConnector = func(child int, _ model.TestConnectorInput) int { return 50 + child }
	c.Mutation.TryConnector = func(child int, _ model.TryConnectorInput) int { return 50 + child }
	c.ConnectorTrial.Requests = list(manyQueues)
	c.TryConnectorPayload.Found = list(manyQueues)
	c.ExaminedRecord.Phones = list(few)
	c.ExaminedPhone.Numbers = list(few)
	return c
}
