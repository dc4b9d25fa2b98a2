package bus

import (
	"errors"

	"github.com/pult-cc/pult/internal/errs"
)

// Failure is an error as it travels to a requester.
type Failure struct {
	Kind   string            `json:"kind"`
	Op     string            `json:"op,omitempty"`
	Msg    string            `json:"msg,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	Cause  string            `json:"cause,omitempty"` // for the log
}

// FailureOf prepares a handler's error for the journey; err is not nil.
func FailureOf(err error) Failure {
	f := Failure{Kind: errs.KindOf(err).String(), Msg: errs.Message(err), Cause: err.Error()}
	var e *errs.Error
	if errors.As(err, &e) {
		f.Op = e.Op
	}
	if fields := errs.FieldsOf(err); len(fields) > 0 {
		f.Fields = fields
	}
	return f
}

// Err is the error at the requester's end.
func (f Failure) Err() error {
	return &errs.Error{Kind: errs.ParseKind(f.Kind), Op: f.Op, Msg: f.Msg, Fields: f.Fields, Err: cause(f.Cause)}
}

// cause is the text of an error that was made elsewhere.
type cause string

func (c cause) Error() string { return string(c) }

// ErrNoHandler makes the error of a request that nobody serves.
func ErrNoHandler(subject string) error {
	return errs.Ef(errs.Unavailable, "requesting "+subject, "nobody serves the request at the moment")
}

// ErrNoAnswer makes the error of a request that was not answered in time: whether it was carried out is unknown.
func ErrNoAnswer(subject string, err error) error {
	return &errs.Error{Kind: errs.Timeout, Op: "requesting " + subject, Msg: "no answer in time", Err: err}
}
