package customers

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// EncodeID makes the ID of a record: the parts of its reference in URL-safe base64. It is opaque to everybody else.
func EncodeID(ref connectors.Ref) ID {
	return ID(base64.RawURLEncoding.EncodeToString([]byte(ref.Connector + "\x00" + ref.Type + "\x00" + ref.ID)))
}

// DecodeID is the inverse of EncodeID; what is no ID is errs.NotFound, because there is no such customer.
func DecodeID(id ID) (connectors.Ref, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(id))
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 || parts[0] == "" || parts[2] == "" || !utf8.Valid(raw) {
		return connectors.Ref{}, errs.E(errs.NotFound, "reading customer id", "there is no such customer")
	}
	return connectors.Ref{Connector: parts[0], Type: parts[1], ID: parts[2]}, nil
}
