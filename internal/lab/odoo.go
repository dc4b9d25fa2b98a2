package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Odoo is a private, running Odoo with a database server of its own, which Close ends with it.
type Odoo struct {
	Process
	// URL is its address: "http://127.0.0.1:8069".
	URL string
	// Database holds contacts and CRM, and nobody but the company's own partners. Login and Password are its administrator's.
	Database, Login, Password string
	// Postgres keeps the data.
	Postgres *Postgres
}

// StartOdoo starts an Odoo on a copy of the database that scripts/parts made with it; Dir keeps the copy for the next time.
func StartOdoo(ctx context.Context, o ServerOptions) (*Odoo, error) {
	program, err := Find("odoo")
	if err != nil {
		return nil, err
	}
	base, err := Find("odoo-base")
	if err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	d := &Odoo{URL: "http://" + o.addr(), Database: odooDatabase, Login: odooLogin, Password: odooPassword}
	launch := func(ctx context.Context) (*proc, error) {
		child, err := start(d.ctx, command{name: "odoo", path: program, args: []string{"--config", d.config()}, dir: d.Dir, log: o.Log})
		if err != nil {
			return nil, err
		}
		return child, child.wait(ctx, d.login)
	}
	if err := d.init(ctx, o.Dir, launch); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(d.Dir, "postgres")); errors.Is(err, os.ErrNotExist) {
		if err := copyBase(ctx, base, d.Dir, o.Log); err != nil {
			return nil, d.abandon(fmt.Errorf("copying Odoo's database: %w", err))
		}
	}
	d.Postgres, err = StartPostgres(ctx, ServerOptions{Dir: filepath.Join(d.Dir, "postgres"), BindAddr: o.BindAddr, Durable: o.Durable, Log: o.Log})
	if err != nil {
		return nil, d.abandon(err)
	}
	d.beneath = d.Postgres.Close
	if err := d.configure(o); err != nil {
		return nil, d.abandon(err)
	}
	if err := d.begin(); err != nil {
		return nil, err
	}
	return d, nil
}

// copyBase copies as the user that PostgreSQL runs as, who has to own its files.
func copyBase(ctx context.Context, base, dir string, log io.Writer) error {
	cp, err := exec.LookPath("cp")
	if err != nil {
		return err
	}
	return runToEnd(ctx, command{name: "cp", path: cp, args: []string{"-R", base + "/.", "."}, dir: dir, log: log, unprivileged: true})
}

func (d *Odoo) config() string { return filepath.Join(d.Dir, "odoo.conf") }

// configure writes the configuration: a file, because a command line can be read by everybody.
func (d *Odoo) configure(o ServerOptions) error {
	u, err := url.Parse(d.Postgres.URL)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		return err
	}
	password, _ := u.User.Password()
	settings := []string{
		"[options]", "db_host = " + host, "db_port = " + port, "db_user = " + u.User.Username(), "db_password = " + password,
		"db_name = " + d.Database, "data_dir = " + filepath.Join(d.Dir, "files"), "without_demo = all",
		"http_interface = " + o.BindAddr, fmt.Sprintf("http_port = %d", o.Port),
		"admin_passwd = " + randomHex(16), "list_db = False", "log_level = warn",
		"workers = 0", "max_cron_threads = 0", // one process, and no work of its own beside what is asked
	}
	return os.WriteFile(d.config(), []byte(strings.Join(settings, "\n")+"\n"), 0o600)
}

// login is the first thing that works when Odoo has read its modules.
func (d *Odoo) login(ctx context.Context) error {
	answer, err := d.rpc(ctx, "common", "login", d.Database, d.Login, d.Password)
	if err == nil && string(answer) == "false" {
		err = errors.New("odoo refuses its administrator")
	}
	return err
}

// Execute calls a method of a model as the administrator, for what a test prepares and looks at. The result is read into
// result, unless that is nil.
func (d *Odoo) Execute(ctx context.Context, result any, model, method string, args []any, named map[string]any) error {
	if named == nil {
		named = map[string]any{}
	}
	answer, err := d.rpc(ctx, "object", "execute_kw", d.Database, odooAdmin, d.Password, model, method, args, named)
	if err != nil {
		return fmt.Errorf("%s.%s: %w", model, method, err)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer, result)
}

func (d *Odoo) rpc(ctx context.Context, service, method string, args ...any) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "method": "call", "id": 1, "params": map[string]any{"service": service, "method": method, "args": args},
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+"/jsonrpc", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // nothing is kept open between questions, so nothing is left when the test ends
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Result json.RawMessage
		Error  *struct {
			Data struct{ Name, Message, Debug string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s: %w", resp.Status, err)
	}
	if e := answer.Error; e != nil {
		return nil, fmt.Errorf("odoo says %s: %s\n%s", e.Data.Name, e.Data.Message, e.Data.Debug)
	}
	return answer.Result, nil
}
