// Package wire is what both sides of the plug-in protocol agree on: the handshake, how values of the port look in messages, and how
// errors travel.
package wire

import (
	"slices"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pult-cc/pult/connectors"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
)

// ProtocolVersion is the version of pult.connector that this Pult speaks.
const ProtocolVersion = 1

// Name is the name of the one plug-in in a set.
const Name = "connector"

// Handshake tells a plug-in that Pult started it; it is no secret.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{MagicCookieKey: "PULT_PLUGIN", MagicCookieValue: "pult.connector"}
}

// enum pairs the words of the port with numbers of the protocol.
type enum[W ~string, N ~int32] []word[W, N]

type word[W ~string, N ~int32] struct {
	word   W
	number N
}

func (e enum[W, N]) number(w W) N {
	i := slices.IndexFunc(e, func(p word[W, N]) bool { return p.word == w })
	if i < 0 {
		return 0
	}
	return e[i].number
}

func (e enum[W, N]) word(n N) W {
	i := slices.IndexFunc(e, func(p word[W, N]) bool { return p.number == n })
	if i < 0 {
		return ""
	}
	return e[i].word
}

var kinds = enum[connectors.Kind, pb.Kind]{
	{connectors.KindPerson, pb.Kind_KIND_PERSON}, {connectors.KindCompany, pb.Kind_KIND_COMPANY},
	{connectors.KindLead, pb.Kind_KIND_LEAD}, {connectors.KindPerson, pb.Kind_KIND_UNSPECIFIED},
}

var itemKinds = enum[connectors.ItemKind, pb.ItemKind]{
	{connectors.ItemDeal, pb.ItemKind_ITEM_KIND_DEAL}, {connectors.ItemTicket, pb.ItemKind_ITEM_KIND_TICKET},
	{connectors.ItemOrder, pb.ItemKind_ITEM_KIND_ORDER}, {connectors.ItemTask, pb.ItemKind_ITEM_KIND_TASK},
}

var outcomes = enum[connectors.Outcome, pb.Outcome]{
	{connectors.OutcomeAnswered, pb.Outcome_OUTCOME_ANSWERED}, {connectors.OutcomeMissed, pb.Outcome_OUTCOME_MISSED},
	{connectors.OutcomeBusy, pb.Outcome_OUTCOME_BUSY}, {connectors.OutcomeNoAnswer, pb.Outcome_OUTCOME_NO_ANSWER},
	{connectors.OutcomeFailed, pb.Outcome_OUTCOME_FAILED},
}

// FromRef turns a reference. The plug-in knows one connector only: its own, which is not sent.
func FromRef(r connectors.Ref) *pb.Ref {
	if r.Type == "" && r.ID == "" {
		return nil
	}
	return &pb.Ref{Type: r.Type, Id: r.ID}
}

// ToRef is the inverse of FromRef; an absent reference is empty.
func ToRef(connector string, r *pb.Ref) connectors.Ref {
	if r == nil {
		return connectors.Ref{}
	}
	return connectors.Ref{Connector: connector, Type: r.Type, ID: r.Id}
}

func fromPerson(p connectors.Person) *pb.Person {
	if p == (connectors.Person{}) {
		return nil
	}
	return &pb.Person{Id: p.ID, Name: p.Name}
}

func toPerson(p *pb.Person) connectors.Person {
	return connectors.Person{ID: p.GetId(), Name: p.GetName()}
}

func fromTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func toTime(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// each turns every element of a list.
func each[A, B any](list []A, turn func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = turn(a)
	}
	return out
}

// FromCandidate turns a record.
func FromCandidate(c connectors.Candidate) *pb.Candidate {
	return &pb.Candidate{
		Ref: FromRef(c.Ref), Kind: kinds.number(c.Kind), Name: c.Name, Company: c.Company,
		Phones: each(c.Phones, func(p connectors.Phone) *pb.Phone { return &pb.Phone{Raw: p.Raw, Label: p.Label} }),
		Emails: c.Emails, TaxId: c.TaxID, Owner: fromPerson(c.Owner), Open: c.Open, Url: c.URL, Deleted: c.Deleted, Notes: c.Notes,
		StandsFor: FromRef(c.StandsFor),
	}
}

// ToCandidate is the inverse of FromCandidate.
func ToCandidate(connector string, c *pb.Candidate) connectors.Candidate {
	return connectors.Candidate{
		Ref: ToRef(connector, c.GetRef()), Kind: kinds.word(c.GetKind()), Name: c.GetName(), Company: c.GetCompany(),
		Phones: each(c.GetPhones(), func(p *pb.Phone) connectors.Phone {
			return connectors.Phone{Raw: p.GetRaw(), Label: p.GetLabel()}
		}),
		Emails: c.GetEmails(), TaxID: c.GetTaxId(), Owner: toPerson(c.GetOwner()), Open: c.GetOpen(), URL: c.GetUrl(),
		Deleted: c.GetDeleted(), Notes: c.GetNotes(), StandsFor: ToRef(connector, c.GetStandsFor()),
	}
}

// FromCandidates turns records.
func FromCandidates(cs []connectors.Candidate) []*pb.Candidate { return each(cs, FromCandidate) }

// ToCandidates is the inverse of FromCandidates.
func ToCandidates(connector string, cs []*pb.Candidate) []connectors.Candidate {
	return each(cs, func(c *pb.Candidate) connectors.Candidate { return ToCandidate(connector, c) })
}

// FromQuery turns a question.
func FromQuery(q connectors.LookupQuery) *pb.LookupRequest {
	return &pb.LookupRequest{E164: q.E164, National: q.National, Region: q.Region, Limit: Limit(q.Limit)}
}

// ToQuery is the inverse of FromQuery.
func ToQuery(q *pb.LookupRequest) connectors.LookupQuery {
	return connectors.LookupQuery{E164: q.E164, National: q.National, Region: q.Region, Limit: int(q.Limit)}
}

// Limit fits a limit into a message.
func Limit(n int) int32 { return int32(min(max(n, 0), 1<<20)) }

// FromItems turns business.
func FromItems(items []connectors.Item) []*pb.Item {
	return each(items, func(i connectors.Item) *pb.Item {
		return &pb.Item{
			Ref: FromRef(i.Ref), Kind: itemKinds.number(i.Kind), Title: i.Title, Status: i.Status, Open: i.Open, Sum: i.Sum,
			Owner: fromPerson(i.Owner), At: fromTime(i.At), Url: i.URL,
		}
	})
}

// ToItems is the inverse of FromItems.
func ToItems(connector string, items []*pb.Item) []connectors.Item {
	return each(items, func(i *pb.Item) connectors.Item {
		return connectors.Item{
			Ref: ToRef(connector, i.Ref), Kind: itemKinds.word(i.Kind), Title: i.Title, Status: i.Status, Open: i.Open, Sum: i.Sum,
			Owner: toPerson(i.Owner), At: toTime(i.At), URL: i.Url,
		}
	})
}

// FromContacts turns history.
func FromContacts(cs []connectors.Contact) []*pb.Contact {
	return each(cs, func(c connectors.Contact) *pb.Contact {
		return &pb.Contact{
			Ref: FromRef(c.Ref), Channel: c.Channel, Inbound: c.Inbound, At: fromTime(c.At), Title: c.Title, Text: c.Text,
			Who: fromPerson(c.Who), Url: c.URL,
		}
	})
}

// ToContacts is the inverse of FromContacts.
func ToContacts(connector string, cs []*pb.Contact) []connectors.Contact {
	return each(cs, func(c *pb.Contact) connectors.Contact {
		return connectors.Contact{
			Ref: ToRef(connector, c.Ref), Channel: c.Channel, Inbound: c.Inbound, At: toTime(c.At), Title: c.Title, Text: c.Text,
			Who: toPerson(c.Who), URL: c.Url,
		}
	})
}

// FromDuration turns a length of time.
func FromDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}
