package app

import (
	"context"

	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/store"
	"github.com/pult-cc/pult/telephony/calls"
	"github.com/pult-cc/pult/telephony/phones"
	"github.com/pult-cc/pult/telephony/queues"
)

// directory tells the floor who and what there is.
type directory struct {
	queues.Directory
	store.PhoneHealth
	users auth.Repository
}

var _ calls.Directory = directory{}

// devices keeps where people talk.
type devices struct {
	auth  *auth.Service
	users auth.Repository
}

var _ phones.Devices = devices{}

// AtDesk implements phones.Devices. It asks the database: another process may have changed it.
func (d devices) AtDesk(ctx context.Context, operatorID string) (bool, error) {
	u, err := d.users.UserByID(ctx, operatorID)
	return u.Device == auth.DeviceDesk, err
}

// SetAtDesk implements phones.Devices.
func (d devices) SetAtDesk(ctx context.Context, operatorID string, desk bool) error {
	device := auth.DeviceWeb
	if desk {
		device = auth.DeviceDesk
	}
	return d.auth.SetDevice(ctx, operatorID, device)
}

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
