package wire

import (
	"net/http"
	"net/url"

	"github.com/pult-cc/pult/connectors"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
)

func fromAgent(a connectors.Agent) *pb.Agent {
	if a == (connectors.Agent{}) {
		return nil
	}
	return &pb.Agent{Id: a.ID, Login: a.Login, Name: a.Name, Extension: a.Extension, Email: a.Email}
}

func toAgent(a *pb.Agent) connectors.Agent {
	return connectors.Agent{ID: a.GetId(), Login: a.GetLogin(), Name: a.GetName(), Extension: a.GetExtension(), Email: a.GetEmail()}
}

// FromAgents turns people who work with the system.
func FromAgents(as []connectors.Agent) []*pb.Agent { return each(as, fromAgent) }

// ToAgents is the inverse of FromAgents.
func ToAgents(as []*pb.Agent) []connectors.Agent { return each(as, toAgent) }

// FromNewContact turns a wish for a record.
func FromNewContact(c connectors.NewContact) *pb.CreateContactRequest {
	return &pb.CreateContactRequest{
		Key: c.Key, Kind: kinds.number(c.Kind), Name: c.Name, Company: c.Company, Phone: c.Phone, Email: c.Email, Comment: c.Comment,
		Agent: fromAgent(c.Agent),
	}
}

// ToNewContact is the inverse of FromNewContact.
func ToNewContact(c *pb.CreateContactRequest) connectors.NewContact {
	return connectors.NewContact{
		Key: c.Key, Kind: kinds.word(c.Kind), Name: c.Name, Company: c.Company, Phone: c.Phone, Email: c.Email, Comment: c.Comment,
		Agent: toAgent(c.Agent),
	}
}

// FromCall turns a call.
func FromCall(c connectors.CallRecord) *pb.LogCallRequest {
	return &pb.LogCallRequest{
		Key: c.Key, Customer: FromRef(c.Customer), Number: c.Number, Inbound: c.Inbound, Queue: c.Queue, Agent: fromAgent(c.Agent),
		StartedAt: fromTime(c.StartedAt), Waited: FromDuration(c.Waited), Talked: FromDuration(c.Talked),
		Outcome: outcomes.number(c.Outcome), Topic: c.Topic, Tags: c.Tags, Comment: c.Comment, Url: c.URL,
		Written: fromWritten(c.Written), Announced: fromAnnounced(c.Announced),
	}
}

func fromWritten(w connectors.Written) *pb.WrittenCall {
	if w == (connectors.Written{}) {
		return nil
	}
	return &pb.WrittenCall{Ref: FromRef(w.Ref), Customer: FromRef(w.Customer)}
}

func fromAnnounced(a connectors.Announced) *pb.AnnouncedCall {
	if a == (connectors.Announced{}) {
		return nil
	}
	return &pb.AnnouncedCall{Ref: FromRef(a.Ref), Customer: FromRef(a.Customer)}
}

func toAnnounced(connector string, a *pb.AnnouncedCall) connectors.Announced {
	return connectors.Announced{Ref: ToRef(connector, a.GetRef()), Customer: ToRef(connector, a.GetCustomer())}
}

// ToCall is the inverse of FromCall.
func ToCall(connector string, c *pb.LogCallRequest) connectors.CallRecord {
	return connectors.CallRecord{
		Key: c.Key, Customer: ToRef(connector, c.Customer), Number: c.Number, Inbound: c.Inbound, Queue: c.Queue, Agent: toAgent(c.Agent),
		StartedAt: toTime(c.StartedAt), Waited: c.Waited.AsDuration(), Talked: c.Talked.AsDuration(),
		Outcome: outcomes.word(c.Outcome), Topic: c.Topic, Tags: c.Tags, Comment: c.Comment, URL: c.Url,
		Written:   connectors.Written{Ref: ToRef(connector, c.GetWritten().GetRef()), Customer: ToRef(connector, c.GetWritten().GetCustomer())},
		Announced: toAnnounced(connector, c.GetAnnounced()),
	}
}

// FromRecording turns what a recording is; its bytes travel after it.
func FromRecording(r connectors.Recording) *pb.Recording {
	return &pb.Recording{
		Key: r.Key, Call: FromRef(r.Call), Customer: FromRef(r.Customer), Name: r.Name, MediaType: r.Type, Length: FromDuration(r.Length),
		Url: r.URL, Announced: fromAnnounced(r.Announced),
	}
}

// ToRecording is the inverse of FromRecording.
func ToRecording(connector string, r *pb.Recording) connectors.Recording {
	return connectors.Recording{
		Key: r.GetKey(), Call: ToRef(connector, r.GetCall()), Customer: ToRef(connector, r.GetCustomer()), Name: r.GetName(),
		Type: r.GetMediaType(), Length: r.GetLength().AsDuration(), URL: r.GetUrl(), Announced: toAnnounced(connector, r.GetAnnounced()),
	}
}

// FromTask turns a task.
func FromTask(t connectors.Task) *pb.CreateTaskRequest {
	return &pb.CreateTaskRequest{
		Key: t.Key, Customer: FromRef(t.Customer), Number: t.Number, Title: t.Title, Text: t.Text, DueAt: fromTime(t.DueAt),
		Agent: fromAgent(t.Agent),
	}
}

// ToTask is the inverse of FromTask.
func ToTask(connector string, t *pb.CreateTaskRequest) connectors.Task {
	return connectors.Task{
		Key: t.Key, Customer: ToRef(connector, t.Customer), Number: t.Number, Title: t.Title, Text: t.Text, DueAt: toTime(t.DueAt),
		Agent: toAgent(t.Agent),
	}
}

// FromLive turns a call that goes on.
func FromLive(c connectors.LiveCall) *pb.AnnounceCallRequest {
	return &pb.AnnounceCallRequest{
		Key: c.Key, Customer: FromRef(c.Customer), Number: c.Number, Inbound: c.Inbound, Queue: c.Queue, Agent: fromAgent(c.Agent),
		StartedAt: fromTime(c.StartedAt),
	}
}

// ToLive is the inverse of FromLive.
func ToLive(connector string, c *pb.AnnounceCallRequest) connectors.LiveCall {
	return connectors.LiveCall{
		Key: c.Key, Customer: ToRef(connector, c.Customer), Number: c.Number, Inbound: c.Inbound, Queue: c.Queue, Agent: toAgent(c.Agent),
		StartedAt: toTime(c.StartedAt),
	}
}

// FromCard turns a card.
func FromCard(c connectors.Card) *pb.ShowCallRequest {
	return &pb.ShowCallRequest{Key: c.Key, Call: FromRef(c.Call), Agent: fromAgent(c.Agent), Away: c.Away}
}

// ToCard is the inverse of FromCard.
func ToCard(connector string, c *pb.ShowCallRequest) connectors.Card {
	return connectors.Card{Key: c.Key, Call: ToRef(connector, c.Call), Agent: toAgent(c.Agent), Away: c.Away}
}

// FromRequest turns a request whose body was read.
func FromRequest(r *http.Request, body []byte) *pb.ReadClickRequest {
	out := &pb.ReadClickRequest{
		Method: r.Method, Url: r.URL.RequestURI(), Body: body, RemoteAddress: r.RemoteAddr, Headers: map[string]*pb.HeaderValues{},
	}
	for k, v := range r.Header {
		out.Headers[k] = &pb.HeaderValues{Values: v}
	}
	return out
}

// ToRequest is the inverse of FromRequest, without the body.
func ToRequest(r *pb.ReadClickRequest) (*http.Request, error) {
	u, err := url.ParseRequestURI(r.Url)
	if err != nil {
		return nil, err
	}
	out := &http.Request{
		Method: r.Method, URL: u, RequestURI: r.Url, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		RemoteAddr: r.RemoteAddress, ContentLength: int64(len(r.Body)),
	}
	for k, v := range r.Headers {
		out.Header[http.CanonicalHeaderKey(k)] = v.GetValues()
	}
	out.Host = out.Header.Get("Host")
	return out, nil
}

// FromClicks turns wishes to call.
func FromClicks(cs []connectors.Click) []*pb.Click {
	return each(cs, func(c connectors.Click) *pb.Click {
		return &pb.Click{Agent: fromAgent(c.Agent), Number: c.Number, Customer: FromRef(c.Customer), Key: c.Key, Call: FromRef(c.Call)}
	})
}

// ToClicks is the inverse of FromClicks.
func ToClicks(connector string, cs []*pb.Click) []connectors.Click {
	return each(cs, func(c *pb.Click) connectors.Click {
		return connectors.Click{Agent: toAgent(c.Agent), Number: c.Number, Customer: ToRef(connector, c.Customer), Key: c.Key, Call: ToRef(connector, c.Call)}
	})
}
