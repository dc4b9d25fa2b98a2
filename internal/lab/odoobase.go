package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// What a fresh Odoo has in it: one database with the applications that a contact centre works with, and its administrator.
const (
	odooDatabase = "prod"
	odooModules  = "contacts,crm,phone_validation"
	odooLogin    = "admin"
	odooPassword = "admin" // what Odoo gives a database made without its web page
	odooAdmin    = 2       // the administrator's id in every database
)

// MakeOdooBase makes the database that StartOdoo copies, in the new folder dir. It is for scripts/parts.
func MakeOdooBase(ctx context.Context, dir string, log io.Writer) error {
	program, err := Find("odoo")
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	d := &Odoo{Process: Process{Dir: dir}, Database: odooDatabase}
	d.Postgres, err = StartPostgres(ctx, ServerOptions{Dir: filepath.Join(dir, "postgres"), Log: log})
	if err != nil {
		return err
	}
	o := ServerOptions{}
	if err := o.fill(); err != nil {
		return errors.Join(err, d.Postgres.Close())
	}
	if err := d.configure(o); err != nil {
		return errors.Join(err, d.Postgres.Close())
	}
	err = runToEnd(ctx, command{
		name: "odoo", path: program, args: []string{"--config", d.config(), "--init", odooModules, "--no-http", "--stop-after-init"}, dir: dir, log: log,
	})
	// An orderly stop, so that a copy needs no recovery.
	return errors.Join(err, d.Postgres.Stop(), d.Postgres.Close(), os.Remove(d.config()))
}
