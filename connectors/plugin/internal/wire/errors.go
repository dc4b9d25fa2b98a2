package wire

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// codeOf pairs kinds of errors with gRPC codes, one to one.
var codeOf = map[errs.Kind]codes.Code{
	errs.Internal: codes.Internal, errs.Invalid: codes.InvalidArgument, errs.Unauthenticated: codes.Unauthenticated,
	errs.Forbidden: codes.PermissionDenied, errs.NotFound: codes.NotFound, errs.Conflict: codes.AlreadyExists,
	errs.Unavailable: codes.Unavailable, errs.Timeout: codes.DeadlineExceeded, errs.RateLimited: codes.ResourceExhausted,
	errs.Rejected: codes.FailedPrecondition, errs.Unsupported: codes.Unimplemented,
}

// KindOf returns the kind that a code stands for.
func KindOf(code codes.Code) errs.Kind {
	switch code {
	case codes.Canceled:
		return errs.Timeout
	case codes.Aborted:
		return errs.Conflict
	case codes.OutOfRange:
		return errs.Invalid
	}
	for kind, c := range codeOf {
		if c == code {
			return kind
		}
	}
	return errs.Internal
}

// ToStatus makes an error of a driver fit to travel: its kind, the message that is fit to show, the wait it carries and the fields
// it names. The cause stays where it is.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	s := status.New(codeOf[errs.KindOf(err)], errs.Message(err))
	var details []protoadapt.MessageV1
	if wait, ok := connectors.RetryAfterOf(err); ok {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	}
	if errors.Is(err, connectors.ErrCustomerNeeded) {
		details = append(details, &errdetails.ErrorInfo{Reason: customerNeeded, Domain: "pult"})
	}
	if fields := errs.FieldsOf(err); len(fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range slices.Sorted(maps.Keys(fields)) {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: f, Description: fields[f]})
		}
		details = append(details, bad)
	}
	if with, derr := s.WithDetails(details...); derr == nil {
		s = with
	}
	return s.Err()
}

// RetryAfterTrailer is the simple way to say how long to leave the system alone: whole seconds.
const RetryAfterTrailer = "retry-after"

// CustomerNeededTrailer says that the system takes the record for known customers only.
const CustomerNeededTrailer = "customer-needed"

// customerNeeded is the reason of a google.rpc.ErrorInfo that says the same.
const customerNeeded = "CUSTOMER_NEEDED"

// FromStatus makes an error of a status that came from a plug-in. clean takes out of a text what must not be shown; it is applied to
// everything that the plug-in wrote.
func FromStatus(op string, s *status.Status, trailer metadata.MD, clean func(string) string) *errs.Error {
	e := &errs.Error{Kind: KindOf(s.Code()), Op: op, Msg: clean(s.Message())}
	var wait time.Duration
	needed := len(trailer.Get(CustomerNeededTrailer)) > 0
	if v := trailer.Get(RetryAfterTrailer); len(v) > 0 {
		if n, err := strconv.Atoi(v[0]); err == nil {
			wait = time.Duration(n) * time.Second
		}
	}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.RetryInfo:
			wait = d.GetRetryDelay().AsDuration()
		case *errdetails.ErrorInfo:
			needed = needed || d.GetReason() == customerNeeded
		case *errdetails.BadRequest:
			e.Fields = map[string]string{}
			for _, v := range d.GetFieldViolations() {
				e.Fields[v.GetField()] = clean(v.GetDescription())
			}
		}
	}
	switch {
	case wait > 0:
		e.Err = &connectors.RetryAfter{After: wait}
	case needed && e.Kind == errs.Unsupported:
		e.Err = connectors.ErrCustomerNeeded
	}
	return e
}
