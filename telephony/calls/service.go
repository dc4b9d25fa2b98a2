package calls

import (
	"context"
	"encoding/json"

	"github.com/pult-cc/pult/internal/bus"
	"github.com/pult-cc/pult/internal/errs"
)

// Service is what the edges use: it carries commands to the owner of the floor, wherever that is. Methods may be called
// concurrently.
type Service struct {
	bus   bus.Bus
	board *Board
}

// NewService makes the façade over a bus and this process's board.
func NewService(b bus.Bus, board *Board) *Service { return &Service{bus: b, board: board} }

// Board returns the read side.
func (s *Service) Board() *Board { return s.board }

// Do carries out a command. Errors: Invalid (with fields), NotFound, Forbidden (another's call), Conflict (the call's state does not
// allow it), Unavailable (nobody owns the floor, or the PBX is away), Timeout.
func (s *Service) Do(ctx context.Context, cmd Command) (Reply, error) {
	raw, err := json.Marshal(cmd)
	if err != nil {
		return Reply{}, errs.With(errs.Internal, "encoding command", err)
	}
	out, err := s.bus.Request(ctx, subjectCommand, raw)
	if err != nil {
		return Reply{}, err
	}
	var r Reply
	if err := json.Unmarshal(out, &r); err != nil {
		return Reply{}, errs.With(errs.Internal, "decoding reply", err)
	}
	return r, nil
}

// Notify passes a notice on to the windows of the operator it is for.
func (s *Service) Notify(ctx context.Context, n Notice) error {
	_, err := s.Do(ctx, Command{Kind: CmdNotify, OperatorID: n.OperatorID, Notice: &n})
	return err
}
