package app

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/queues"
)

func lookupEnv(name string) (string, bool) { return os.LookupEnv(name) }

// QueueChange is what the command line changes of a queue; nil leaves as it is.
type QueueChange struct {
	Name, Tone                     *string
	AutoAnswer                     *bool
	RingTimeout, WrapUp, RescueFor *time.Duration
}

// Queues lists the queues of the configuration's database.
func Queues(ctx context.Context, cfg config.Config, log *slog.Logger) ([]queues.Queue, error) {
	a, err := openTool(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.store.Directory().Queues(ctx)
}

// SetQueue changes a queue, or makes it. A running Pult sees it at its next directory reload, which signing in triggers.
func SetQueue(ctx context.Context, cfg config.Config, log *slog.Logger, key string, c QueueChange) (queues.Queue, error) {
	a, err := openTool(ctx, cfg, log)
	if err != nil {
		return queues.Queue{}, err
	}
	defer a.Close()
	all, err := a.store.Directory().Queues(ctx)
	if err != nil {
		return queues.Queue{}, err
	}
	q := queues.Queue{ID: newID(), Key: key, Name: key, RingTimeout: 15 * time.Second, WrapUp: 2 * time.Minute, RescueFor: 30 * time.Second}
	for _, old := range all {
		q.Order = max(q.Order, old.Order+1)
	}
	for _, old := range all {
		if old.Key == key {
			q = old
		}
	}
	set(&q.Name, c.Name)
	set(&q.Tone, c.Tone)
	set(&q.AutoAnswer, c.AutoAnswer)
	set(&q.RingTimeout, c.RingTimeout)
	set(&q.WrapUp, c.WrapUp)
	set(&q.RescueFor, c.RescueFor)
	return q, a.store.Directory().UpsertQueue(ctx, q)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// openTool opens the database, brought up to date, and nothing else.
func openTool(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	if _, err := Migrate(ctx, cfg, log); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: log, secrets: config.NewSecrets(lookupEnv, nil)}
	return a, a.openStore(ctx)
}

// UserSpec is a person to add from the command line.
type UserSpec struct {
	Login, Name, Password string
	Role                  auth.Role
	QueueKeys             []string // none: all queues
}

// AddUser adds a person to the database of the configuration and returns their id. A running Pult sees them at its next
// directory reload, which signing in triggers.
func AddUser(ctx context.Context, cfg config.Config, log *slog.Logger, u UserSpec) (string, error) {
	const op = "adding person"
	a, err := openTool(ctx, cfg, log)
	if err != nil {
		return "", err
	}
	defer a.Close()
	all, err := a.store.Directory().Queues(ctx)
	if err != nil {
		return "", err
	}
	var ids, keys []string
	for _, q := range all {
		keys = append(keys, q.Key)
		if len(u.QueueKeys) == 0 {
			ids = append(ids, q.ID)
		}
	}
	for _, key := range u.QueueKeys {
		found := false
		for _, q := range all {
			if q.Key == key {
				ids, found = append(ids, q.ID), true
			}
		}
		if !found {
			return "", errs.Field(op, "queue", "no queue "+key+"; there are "+strings.Join(keys, ", "))
		}
	}
	user, err := auth.New(a.store.Auth(), auth.Options{}).CreateUser(ctx, auth.NewUser{
		Login: u.Login, Name: u.Name, Role: u.Role, Queues: ids, Password: u.Password,
	})
	if err != nil {
		return "", err
	}
	return user.ID, nil
}
