package scalar

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/pult-cc/pult/internal/errs"
)

// MarshalJSON writes JSON as it is; nothing is null.
func MarshalJSON(v json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if len(bytes.TrimSpace(v)) == 0 {
			v = json.RawMessage("null")
		}
		_, _ = w.Write(v) // the client has gone: nobody to tell
	})
}

// UnmarshalJSON takes any value.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, errs.E(errs.Invalid, "reading JSON", "is no JSON value")
	}
	return text, nil
}
