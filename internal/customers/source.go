package customers

import (
	"context"
	"errors"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Source is what this package needs of a connectors.Connector.
type Source interface {
	ID() string
	Name() string
	RingDeadline() time.Duration
	Peek(q connectors.LookupQuery) (connectors.Answer, bool)
	Refresh(ctx context.Context, q connectors.LookupQuery) (connectors.Answer, error)
	Get(ctx context.Context, ref connectors.Ref) (connectors.Candidate, error)
	Search(ctx context.Context, text string, limit int) ([]connectors.Candidate, error)
	Status() connectors.Status
}

var _ Source = connectors.Connector(nil)

// showProblem is the text of a source's error that is fit to show behind the source's name.
func showProblem(err error) string {
	if m := errs.Message(err); m != "" {
		return m
	}
	switch errs.KindOf(err) {
	case errs.Timeout:
		return "no answer in time"
	case errs.Unavailable:
		return "the system does not answer"
	case errs.Unauthenticated, errs.Forbidden:
		return "the user name or password was refused"
	case errs.RateLimited:
		return "the system asks for fewer requests"
	}
	return "the answer was not understood"
}

// saidBy is an error of a source whose words say whose it is.
func saidBy(src Source, op string, err error) error {
	// The innermost message is the one that is shown: that of the source has become a part of this one.
	return &errs.Error{
		Kind: errs.KindOf(err), Op: op, Msg: src.Name() + ": " + showProblem(err), Fields: errs.FieldsOf(err), Err: errors.New(err.Error()),
	}
}
