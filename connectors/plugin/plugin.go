// Package plugin runs connectors that are processes of their own, in any language that has gRPC: it starts them, gives them their
// settings and secrets and nothing else, watches them, starts them again, and ends them with Pult. To the rest of Pult a plug-in is a
// connectors.Driver like any other; one that is dead is errs.Unavailable at once.
//
// The protocol is proto/pult/connector/v1/connector.proto, the way processes meet is hashicorp/go-plugin's; docs/decisions/0017 says
// why.
package plugin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os/exec"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is the name of this kind of connector in configurations.
const Kind = "plugin"

// Settings are the configuration of a plug-in.
type Settings struct {
	Command  string            `json:"command"`  // a path, or a name to be found in PATH
	Args     []string          `json:"args"`     //
	Env      map[string]string `json:"env"`      // the whole environment, besides what the handshake needs; no secrets
	Checksum string            `json:"checksum"` // SHA-256 of the command's file, in hexadecimal
	Config   json.RawMessage   `json:"config"`   // the plug-in's own settings
	Secrets  map[string]string `json:"secrets"`  // references, by the names that the plug-in knows them by
	Start    Duration          `json:"start_timeout"`
}

// Duration is a length of time as configurations write it: "10s".
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Options are what does not stand in a configuration. The zero value is what Pult uses, but for the log.
type Options struct {
	Log       *slog.Logger // what happens to the plug-in, and what it writes to standard error; default: discarded
	Rehearsal bool         // open an empty customer base for a test, see Driver.Rehearse
	// Patience is how long Open waits for the first start, default 5 s. After that it goes on behind a driver that is Unavailable:
	// Pult's own start does not wait for a plug-in that hangs.
	Patience time.Duration
	Pace     Pace
}

// Pace is how patient the supervisor is. Zero fields mean the defaults.
type Pace struct {
	Restart    time.Duration // before the first start after a death; doubles up to RestartMax; default 250 ms
	RestartMax time.Duration // default 1 min
	Settled    time.Duration // one that lived so long is started again without delay; default 1 min
	Ping       time.Duration // so often it is asked whether it lives, with so much time to answer; default 5 s
	Misses     int           // so many answers missing in a row and it is ended and started again; default 3
	Goodbye    time.Duration // how long it may take to end by itself; default 2 s
}

func (p Pace) withDefaults() Pace {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&p.Restart, 250*time.Millisecond)
	def(&p.RestartMax, time.Minute)
	def(&p.Settled, time.Minute)
	def(&p.Ping, 5*time.Second)
	def(&p.Goodbye, 2*time.Second)
	if p.Misses == 0 {
		p.Misses = 3
	}
	return p
}

const defaultPatience = 5 * time.Second

// defaultStart is how long a plug-in may take until it is configured. Node under load takes seconds.
const defaultStart = 20 * time.Second

// Factory returns the factory of the kind "plugin". Unlike other factories its New starts something: the process, since only that
// can tell what it is able to do. The driver's Close ends it.
func Factory(log *slog.Logger) connectors.Factory {
	return connectors.Factory{
		Kind: Kind,
		Schema: json.RawMessage(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["command"],
  "properties": {
    "command": {"type": "string", "title": "Program", "description": "A path, or a name to be found in PATH"},
    "args": {"type": "array", "title": "Arguments", "items": {"type": "string"}},
    "env": {"type": "object", "title": "Environment", "description": "All of it: nothing of Pult's own is passed on. No secrets",
      "additionalProperties": {"type": "string"}},
    "checksum": {"type": "string", "title": "SHA-256 of the program", "pattern": "^[0-9A-Fa-f]{64}$"},
    "config": {"type": "object", "title": "Settings of the plug-in"},
    "secrets": {"type": "object", "title": "Secrets of the plug-in", "additionalProperties": {"type": "string", "x-secret": true}},
    "start_timeout": {"type": "string", "title": "How long a start may take", "default": "20s"}
  }
}`),
		New: func(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
			s, err := Parse(config, nil)
			if err != nil {
				return nil, err
			}
			return Open(ctx, id, s, secrets, Options{Log: log})
		},
	}
}

// Parse reads settings from a connector's configuration; err is that of whoever brought it.
func Parse(config json.RawMessage, err error) (Settings, error) {
	const op = "reading configuration"
	var s Settings
	if err != nil {
		return s, err
	}
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, errs.E(errs.Invalid, op, err.Error())
	}
	return s, nil
}

// resolve checks the settings, as far as that goes without starting anything, and finds the program.
func (s *Settings) resolve() error {
	const op = "reading configuration"
	if s.Command == "" {
		return errs.Field(op, "command", "the program to start is missing")
	}
	path, err := exec.LookPath(s.Command)
	if err != nil {
		return errs.Field(op, "command", s.Command+" is not there, or cannot be run: give its whole path, and make it executable")
	}
	s.Command = path
	if s.Checksum != "" {
		s.Checksum = strings.ToLower(strings.TrimPrefix(s.Checksum, "sha256:"))
		if b, err := hex.DecodeString(s.Checksum); err != nil || len(b) != sha256.Size {
			return errs.Field(op, "checksum", "must be a SHA-256 in hexadecimal, as sha256sum prints it")
		}
	}
	if len(s.Config) == 0 {
		s.Config = json.RawMessage("{}")
	}
	if s.Start == 0 {
		s.Start = Duration(defaultStart)
	}
	return nil
}

// Open starts a plug-in. What its configuration or the program itself gets wrong for good is errs.Invalid. A plug-in that dies, hangs
// or fails otherwise is a driver all the same: it is started again and again, and its calls are errs.Unavailable until then. ctx is
// for opening only; Close ends the plug-in.
func Open(ctx context.Context, id string, s Settings, secrets connectors.Secrets, o Options) (*Driver, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	o.Pace = o.Pace.withDefaults()
	if err := s.resolve(); err != nil {
		return nil, err
	}
	sup := &supervisor{
		id: id, settings: s, secrets: secrets, o: o, log: o.Log.With("connector", id), clean: &cleaner{}, done: make(chan struct{}),
	}
	about, err := sup.launch(ctx)
	if err != nil {
		return nil, err
	}
	return newDriver(id, sup, about), nil
}
