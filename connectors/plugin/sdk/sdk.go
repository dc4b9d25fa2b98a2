// Package sdk makes a process of its own of a connector written in Go: the same connectors.Factory that a connector inside Pult would
// have, given to Serve in main. docs/connectors/plugins.md shows one from its first line to its first call.
package sdk

import (
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is what happened, as Pult acts upon it.
type Kind = errs.Kind

// The kinds of errors that a connector returns.
const (
	Internal        = errs.Internal        // a defect of the connector
	Invalid         = errs.Invalid         // the settings do not fit the system, or a cursor is too old
	Unauthenticated = errs.Unauthenticated // the system refused the password, or forbids this: HTTP 401, 403
	NotFound        = errs.NotFound        // there is no such record
	Conflict        = errs.Conflict        // it exists already
	Unavailable     = errs.Unavailable     // the system cannot be reached, is overloaded or talks nonsense
	Timeout         = errs.Timeout         // no answer in time; the context's error counts as this
	RateLimited     = errs.RateLimited     // fewer requests, please; wrap a *connectors.RetryAfter where the system says how long
	Rejected        = errs.Rejected        // a business rule of the system refused
	Unsupported     = errs.Unsupported     // this installation cannot do that
)

// Error makes an error of a kind. The message is shown to people: no secret, no telephone number. The cause may be nil and does not
// leave the process, but for a *connectors.RetryAfter.
func Error(kind Kind, message string, cause error) error {
	return &errs.Error{Kind: kind, Op: "asking the customer system", Msg: message, Err: cause}
}

// BadSetting makes the Invalid error of one setting.
func BadSetting(name, message string) error { return errs.Field("reading settings", name, message) }

// Option changes what Serve serves.
type Option func(*server)

// WithVersion says which version of the connector this is.
func WithVersion(version string) Option { return func(s *server) { s.version = version } }

// WithRehearsal lets `pult connector test` run its whole suite: open makes, instead of the real system, an empty one.
func WithRehearsal(open func(connector string) (Stage, error)) Option {
	return func(s *server) { s.rehearse = open }
}

// Stage is a customer system that was made for a test, with a driver to it. Set and Suffer may be called at any time.
type Stage struct {
	Driver  connectors.Driver
	Set     func(customers []Customer) // replaces the customer base
	Suffer  func(fault string)         // every following answer: "" none, "slow" after a minute, "down" Unavailable, and those of Faults
	Faults  []string                   // besides slow and down, as connectortest names them
	Gaps    []string                   // what the system cannot know or do, as connectortest names it
	Written func() []Written           // what stands in the base; nil for a driver that writes nothing
}

// Customer is a record to be put into a base. Its Ref is empty.
type Customer struct {
	connectors.Candidate
	Business []connectors.Item // Title and Open, for a driver that tells of business
}

// Written is a record that was written into a base.
type Written struct {
	What  string // call, task, contact, recording, card
	Key   string
	Texts []string // that it has, in no order
}

// Serve serves the connector to the Pult that started this process, and returns when Pult wants no more of it. The process also ends
// when Pult does. What it writes to standard error goes to Pult's log; standard output belongs to the protocol.
func Serve(f connectors.Factory, options ...Option) {
	s := &server{factory: f, version: "dev"}
	for _, o := range options {
		o(s)
	}
	handshake := wire.Handshake()
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		fmt.Fprintf(os.Stderr, "%s is a connector of Pult, which starts it. To try it: pult connector test --plugin %s\n", f.Kind, os.Args[0])
		os.Exit(2)
	}
	go s.followParent(os.Stdin)
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  handshake,
		VersionedPlugins: map[int]goplugin.PluginSet{wire.ProtocolVersion: {wire.Name: &service{server: s}}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.UnaryInterceptor(guard), grpc.MaxRecvMsgSize(maxMessage))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Name: "sdk", Level: hclog.Warn, Output: os.Stderr, DisableTime: true}),
	})
	s.close()
}

// maxMessage bounds a request: a click's body, a piece of a recording.
const maxMessage = 16 << 20

// followParent ends the process when standard input ends, which Pult holds open for as long as it lives.
func (s *server) followParent(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin) // how it ends makes no difference
	s.close()
	os.Exit(0)
}
