package outbox

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/pult-cc/pult/internal/errs"
)

// refused decides whether a refusal is about its record, which then is dead, or one of a storm: then it waits, as do those before it
// in the row, and the system is left alone. A record that was refused before the system took another one, and is refused again after,
// is refused for its own sake, however many others are. The caller holds l.judging until the verdict is noted.
func (l *lane) refused(ctx context.Context, e Entry, v Verdict) Verdict {
	l.mu.Lock()
	if e.Reason != "" && refusal(e.ReasonCode) && l.took.After(e.UpdatedAt) {
		l.mu.Unlock()
		return v
	}
	was := len(l.row)
	if was < storm && !slices.ContainsFunc(l.row, func(r Entry) bool { return r.Subject == e.Subject }) {
		l.row = append(l.row, e)
	}
	row := slices.Clone(l.row)
	l.mu.Unlock()
	if len(row) < storm {
		return v
	}
	if was < storm {
		l.Log.Warn("a customer system refuses everything: records wait", "connector", l.target.ID())
		for _, r := range row[:was] {
			l.pardon(ctx, r)
		}
	}
	return suspected(e.Attempts, rand.Float64())
}

// stormy tells whether everything is refused. What has not been tried yet tells more than what was refused before.
func (l *lane) stormy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.row) >= storm
}

// refusal tells whether a kind of error is one that the record may be to blame for.
func refusal(code string) bool {
	switch errs.ParseKind(code) {
	case errs.Rejected, errs.Invalid, errs.NotFound, errs.Conflict, errs.Unsupported:
		return true
	}
	return false
}

// pardon makes a record wait that died of what turns out to be a storm, unless somebody has decided on it since.
func (l *lane) pardon(ctx context.Context, r Entry) {
	now := l.now()
	_, err := l.Repository.Change(ctx, r.ID, func(e Entry) (Entry, error) {
		if e.State != StateDead || e.Revision != r.Revision || e.Attempts != r.Attempts+1 {
			return e, nil
		}
		e.State, e.Since, e.NextAttempt = StatePending, r.Since, now.Add(suspected(r.Attempts, rand.Float64()).Wait)
		return e, nil
	})
	if err != nil && !errs.Is(err, errs.NotFound) {
		l.Log.Warn("keeping a record that was refused with all others", "connector", r.Connector, "entry", r.ID, "err", err)
	}
}
