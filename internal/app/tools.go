package app

import (
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
)

func lookupEnv(name string) (string, bool) { return os.LookupEnv(name) }

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
	if _, err := Migrate(ctx, cfg, log); err != nil {
		return "", err
	}
	a := &App{cfg: cfg, log: log, secrets: config.NewSecrets(lookupEnv, nil)}
	if err := a.openStore(ctx); err != nil {
		return "", err
	}
	defer a.Close()
	queues, err := a.store.Directory().Queues(ctx)
	if err != nil {
		return "", err
	}
	var ids, keys []string
	for _, q := range queues {
		keys = append(keys, q.Key)
		if len(u.QueueKeys) == 0 {
			ids = append(ids, q.ID)
		}
	}
	for _, key := range u.QueueKeys {
		found := false
		for _, q := range queues {
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
