package plugin

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/errs"
)

// Driver implements connectors.Driver and connectors.Partial over a plug-in.
type Driver struct {
	ask   capabilities
	about Description
	can   []pb.Capability
}

// Description is what a plug-in says of itself.
type Description struct {
	Name, Version string
	Schema        string   // JSON Schema of its settings
	Capabilities  []string // as the protocol names them: CAPABILITY_GET
}

var (
	_ connectors.Driver  = (*Driver)(nil)
	_ connectors.Partial = (*Driver)(nil)
	_ io.Closer          = (*Driver)(nil)
)

// newDriver makes a driver that can do what the plug-in said. One that could not be asked yet is taken to be able to do everything:
// what it cannot it will answer with errs.Unsupported.
func newDriver(id string, s *supervisor, about *pb.DescribeResponse) *Driver {
	d := &Driver{ask: capabilities{id: id, s: s}, can: wire.All()}
	if about != nil {
		d.can = about.Capabilities
		d.about = Description{Name: s.clean.text(about.Name), Version: s.clean.text(about.Version), Schema: about.ConfigSchema}
	}
	for _, c := range d.can {
		d.about.Capabilities = append(d.about.Capabilities, c.String())
	}
	return d
}

// About returns what the plug-in said of itself when it was opened.
func (d *Driver) About() Description { return d.about }

// Lookup implements connectors.Driver.
func (d *Driver) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	r, err := call(ctx, d.ask, "looking up number", pb.ConnectorClient.Lookup, wire.FromQuery(q))
	return wire.ToCandidates(d.ask.id, r.GetCandidates()), err
}

// As implements connectors.Partial.
func (d *Driver) As(target any) bool {
	t := reflect.ValueOf(target)
	if t.Kind() != reflect.Pointer || !slices.Contains(d.can, wire.CapabilityOf(t.Type().Elem())) {
		return false
	}
	t.Elem().Set(reflect.ValueOf(d.ask))
	return true
}

// Close ends the plug-in. Calls are errs.Unavailable from then on.
func (d *Driver) Close() error {
	d.ask.s.close()
	return nil
}

// Rehearsal is what a plug-in that was opened for a rehearsal is told, and what it tells. plugintest uses it.
type Rehearsal struct {
	Base  *pb.CustomerBase // nil leaves the base as it is
	Fault *string          // nil leaves the trouble as it is
}

// Rehearse fills the customer base of a plug-in that was opened for a rehearsal, makes every following answer suffer a fault, and
// tells what can be played and what was written.
func (d *Driver) Rehearse(ctx context.Context, r Rehearsal) (*pb.RehearseResponse, error) {
	return call(ctx, d.ask, "rehearsing", pb.ConnectorClient.Rehearse, &pb.RehearseRequest{Base: r.Base, Fault: r.Fault})
}

// call sends one request to the plug-in that runs now.
func call[Q, A any](
	ctx context.Context, c capabilities, op string,
	method func(pb.ConnectorClient, context.Context, *Q, ...grpc.CallOption) (*A, error), request *Q,
) (*A, error) {
	p, err := c.s.current()
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var trailer metadata.MD
	answered := trace.From(ctx).Begin("CALL", strings.TrimSuffix(reflect.TypeFor[Q]().Name(), "Request"))
	asking, heard := listen(ctx)
	answer, err := method(p.rpc, asking, request, grpc.Trailer(&trailer))
	if err != nil {
		err = c.s.failure(ctx, op, heard, err, trailer)
		answered(trace.Request{Error: errs.Message(err)})
		return nil, err
	}
	answered(trace.Request{})
	return answer, nil
}

// capabilities has every capability of the port; Driver.As gives away those that the plug-in has.
type capabilities struct {
	id string
	s  *supervisor
}

// Check implements connectors.Checker.
func (c capabilities) Check(ctx context.Context) (connectors.Health, error) {
	r, err := call(ctx, c, "checking", pb.ConnectorClient.Check, &pb.CheckRequest{})
	return connectors.Health{Version: c.s.clean.text(r.GetVersion()), Latency: r.GetLatency().AsDuration()}, err
}

// Get implements connectors.Getter.
func (c capabilities) Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error) {
	const op = "getting record"
	if ref.Connector != c.id || ref.Type == "" || ref.ID == "" {
		return connectors.Candidate{}, errs.E(errs.NotFound, op, "there is no such record")
	}
	r, err := call(ctx, c, op, pb.ConnectorClient.Get, &pb.GetRequest{Ref: wire.FromRef(ref)})
	if err != nil {
		return connectors.Candidate{}, err
	}
	return wire.ToCandidate(c.id, r.GetCandidate()), nil
}

// Search implements connectors.Searcher.
func (c capabilities) Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error) {
	r, err := call(ctx, c, "searching", pb.ConnectorClient.Search, &pb.SearchRequest{Text: strings.ToValidUTF8(text, ""), Limit: wire.Limit(limit)})
	return wire.ToCandidates(c.id, r.GetCandidates()), err
}

// Index implements connectors.Indexer.
func (c capabilities) Index(ctx context.Context, cursor string, limit int) (connectors.Page, error) {
	r, err := call(ctx, c, "reading index", pb.ConnectorClient.Index, &pb.IndexRequest{Cursor: cursor, Limit: wire.Limit(limit)})
	return connectors.Page{Candidates: wire.ToCandidates(c.id, r.GetCandidates()), Next: r.GetNext()}, err
}

// Related implements connectors.Relater.
func (c capabilities) Related(ctx context.Context, customer connectors.Ref, limit int) ([]connectors.Item, error) {
	r, err := call(ctx, c, "getting business of customer", pb.ConnectorClient.Related,
		&pb.RelatedRequest{Customer: wire.FromRef(customer), Limit: wire.Limit(limit)})
	return wire.ToItems(c.id, r.GetItems()), err
}

// History implements connectors.Historian.
func (c capabilities) History(ctx context.Context, customer connectors.Ref, limit int) ([]connectors.Contact, error) {
	r, err := call(ctx, c, "getting history of customer", pb.ConnectorClient.History,
		&pb.HistoryRequest{Customer: wire.FromRef(customer), Limit: wire.Limit(limit)})
	return wire.ToContacts(c.id, r.GetContacts()), err
}

// CreateContact implements connectors.ContactCreator.
func (c capabilities) CreateContact(ctx context.Context, n connectors.NewContact) (connectors.Candidate, error) {
	r, err := call(ctx, c, "creating contact", pb.ConnectorClient.CreateContact, wire.FromNewContact(n))
	if err != nil {
		return connectors.Candidate{}, err
	}
	return wire.ToCandidate(c.id, r.GetCandidate()), nil
}

// LogCall implements connectors.CallLogger.
func (c capabilities) LogCall(ctx context.Context, record connectors.CallRecord) (connectors.Ref, error) {
	r, err := call(ctx, c, "logging call", pb.ConnectorClient.LogCall, wire.FromCall(record))
	return wire.ToRef(c.id, r.GetRef()), err
}

// CreateTask implements connectors.TaskCreator.
func (c capabilities) CreateTask(ctx context.Context, task connectors.Task) (connectors.Ref, error) {
	r, err := call(ctx, c, "creating task", pb.ConnectorClient.CreateTask, wire.FromTask(task))
	return wire.ToRef(c.id, r.GetRef()), err
}

// AnnounceCall implements connectors.CallShower.
func (c capabilities) AnnounceCall(ctx context.Context, live connectors.LiveCall) (connectors.Ref, error) {
	r, err := call(ctx, c, "announcing call", pb.ConnectorClient.AnnounceCall, wire.FromLive(live))
	return wire.ToRef(c.id, r.GetRef()), err
}

// ShowCall implements connectors.CallShower.
func (c capabilities) ShowCall(ctx context.Context, card connectors.Card) error {
	_, err := call(ctx, c, "showing call", pb.ConnectorClient.ShowCall, wire.FromCard(card))
	return err
}

// Agents implements connectors.AgentLister.
func (c capabilities) Agents(ctx context.Context) ([]connectors.Agent, error) {
	r, err := call(ctx, c, "listing agents", pb.ConnectorClient.ListAgents, &pb.ListAgentsRequest{})
	return wire.ToAgents(r.GetAgents()), err
}

// maxClick bounds the body of a click, which the host has bounded already.
const maxClick = 1 << 20

// Clicked implements connectors.ClickSource.
func (c capabilities) Clicked(ctx context.Context, r *http.Request) ([]connectors.Click, error) {
	const op = "reading click"
	body, err := io.ReadAll(io.LimitReader(r.Body, maxClick))
	if err != nil {
		return nil, errs.With(errs.Invalid, op, err)
	}
	a, err := call(ctx, c, op, pb.ConnectorClient.ReadClick, wire.FromRequest(r, body))
	return wire.ToClicks(c.id, a.GetClicks()), err
}

// AttachRecording implements connectors.RecordingAttacher.
func (c capabilities) AttachRecording(ctx context.Context, rec connectors.Recording) error {
	const op = "attaching recording"
	p, err := c.s.current()
	if err != nil {
		return errs.Wrap(op, err)
	}
	voice, err := rec.Open(ctx)
	if err != nil {
		return errs.Wrap(op, err)
	}
	defer func() { _ = voice.Close() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a stream that was not read to its end
	asking, heard := listen(ctx)
	stream, err := p.rpc.AttachRecording(asking)
	if err != nil {
		return c.s.failure(ctx, op, heard, err, nil)
	}
	if err := send(stream, rec, voice); err != nil {
		return errs.With(errs.Unavailable, op, err)
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		return c.s.failure(ctx, op, heard, err, stream.Trailer())
	}
	return nil
}

// send sends a recording. When the plug-in has stopped listening it returns nil: why is in the answer.
func send(stream pb.Connector_AttachRecordingClient, rec connectors.Recording, voice io.Reader) error {
	err := stream.Send(&pb.AttachRecordingRequest{Part: &pb.AttachRecordingRequest_Recording{Recording: wire.FromRecording(rec)}})
	piece := make([]byte, 64<<10)
	for err == nil {
		n, rerr := io.ReadFull(voice, piece)
		if n > 0 {
			err = stream.Send(&pb.AttachRecordingRequest{Part: &pb.AttachRecordingRequest_Data{Data: piece[:n]}})
		}
		if rerr == io.EOF || rerr == io.ErrUnexpectedEOF {
			return nil
		}
		if rerr != nil {
			return rerr
		}
	}
	return nil
}
