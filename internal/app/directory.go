package app

import (
	"context"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/queues"
)

// directory tells the floor who and what there is.
type directory struct {
	queues.Directory
	users auth.Repository
}

var _ calls.Directory = directory{}

// People returns everybody who may sign in: a supervisor or admin may take calls too, in queues they serve.
func (d directory) People(ctx context.Context) ([]calls.Person, error) {
	users, err := d.users.Users(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]calls.Person, 0, len(users))
	for _, u := range users {
		if u.Disabled {
			continue
		}
		p := calls.Person{ID: u.ID, Login: u.Login, Name: u.Name, Desk: u.Device == auth.DeviceDesk}
		if u.Role == auth.RoleOperator {
			p.Queues = u.Queues // a supervisor's queues are those they watch
		}
		out = append(out, p)
	}
	return out, nil
}
