package queues

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// Queue is the configuration of a waiting line.
type Queue struct {
	ID          string        `json:"id"`
	Key         string        `json:"key"` // name in the dialplan: "support"
	Name        string        `json:"name"`
	Order       int           `json:"order"`
	RingTimeout time.Duration `json:"ringTimeout"` // how long one operator is rung
	WrapUp      time.Duration `json:"wrapUp"`      // wrap-up ends by itself after; 0 = only by the operator
	RescueFor   time.Duration `json:"rescueFor"`   // how long a lost call is kept for the same operator
	AutoAnswer  bool          `json:"autoAnswer"`  // operators' phones answer by themselves, after a tone
	Tone        string        `json:"tone"`        // how it rings at the operators: a name that the page knows; "" = the usual one
}

// PauseReason is why an operator takes no calls.
type PauseReason struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Name   string `json:"name"`
	System bool   `json:"system"` // set by Pult, not to be chosen
}

// Keys of the system pause reasons.
const (
	PauseNoAnswer = "no_answer"
	PauseDeclined = "declined"
	PausePhone    = "phone_lost"
)

// Availability is what the operator declared (or Pult, with a system pause reason).
type Availability string

// The availabilities.
const (
	Ready   Availability = "READY"
	Paused  Availability = "PAUSED"
	Offline Availability = "OFFLINE"
)

// Declared is an operator's availability as kept over restarts.
type Declared struct {
	OperatorID   string       `json:"operatorId"`
	Availability Availability `json:"availability"`
	PauseReason  string       `json:"pauseReason,omitempty"` // key
	Since        time.Time    `json:"since"`
	IdleSince    time.Time    `json:"idleSince"` // end of the last call, for longest-idle
}

// Directory keeps queues, pause reasons and availability; implemented by internal/store. Methods may be called concurrently.
type Directory interface {
	Queues(ctx context.Context) ([]Queue, error)
	UpsertQueue(ctx context.Context, q Queue) error
	PauseReasons(ctx context.Context) ([]PauseReason, error)
	Declared(ctx context.Context) ([]Declared, error)
	SaveDeclared(ctx context.Context, d Declared) error
}

// Tones are the names of the tones that pages know to make for a queue, besides the usual one, which is "".
var Tones = []string{"bell", "chime", "marimba", "pulse", "warble"}

// Validate refuses a configuration that no page or dialplan could follow.
func (q Queue) Validate() error {
	const op = "configuring queue"
	switch {
	case q.Tone != "" && !slices.Contains(Tones, q.Tone):
		return errs.Field(op, "tone", "one of "+strings.Join(Tones, ", ")+", or nothing for the usual one")
	case q.RingTimeout < 0 || q.WrapUp < 0 || q.RescueFor < 0:
		return errs.Field(op, "duration", "not negative")
	}
	return nil
}
