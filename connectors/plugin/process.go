package plugin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
	"github.com/pult-cc/pult/internal/errs"
)

// maxAnswer bounds what a plug-in may answer at once.
const maxAnswer = 32 << 20

// process is a plug-in that runs and is configured.
type process struct {
	client  *goplugin.Client
	child   *child
	conn    *grpc.ClientConn
	rpc     pb.ConnectorClient
	about   *pb.DescribeResponse
	sockets string // folder of its socket, nobody else's to enter
	began   time.Time
}

// link lets go-plugin hand the connection out.
type link struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (link) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errs.E(errs.Unsupported, "serving plug-in", "Pult is the other side")
}

func (link) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// start starts the program and waits until it is configured. The thread that calls it must not end before the process.
func (s *supervisor) start(ctx context.Context) (_ *process, err error) {
	const op = "starting plug-in"
	if err := checksum(s.settings.Command, s.settings.Checksum); err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	for name, ref := range s.settings.Secrets {
		v, err := s.secrets.Secret(ctx, ref)
		if err != nil {
			return nil, errs.Wrap("reading secrets."+name, err)
		}
		secrets[name] = v
	}
	s.clean.guard(secrets)

	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.settings.Start))
	defer cancel()
	p := &process{began: time.Now()}
	defer func() {
		if err != nil {
			p.end(s.o.Pace.Goodbye)
		}
	}()
	if p.sockets, err = os.MkdirTemp("", "pult-plugin-"); err != nil {
		return nil, errs.With(errs.Internal, op, err)
	}
	// A plug-in has two streams, one with go-plugin four: lines of one must not end up in those of another.
	stream := func() *output { return newOutput(s.log, s.clean) }
	impatience := func() bool { return true }
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{wire.ProtocolVersion: {wire.Name: link{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		SkipHostEnv:      true,
		AutoMTLS:         speaksMTLS(s.settings.Command),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: p.sockets},
		StartTimeout:     time.Duration(s.settings.Start) + time.Second, // ours is over first
		SyncStdout:       stream(),
		SyncStderr:       stream(),
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)), grpc.WithStatsHandler(ears{}),
		},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			p.child = newChild(s.settings, cmd.Env, stream(), stream())
			// go-plugin waits for the greeting whatever ctx says, but notices that the process is gone.
			impatience = context.AfterFunc(ctx, func() { _ = p.child.Kill(ctx) })
			return p.child, nil
		},
	})
	if err := p.connect(); err != nil {
		return nil, p.explain(ctx, op, err)
	}
	asking, heard := listen(ctx)
	if err := p.introduce(asking, s, secrets); err != nil {
		return nil, ofSettings(s.failure(ctx, op, heard, err, nil))
	}
	if !impatience() {
		return nil, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the plug-in was not ready in time", Err: ctx.Err()}
	}
	return p, nil
}

// ofSettings says where in the connector's configuration the settings stand that a plug-in finds wrong.
func ofSettings(err *errs.Error) *errs.Error {
	fields := map[string]string{}
	for name, what := range err.Fields {
		if !strings.HasPrefix(name, "secrets.") {
			name = "config." + name
		}
		fields[name] = what
	}
	err.Fields = fields
	return err
}

func (p *process) connect() error {
	c, err := p.client.Client()
	if err != nil {
		return err
	}
	raw, err := c.Dispense(wire.Name)
	if err != nil {
		return err
	}
	p.conn = raw.(*grpc.ClientConn)
	p.rpc = pb.NewConnectorClient(p.conn)
	return nil
}

// introduce gives the plug-in its settings and asks what it can do with them.
func (p *process) introduce(ctx context.Context, s *supervisor, secrets map[string]string) (err error) {
	if p.about, err = p.rpc.Describe(ctx, &pb.DescribeRequest{}); err != nil {
		return err
	}
	_, err = p.rpc.Configure(ctx, &pb.ConfigureRequest{
		Connector: s.id, Config: string(s.settings.Config), Secrets: secrets, Rehearsal: s.o.Rehearsal,
	})
	if err != nil {
		return err
	}
	p.about, err = p.rpc.Describe(ctx, &pb.DescribeRequest{})
	return err
}

// explain turns go-plugin's view of a failed start into one that helps.
func (p *process) explain(ctx context.Context, op string, err error) error {
	if p.child == nil {
		return errs.With(errs.Internal, op, err)
	}
	if p.child.cmd.Process == nil {
		return errs.Field(op, "command", "the program could not be started: "+rootOf(err))
	}
	<-p.child.exited // go-plugin has ended what failed to greet
	hello, state := p.child.greeted()
	parts := strings.Split(hello, "|")
	version, verr := 0, errors.New("no greeting")
	if len(parts) >= 4 {
		version, verr = strconv.Atoi(parts[1])
	}
	switch {
	case verr == nil && version > wire.ProtocolVersion:
		return errs.Field(op, "command", "the plug-in speaks version "+parts[1]+" of the protocol, this Pult version "+
			strconv.Itoa(wire.ProtocolVersion)+": install a newer Pult, or an older version of the plug-in")
	case verr == nil && version < wire.ProtocolVersion:
		return errs.Field(op, "command", "the plug-in speaks version "+parts[1]+" of the protocol, this Pult version "+
			strconv.Itoa(wire.ProtocolVersion)+": install a newer version of the plug-in, or build it with the SDK of this Pult")
	case verr == nil && ctx.Err() == nil:
		return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the plug-in greets, but cannot be connected to", Err: err}
	case ctx.Err() != nil:
		return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the plug-in was not ready in time", Err: ctx.Err()}
	case hello != "":
		return errs.Field(op, "command", "the program does not greet as a plug-in does: its first line on standard output must be "+
			"1|1|unix|SOCKET|grpc")
	}
	return errs.E(errs.Unavailable, op, "the plug-in ended before it was ready ("+state+"); its last words are in the log")
}

// rootOf is the system's word for what went wrong, without paths.
func rootOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// end ends the process, politely first. It waits until everything of it is gone.
func (p *process) end(goodbye time.Duration) {
	if p.child != nil {
		kill := time.AfterFunc(goodbye, func() { _ = p.child.Kill(context.Background()) })
		p.dismiss(goodbye)
		p.client.Kill()
		<-p.child.exited
		kill.Stop()
	}
	if p.sockets != "" {
		_ = os.RemoveAll(p.sockets)
	}
}

// dismiss asks the process to end, in go-plugin's words and by the end of its standard input: a plug-in in another language may know
// only the second.
func (p *process) dismiss(goodbye time.Duration) {
	if p.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), goodbye)
		defer cancel()
		_ = p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	}
	if p.child.stdin != nil {
		_ = p.child.stdin.Close()
	}
}

// alive asks the plug-in whether it lives. One without the health service does when it answers that.
func (p *process) alive(ctx context.Context) error {
	r, err := grpc_health_v1.NewHealthClient(p.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	switch {
	case status.Code(err) == codes.Unimplemented, status.Code(err) == codes.NotFound:
		return nil
	case err != nil:
		return err
	case r.Status != grpc_health_v1.HealthCheckResponse_SERVING:
		return errs.E(errs.Unavailable, "asking whether plug-in lives", "it says that it does not serve")
	}
	return nil
}

// speaksMTLS tells whether a program encrypts with go-plugin's one-time certificates: those written in Go with go-plugin do.
func speaksMTLS(path string) bool {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return false
	}
	for _, d := range info.Deps {
		if d.Path == "github.com/hashicorp/go-plugin" {
			return true
		}
	}
	return false
}

// checksum fails unless the file is what the configuration expects; "" expects nothing.
func checksum(path, want string) error {
	if want == "" {
		return nil
	}
	const op = "checking plug-in"
	sum, err := hex.DecodeString(want)
	if err != nil {
		return errs.With(errs.Internal, op, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return errs.Field(op, "command", "the program cannot be read")
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return errs.Field(op, "command", "the program cannot be read")
	}
	if subtle.ConstantTimeCompare(h.Sum(nil), sum) != 1 {
		return errs.Field(op, "checksum", "the program is not the one that the configuration names: it has the checksum "+hex.EncodeToString(h.Sum(nil)))
	}
	return nil
}
