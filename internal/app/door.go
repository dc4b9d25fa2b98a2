package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/ari"
)

// openDoor makes the door of an Asterisk that connects to Pult, where the configuration says so. Every process has one; that of the
// floor's owner lets Asterisk in.
func (a *App) openDoor(ctx context.Context) error {
	c := a.cfg.Telephony
	if c.Driver != config.DriverARI || c.ARI.Link != config.LinkOutbound {
		return nil
	}
	o := c.ARI.Outbound
	password, err := a.secrets.Resolve(ctx, o.Password)
	if err != nil {
		return err
	}
	if a.door, err = ari.NewDoor(o.User, password, a.log); err != nil {
		return err
	}
	if o.Listen != "" {
		a.workers = append(a.workers, a.serveDoor)
	}
	return nil
}

// serveDoor serves the door at an address of its own.
func (a *App) serveDoor(ctx context.Context) error {
	o := a.cfg.Telephony.ARI.Outbound
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return &errs.Error{Kind: errs.Invalid, Op: "listening", Msg: fmt.Sprintf("cannot serve %s (telephony.ari.outbound.listen)", o.Listen), Err: err}
	}
	mux := http.NewServeMux()
	mux.Handle(o.Path, a.door)
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // Asterisk's own connection is the driver's to end
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return errs.With(errs.Internal, "serving Asterisk's way in", err)
	}
	return ctx.Err()
}
