package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/telephony/phones"
)

func phoneCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "phone", Short: "Desk phones: hard phones and other softphones as operators' devices"}
	issue := func(use, short string, do func(*app.DeskPhones, *cobra.Command, string) (phones.DeskAccount, auth.User, error)) *cobra.Command {
		return &cobra.Command{
			Use: use + " LOGIN", Short: short, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return withDeskPhones(cmd, func(d *app.DeskPhones) error {
					a, u, err := do(d, cmd, args[0])
					if err != nil {
						return err
					}
					return printAccount(cmd.OutOrStdout(), u, a)
				})
			},
		}
	}
	cmd.AddCommand(
		issue("add", "Make a desk phone a person's device; prints its SIP account, once",
			func(d *app.DeskPhones, cmd *cobra.Command, login string) (phones.DeskAccount, auth.User, error) {
				return d.Add(cmd.Context(), login)
			}),
		issue("rotate", "Give a desk phone a new password; the old one signs in no longer",
			func(d *app.DeskPhones, cmd *cobra.Command, login string) (phones.DeskAccount, auth.User, error) {
				return d.Rotate(cmd.Context(), login)
			}),
		&cobra.Command{
			Use: "remove LOGIN", Short: "Revoke a desk phone's account; the page is the person's device again", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return withDeskPhones(cmd, func(d *app.DeskPhones) error {
					u, err := d.Remove(cmd.Context(), args[0])
					if err == nil {
						fmt.Fprintf(cmd.OutOrStdout(), "%s talks in the page again; a running Pult tells Asterisk within seconds\n", u.Login)
					}
					return err
				})
			},
		},
	)
	return cmd
}

func withDeskPhones(cmd *cobra.Command, do func(*app.DeskPhones) error) error {
	cfg, log, err := load(cmd)
	if err != nil {
		return err
	}
	d, err := app.OpenDeskPhones(cmd.Context(), cfg, log)
	if err != nil {
		return err
	}
	if err := do(d); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}

var accountText = template.Must(template.New("account").Parse(`Desk phone of {{.Name}} ({{.Login}}). The password is shown this once.

  Server     {{.Server}}
  Transport  {{.Transport}}
  User       {{.User}}
  Password   {{.Password}}

Where it goes:
  Yealink      Account > Register: Register Name and User Name = User, Server Host = {{.Host}}{{with .Port}}, Port = {{.}}{{end}}, Transport = {{.Transport}}
  Grandstream  Account > General: SIP Server = {{.Server}}, SIP User ID and Authenticate ID = User, Authenticate Password = Password;
               Account > SIP Settings: SIP Transport = {{.Transport}}
  MicroSIP     Account: SIP Server and Domain = {{.Server}}, Username and Login = User, Transport = {{.Transport}}

Codecs: G.722, A-law, mu-law or Opus. For calls that are to be answered by themselves (dialled from the page, brought back after a fault), let the
phone auto-answer on the Call-Info header. Leave transfer and hold to the page: what Pult does with a call, it does in Asterisk.
A running Pult tells Asterisk within seconds{{if .Renewed}}; the former password is no longer good then, and the phone registers anew with this one{{end}}.
`))

func printAccount(out io.Writer, u auth.User, a phones.DeskAccount) error {
	host, port, err := net.SplitHostPort(a.Server)
	if err != nil { // without a port
		host, port = a.Server, ""
	}
	return accountText.Execute(out, struct {
		phones.DeskAccount
		Name, Login, Transport, Host, Port string
	}{a, u.Name, u.Login, strings.ToUpper(a.Transport), host, port})
}
