package wire

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// A plug-in in a language whose gRPC has no status details says it in the trailer.
func TestThatACustomerIsNeededTravelsInATrailer(t *testing.T) {
	same := func(s string) string { return s }
	said := metadata.Pairs(CustomerNeededTrailer, "1")
	err := FromStatus("logging call", status.New(codes.Unimplemented, "known customers only"), said, same)
	if !errors.Is(err, connectors.ErrCustomerNeeded) || err.Kind != errs.Unsupported || err.Msg != "known customers only" {
		t.Errorf("got %+v", err)
	}
	for _, other := range []*errs.Error{
		FromStatus("logging call", status.New(codes.Unimplemented, "no calls at all"), nil, same),
		FromStatus("logging call", status.New(codes.Unavailable, "away"), said, same),
	} {
		if errors.Is(other, connectors.ErrCustomerNeeded) {
			t.Errorf("%v means that a customer is needed", other)
		}
	}
}
