package transport

import (
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
)

// Types of messages.
const (
	typeInit      = "connection_init"
	typeAck       = "connection_ack"
	typePing      = "ping"
	typePong      = "pong"
	typeSubscribe = "subscribe"
	typeNext      = "next"
	typeError     = "error"
	typeComplete  = "complete"
)

// maxID is more than any client's operation id has, in bytes.
const maxID = 256

// message is one from the client.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

// parseMessage reads a message; problem says what is wrong, in the words of a close reason.
func parseMessage(data []byte) (m message, params *graphql.RawParams, problem string) {
	if err := json.Unmarshal(data, &m); err != nil {
		return m, nil, "Invalid message"
	}
	switch m.Type {
	case typeInit, typePing, typePong:
		if !isObjectOrAbsent(m.Payload) {
			return m, nil, "Invalid message: payload must be an object"
		}
	case typeComplete:
		if m.ID == "" {
			return m, nil, "Invalid message: id is missing"
		}
	case typeSubscribe:
		if m.ID == "" || len(m.ID) > maxID {
			return m, nil, "Invalid message: id is missing or too long"
		}
		if params, problem = parseParams(m.Payload); problem != "" {
			return m, nil, "Invalid message: " + problem
		}
	default:
		return m, nil, "Invalid message: unknown type"
	}
	return m, params, ""
}

func isObjectOrAbsent(raw json.RawMessage) bool {
	return len(raw) == 0 || raw[0] == '{' || string(raw) == "null"
}

var (
	frameAck  = []byte(`{"type":"connection_ack"}`)
	framePing = []byte(`{"type":"ping"}`)
	framePong = []byte(`{"type":"pong"}`)
)

// frame writes the beginning of a message of an operation.
func frame(kind, id string, size int) []byte {
	b := make([]byte, 0, size+len(id)+48)
	b = append(b, `{"id":`...)
	b = appendJSON(b, id)
	b = append(b, `,"type":"`...)
	b = append(b, kind...)
	return append(b, '"')
}

func frameNext(id string, resp *graphql.Response) []byte {
	b := frame(typeNext, id, len(resp.Data)+32)
	b = append(b, `,"payload":`...)
	b = appendResponse(b, resp)
	return append(b, '}')
}

func frameError(id string, resp *graphql.Response) []byte {
	b := frame(typeError, id, 256)
	b = append(b, `,"payload":`...)
	b = appendJSON(b, resp.Errors)
	return append(b, '}')
}

func frameComplete(id string) []byte { return append(frame(typeComplete, id, 0), '}') }
