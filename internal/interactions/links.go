package interactions

import (
	"time"

	"github.com/pult-cc/pult/internal/customers"
)

// Week is a week from Monday to Sunday, UTC: how many have passed since the one that began on 29 December 1969.
type Week int

// WeekOf returns the week of a moment.
func WeekOf(t time.Time) Week {
	days := t.Unix() / 86400
	if t.Unix()%86400 < 0 {
		days--
	}
	return Week((days + 3) / 7)
}

// Begin is the Monday with which the week begins.
func (w Week) Begin() time.Time { return time.Unix((int64(w)*7-3)*86400, 0).UTC() }

// LinkCount says how many calls of a week and a queue are linked to a customer, and how.
type LinkCount struct {
	Week       Week
	QueueID    string // "" for calls that came through no queue
	Calls      int
	Resolvable int // whose number is neither withheld nor internal
	BySystem   int // of the resolvable: the ranking was certain
	ByPerson   int // of the resolvable: somebody chose, for this call or for an earlier one with the number
}

// Linked is how many of the resolvable have a customer.
func (c LinkCount) Linked() int { return c.BySystem + c.ByPerson }

// Add sums up.
func (c LinkCount) Add(o LinkCount) LinkCount {
	c.Calls += o.Calls
	c.Resolvable += o.Resolvable
	c.BySystem += o.BySystem
	c.ByPerson += o.ByPerson
	return c
}

// Link is how a call came to its customer, for counting. The figures are in the database: they keep their meaning.
type Link int

// The links.
const (
	LinkOut    Link = 0 // not counted: no call, or a number that nobody could know
	LinkNone   Link = 1
	LinkSystem Link = 2
	LinkPerson Link = 3
)

// Link tells how the interaction is linked.
func (in *Interaction) Link() Link {
	switch {
	case in.Channel != ChannelCall || in.Number.Kind != customers.NumberPublic:
		return LinkOut
	case in.CustomerID == "":
		return LinkNone
	case in.LinkedBy == "":
		return LinkSystem
	}
	return LinkPerson
}

// UnlinkedOrder is how a list of unlinked numbers is ordered.
type UnlinkedOrder string

// The orders, each with the first that somebody should look at in front.
const (
	UnlinkedByCalls  UnlinkedOrder = "CALLS" // most calls first
	UnlinkedByRecent UnlinkedOrder = "RECENT"
)

// UnlinkedFilter selects unlinked numbers.
type UnlinkedFilter struct {
	Since   time.Time // calls from then on
	QueueID string    // "" for all
	Order   UnlinkedOrder
}

// UnlinkedNumber is a number whose calls have no customer.
type UnlinkedNumber struct {
	Number customers.Number
	Calls  int
	Last   Interaction // the latest of them
}

// UnlinkedPage is a part of a list of unlinked numbers.
type UnlinkedPage struct {
	Items   []UnlinkedNumber
	Cursors []string // of the items, one each
	Next    string   // "" at the end
}
