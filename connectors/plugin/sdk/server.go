package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"sync"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
	"github.com/pult-cc/pult/internal/errs"
)

// service registers the server with go-plugin.
type service struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

func (s *service) GRPCServer(_ *goplugin.GRPCBroker, g *grpc.Server) error {
	pb.RegisterConnectorServer(g, s.server)
	return nil
}

func (s *service) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errs.E(errs.Unsupported, "connecting to plug-in", "the SDK serves only")
}

// guard turns a panic of the driver into an error, so that one bad record does not take the other requests down.
func guard(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(os.Stderr, "panic in %s: %v\n%s", info.FullMethod, r, debug.Stack())
			answer, err = nil, status.Error(codes.Internal, "the connector failed on this request")
		}
	}()
	return next(ctx, req)
}

// server implements the protocol over a driver that Configure makes.
type server struct {
	pb.UnimplementedConnectorServer
	factory  connectors.Factory
	version  string
	rehearse func(connector string) (Stage, error)

	mu     sync.RWMutex
	id     string
	driver connectors.Driver
	stage  *Stage
}

// secrets are those that Pult sent, by name.
type secrets map[string]string

func (s secrets) Secret(_ context.Context, name string) (string, error) {
	v, ok := s[name]
	if !ok {
		return "", errs.Field("reading secrets", "secrets."+name, "is not set in Pult's configuration")
	}
	return v, nil
}

func (s *server) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := &pb.DescribeResponse{Name: s.factory.Kind, Version: s.version, ConfigSchema: string(s.factory.Schema)}
	if s.driver != nil {
		d.Capabilities = wire.CapabilitiesOf(s.driver)
	}
	if s.rehearse != nil {
		d.Capabilities = append(d.Capabilities, pb.Capability_CAPABILITY_REHEARSE)
	}
	return d, nil
}

func (s *server) Configure(ctx context.Context, r *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	driver, stage, err := s.open(ctx, r)
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	s.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id, s.driver, s.stage = r.Connector, driver, stage
	return &pb.ConfigureResponse{}, nil
}

func (s *server) open(ctx context.Context, r *pb.ConfigureRequest) (connectors.Driver, *Stage, error) {
	if !r.Rehearsal {
		d, err := s.factory.New(ctx, r.Connector, json.RawMessage(r.Config), secrets(r.Secrets))
		return d, nil, err
	}
	if s.rehearse == nil {
		return nil, nil, errs.E(errs.Unsupported, "rehearsing", "this connector has no rehearsal")
	}
	stage, err := s.rehearse(r.Connector)
	return stage.Driver, &stage, err
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.driver.(io.Closer); ok {
		if err := c.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "closing:", err)
		}
	}
	s.driver, s.stage = nil, nil
}

// current returns the driver and the connector's id.
func (s *server) current() (connectors.Driver, string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.driver == nil {
		return nil, "", status.Error(codes.Internal, "the connector was asked before it was configured")
	}
	return s.driver, s.id, nil
}

// ask runs one request against a capability of the driver.
func ask[C, A any](s *server, do func(capability C, connector string) (*A, error)) (*A, error) {
	d, id, err := s.current()
	if err != nil {
		return nil, err
	}
	c, ok := connectors.As[C](d)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "this connector cannot do that")
	}
	a, err := do(c, id)
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	return a, nil
}

func (s *server) Lookup(ctx context.Context, r *pb.LookupRequest) (*pb.LookupResponse, error) {
	return ask(s, func(d connectors.Driver, _ string) (*pb.LookupResponse, error) {
		found, err := d.Lookup(ctx, wire.ToQuery(r))
		return &pb.LookupResponse{Candidates: wire.FromCandidates(found)}, err
	})
}

func (s *server) Check(ctx context.Context, _ *pb.CheckRequest) (*pb.CheckResponse, error) {
	return ask(s, func(c connectors.Checker, _ string) (*pb.CheckResponse, error) {
		h, err := c.Check(ctx)
		return &pb.CheckResponse{Version: h.Version, Latency: durationpb.New(h.Latency)}, err
	})
}

func (s *server) Get(ctx context.Context, r *pb.GetRequest) (*pb.GetResponse, error) {
	return ask(s, func(g connectors.Getter, id string) (*pb.GetResponse, error) {
		c, err := g.Get(ctx, wire.ToRef(id, r.Ref))
		return &pb.GetResponse{Candidate: wire.FromCandidate(c)}, err
	})
}

func (s *server) Search(ctx context.Context, r *pb.SearchRequest) (*pb.SearchResponse, error) {
	return ask(s, func(c connectors.Searcher, _ string) (*pb.SearchResponse, error) {
		found, err := c.Search(ctx, r.Text, int(r.Limit))
		return &pb.SearchResponse{Candidates: wire.FromCandidates(found)}, err
	})
}

func (s *server) Index(ctx context.Context, r *pb.IndexRequest) (*pb.IndexResponse, error) {
	return ask(s, func(i connectors.Indexer, _ string) (*pb.IndexResponse, error) {
		p, err := i.Index(ctx, r.Cursor, int(r.Limit))
		return &pb.IndexResponse{Candidates: wire.FromCandidates(p.Candidates), Next: p.Next}, err
	})
}

func (s *server) Related(ctx context.Context, r *pb.RelatedRequest) (*pb.RelatedResponse, error) {
	return ask(s, func(c connectors.Relater, id string) (*pb.RelatedResponse, error) {
		items, err := c.Related(ctx, wire.ToRef(id, r.Customer), int(r.Limit))
		return &pb.RelatedResponse{Items: wire.FromItems(items)}, err
	})
}

func (s *server) History(ctx context.Context, r *pb.HistoryRequest) (*pb.HistoryResponse, error) {
	return ask(s, func(c connectors.Historian, id string) (*pb.HistoryResponse, error) {
		contacts, err := c.History(ctx, wire.ToRef(id, r.Customer), int(r.Limit))
		return &pb.HistoryResponse{Contacts: wire.FromContacts(contacts)}, err
	})
}

func (s *server) CreateContact(ctx context.Context, r *pb.CreateContactRequest) (*pb.CreateContactResponse, error) {
	return ask(s, func(c connectors.ContactCreator, _ string) (*pb.CreateContactResponse, error) {
		made, err := c.CreateContact(ctx, wire.ToNewContact(r))
		return &pb.CreateContactResponse{Candidate: wire.FromCandidate(made)}, err
	})
}

func (s *server) LogCall(ctx context.Context, r *pb.LogCallRequest) (*pb.LogCallResponse, error) {
	return ask(s, func(c connectors.CallLogger, id string) (*pb.LogCallResponse, error) {
		ref, err := c.LogCall(ctx, wire.ToCall(id, r))
		return &pb.LogCallResponse{Ref: wire.FromRef(ref)}, err
	})
}

func (s *server) CreateTask(ctx context.Context, r *pb.CreateTaskRequest) (*pb.CreateTaskResponse, error) {
	return ask(s, func(c connectors.TaskCreator, id string) (*pb.CreateTaskResponse, error) {
		ref, err := c.CreateTask(ctx, wire.ToTask(id, r))
		return &pb.CreateTaskResponse{Ref: wire.FromRef(ref)}, err
	})
}

func (s *server) AnnounceCall(ctx context.Context, r *pb.AnnounceCallRequest) (*pb.AnnounceCallResponse, error) {
	return ask(s, func(c connectors.CallShower, id string) (*pb.AnnounceCallResponse, error) {
		ref, err := c.AnnounceCall(ctx, wire.ToLive(id, r))
		return &pb.AnnounceCallResponse{Ref: wire.FromRef(ref)}, err
	})
}

func (s *server) ShowCall(ctx context.Context, r *pb.ShowCallRequest) (*pb.ShowCallResponse, error) {
	return ask(s, func(c connectors.CallShower, id string) (*pb.ShowCallResponse, error) {
		return &pb.ShowCallResponse{}, c.ShowCall(ctx, wire.ToCard(id, r))
	})
}

func (s *server) ListAgents(ctx context.Context, _ *pb.ListAgentsRequest) (*pb.ListAgentsResponse, error) {
	return ask(s, func(c connectors.AgentLister, _ string) (*pb.ListAgentsResponse, error) {
		agents, err := c.Agents(ctx)
		return &pb.ListAgentsResponse{Agents: wire.FromAgents(agents)}, err
	})
}

func (s *server) ReadClick(ctx context.Context, r *pb.ReadClickRequest) (*pb.ReadClickResponse, error) {
	return ask(s, func(c connectors.ClickSource, _ string) (*pb.ReadClickResponse, error) {
		req, err := wire.ToRequest(r)
		if err != nil {
			return nil, errs.With(errs.Invalid, "reading click", err)
		}
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
		clicks, err := c.Clicked(ctx, req.WithContext(ctx))
		return &pb.ReadClickResponse{Clicks: wire.FromClicks(clicks)}, err
	})
}

func (s *server) AttachRecording(stream grpc.ClientStreamingServer[pb.AttachRecordingRequest, pb.AttachRecordingResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	// The driver may read the voice more than once, or late: it is kept in a file meanwhile.
	file, err := os.CreateTemp("", "recording-")
	if err != nil {
		return wire.ToStatus(errs.With(errs.Internal, "keeping recording", err))
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if _, err := file.Write(part.GetData()); err != nil {
			return wire.ToStatus(errs.With(errs.Internal, "keeping recording", err))
		}
	}
	answer, err := ask(s, func(c connectors.RecordingAttacher, id string) (*pb.AttachRecordingResponse, error) {
		rec := wire.ToRecording(id, first.GetRecording())
		rec.Open = func(context.Context) (io.ReadCloser, error) { return os.Open(file.Name()) }
		return &pb.AttachRecordingResponse{}, c.AttachRecording(stream.Context(), rec)
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(answer)
}

func (s *server) Rehearse(_ context.Context, r *pb.RehearseRequest) (*pb.RehearseResponse, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.stage == nil {
		return nil, status.Error(codes.FailedPrecondition, "the connector was not configured for a rehearsal")
	}
	if r.Base != nil {
		var customers []Customer
		for _, c := range r.Base.Customers {
			customers = append(customers, Customer{Candidate: wire.ToCandidate(s.id, c.Record), Business: wire.ToItems(s.id, c.Business)})
		}
		s.stage.Set(customers)
	}
	if r.Fault != nil {
		if f := *r.Fault; f != "" && f != "slow" && f != "down" && !slices.Contains(s.stage.Faults, f) {
			return nil, status.Error(codes.InvalidArgument, "this connector cannot play that fault")
		}
		s.stage.Suffer(*r.Fault)
	}
	answer := &pb.RehearseResponse{Faults: s.stage.Faults, Gaps: s.stage.Gaps}
	if s.stage.Written != nil {
		for _, w := range s.stage.Written() {
			answer.Written = append(answer.Written, &pb.Written{What: w.What, Key: w.Key, Texts: w.Texts})
		}
	}
	return answer, nil
}
