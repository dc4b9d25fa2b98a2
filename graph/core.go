// Package graph is the GraphQL edge. It translates between the schema and the core, and says who may do what; it decides nothing
// else. Of the core it knows the interfaces of Core, and nothing of databases, drivers, Redis or Vault.
package graph

import (
	"context"
	"log/slog"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/workbench"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/phones"
	"github.com/pult-cc/pult/telephony/queues"
)

// Core is what the edge stands on. Every field is required but Demo. All methods are called concurrently.
type Core struct {
	Auth       Auth
	Floor      Floor
	Board      Board
	Customers  Customers
	History    History
	Phones     Phones
	Reasons    Reasons
	Health     Health
	Links      Links
	Indexes    func() []PhoneIndex // of the connectors that are mirrored
	Connectors Connectors
	Outbox     Outbox
	Demo       *Demo
	Phone      PhoneOptions
	Version    string
	Now        func() time.Time
	Log        *slog.Logger
}

func (c Core) check() error {
	const op = "setting up the GraphQL edge"
	for name, missing := range map[string]bool{
		"Auth": c.Auth == nil, "Floor": c.Floor == nil, "Board": c.Board == nil, "Customers": c.Customers == nil,
		"History": c.History == nil, "Phones": c.Phones == nil, "Reasons": c.Reasons == nil, "Health": c.Health == nil,
		"Links": c.Links == nil, "Indexes": c.Indexes == nil,
		"Connectors": c.Connectors == nil, "Outbox": c.Outbox == nil,
		"Now": c.Now == nil, "Log": c.Log == nil,
	} {
		if missing {
			return errs.E(errs.Internal, op, "Core."+name+" is missing")
		}
	}
	return nil
}

// Auth knows who people are; *auth.Service implements it.
type Auth interface {
	SignIn(ctx context.Context, c auth.Credentials) (token string, p auth.Principal, err error)
	SignOut(ctx context.Context, token string) error
	Authenticate(ctx context.Context, token string) (auth.Principal, error)
	Watch(tokenHash string) (ended <-chan struct{}, release func())
	SetPreferences(ctx context.Context, userID string, language, theme *string) (auth.User, error)
}

// Floor takes commands; *calls.Service implements it.
type Floor interface {
	Do(ctx context.Context, cmd calls.Command) (calls.Reply, error)
}

// Board is the live picture, in memory. FromBoard makes one of a *calls.Board.
type Board interface {
	Call(id calls.ID) (calls.Call, bool)
	Operator(id string) (calls.Operator, bool)
	Queue(id string) (calls.Queue, bool)
	Snapshot() calls.Snapshot
	// Confirmed waits until what is shown may be believed; see calls.Board.
	Confirmed(ctx context.Context) error
	// Follow starts to follow the board.
	Follow() Follower
}

// Follower delivers the picture, once it is confirmed, and changes of the board; see calls.Watch.
type Follower interface {
	Next(ctx context.Context) ([]calls.Change, error)
	Picture(ctx context.Context) (calls.Snapshot, error)
	Close()
}

// FromBoard adapts the core's board.
func FromBoard(b *calls.Board) Board { return board{b} }

type board struct{ *calls.Board }

func (b board) Follow() Follower { return b.Watch() }

// Customers finds customers.
type Customers interface {
	// Customer returns one by id; an unknown one is errs.NotFound.
	Customer(ctx context.Context, id customers.ID) (customers.Customer, error)
	// Search finds customers by words of a name or company, or digits of a number; at most limit.
	Search(ctx context.Context, text string, limit int) ([]customers.Customer, error)
	// MatchNumber answers who has the number, as typed, and waits for the customer systems.
	MatchNumber(ctx context.Context, number string) (customers.Match, error)
	// Creating lists the systems in which customers can be created.
	Creating() []customers.System
	// Related and Contacts ask the customer's own system, and wait for it.
	Related(ctx context.Context, id customers.ID, limit int) ([]connectors.Item, error)
	Contacts(ctx context.Context, id customers.ID, limit int) ([]connectors.Contact, error)
}

// Links says who is whose; *linking.Service implements it.
type Links interface {
	LinkNumber(ctx context.Context, operatorID, number string, id customers.ID) (customers.Linked, error)
	UnlinkNumber(ctx context.Context, operatorID, number string, id customers.ID) (int, error)
	LinkInteraction(ctx context.Context, operatorID, id string, customer customers.ID) (interactions.Interaction, error)
	// Create makes a customer; callID, which may be empty, is the call to be linked to them.
	Create(ctx context.Context, operatorID, callID string, w customers.NewCustomer) (customers.Created, int, error)
}

// PhoneIndex is how the copy of a customer system is doing.
type PhoneIndex struct {
	ID, Name         string
	Numbers, Records int
	CompleteAt       time.Time // zero: not read to the end yet
	Reading          bool
	Problem          string // fit to show
}

// History is the timeline of interactions.
type History interface {
	Get(ctx context.Context, id string) (interactions.Interaction, error)
	GetMany(ctx context.Context, ids []string) ([]interactions.Interaction, error)
	List(ctx context.Context, f interactions.Filter, limit int, after string) (interactions.Page, error)
	LinkCounts(ctx context.Context, since interactions.Week) ([]interactions.LinkCount, error)
	Unlinked(ctx context.Context, f interactions.UnlinkedFilter, limit int, after string) (interactions.UnlinkedPage, error)
	// SetNotes changes notes and tells those who Follow; live: the call is on the board, so its record may be a moment late.
	SetNotes(ctx context.Context, id string, change interactions.NotesChange, live bool) (interactions.Interaction, error)
	Topics(ctx context.Context) ([]interactions.Topic, error)
	Tags(ctx context.Context, prefix string, limit int) ([]string, error)
	// Follow returns a channel of new and changed interactions of the customer; it is closed when ctx ends. A reader that is too
	// slow may miss older versions of an interaction, never the newest.
	Follow(ctx context.Context, customer customers.ID) (<-chan interactions.Interaction, error)
}

// Phones starts and stops phone sessions and keeps the accounts of desk phones; *phones.Service implements it.
type Phones interface {
	Start(ctx context.Context, r phones.Request) (phones.Session, error)
	Stop(ctx context.Context, operatorID, clientID string) error
	// Leave is for a window whose person signs out.
	Leave(ctx context.Context, operatorID, clientID string) error
	// SetDevice chooses between the page and a desk phone.
	SetDevice(ctx context.Context, operatorID string, desk bool) error
	// IssueDesk makes a new password for the operator's desk phone.
	IssueDesk(ctx context.Context, operatorID string) (phones.DeskAccount, error)
}

// Reasons lists why operators take no calls; queues.Directory implements it.
type Reasons interface {
	PauseReasons(ctx context.Context) ([]queues.PauseReason, error)
}

// Health tells how the parts are; *obs.Health implements it.
type Health interface {
	Parts() (parts []obs.PartState, ready bool)
}

// Connectors configures and tries customer systems; *workbench.Service implements it.
type Connectors interface {
	Kinds() []connectors.Factory
	List(ctx context.Context) ([]workbench.Connector, error)
	Save(ctx context.Context, d workbench.Draft, userID string) (workbench.Connector, error)
	Switch(ctx context.Context, id string, disabled bool, version int64, userID string) (workbench.Connector, error)
	Delete(ctx context.Context, id string, version int64, userID string) error
	Test(ctx context.Context, s workbench.Subject) (workbench.Tested, error)
	Try(ctx context.Context, s workbench.Subject, number string) (workbench.Tried, error)
}

// Demo is set where Pult runs as a demo.
type Demo struct {
	Simulated bool // no real PBX: calls are silent
	// Unknown is the number of a caller whom no customer system knows.
	Unknown customers.Number
	// Callers lists the customers of the demo base that can call.
	Callers func(ctx context.Context) ([]DemoCaller, error)
}

// DemoCaller is a customer of the demo base that can call.
type DemoCaller struct {
	Name    string
	Company string
	Number  customers.Number
}

// PhoneOptions are what phones are told beside their session.
type PhoneOptions struct {
	ICEServers      []ICEServer
	RegisterExpires time.Duration // how often phones renew their registration; 0 = 2 min
	LongHold        time.Duration // how long a customer may be on hold before the page warns
	DeadAir         time.Duration // how long nobody may speak before the page warns
}

// ICEServer is a STUN or TURN server (W3C RTCIceServer).
type ICEServer struct {
	URLs       []string
	Username   string
	Credential string
}
