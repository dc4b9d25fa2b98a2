package app

import (
	"context"

	"github.com/pult-cc/pult/internal/errs"
)

// subjectRights is where processes tell each other whose rights have changed: sessions ended elsewhere end here at once, and not
// only at the next look into the database.
const subjectRights = "rights"

// announceRights is given to auth.Service; it must not block. When many change at once, those that find no room wait for auth's
// own periodic check.
func (a *App) announceRights(userID string) {
	select {
	case a.rights <- userID:
	default:
	}
}

// shareRights carries announcements between processes until ctx ends.
func (a *App) shareRights(ctx context.Context) error {
	sub, err := a.bus.Subscribe(ctx, subjectRights)
	if err != nil {
		return errs.Wrap("following rights", err)
	}
	defer sub.Close()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case id := <-a.rights:
			if err := a.bus.Publish(ctx, subjectRights, []byte(id)); err != nil && ctx.Err() == nil {
				a.log.Warn("telling others whose rights changed", "error", err)
			}
		case env, ok := <-sub.C():
			if !ok {
				return errs.E(errs.Unavailable, "following rights", "the bus ended the subscription")
			}
			if len(env.Payload) > 0 {
				a.auth.Recheck(ctx, string(env.Payload))
			}
		}
	}
}
