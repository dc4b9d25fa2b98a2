package plugin

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/pult-cc/pult/connectors/plugin/internal/wire"
	"github.com/pult-cc/pult/internal/errs"
)

// ear hears whether the plug-in itself ended a call. A status that gRPC made up, because the connection is gone, looks the same
// otherwise.
type ear struct{ answered atomic.Bool }

type earKey struct{}

// listen gives a call an ear.
func listen(ctx context.Context) (context.Context, *ear) {
	e := &ear{}
	return context.WithValue(ctx, earKey{}, e), e
}

// ears implements stats.Handler.
type ears struct{}

func (ears) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if e, ok := ctx.Value(earKey{}).(*ear); ok {
		e.answered.Store(false) // of the call before
	}
	return ctx
}

func (ears) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.InTrailer); !ok {
		return
	}
	if e, ok := ctx.Value(earKey{}).(*ear); ok {
		e.answered.Store(true)
	}
}

func (ears) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (ears) HandleConn(context.Context, stats.ConnStats)                       {}

// failure turns what a call ended with into an error of the port.
func (s *supervisor) failure(ctx context.Context, op string, e *ear, err error, trailer metadata.MD) *errs.Error {
	st, ok := status.FromError(err)
	switch {
	case !ok:
		return errs.With(errs.Internal, op, err)
	case ctx.Err() != nil:
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
	case st.Code() == codes.DeadlineExceeded:
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: context.DeadlineExceeded}
	case !e.answered.Load() && (st.Code() == codes.Unavailable || st.Code() == codes.Canceled):
		return errs.E(errs.Unavailable, op, "the plug-in ended while it was asked")
	case !e.answered.Load():
		return &errs.Error{Kind: errs.Internal, Op: op, Msg: "question and answer of the plug-in do not fit the protocol", Err: err}
	}
	out := wire.FromStatus(op, st, trailer, s.clean.text)
	if out.Kind == errs.Forbidden { // the port knows one word for a door that is shut
		out.Kind = errs.Unauthenticated
	}
	if out.Msg == "" {
		out.Msg = "the plug-in gives no reason"
	}
	return out
}
