package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/auth"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/obs"
)

// load reads the configuration that the flags name.
func load(cmd *cobra.Command) (config.Config, *slog.Logger, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return config.Config{}, nil, errs.With(errs.Internal, "reading flags", err)
	}
	cfg, err := config.Load(path, os.Environ())
	if err != nil {
		return config.Config{}, nil, err
	}
	log, err := obs.NewLogger(cmd.ErrOrStderr(), obs.LogOptions{Level: cfg.Log.Level, Format: cfg.Log.Format})
	return cfg, log, err
}

func serveCmd() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve the workspace and its API", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := load(cmd)
			if err != nil {
				return err
			}
			a, err := app.New(cmd.Context(), cfg, app.Options{Version: version, Log: log})
			if err != nil {
				return err
			}
			defer closeApp(a, log)
			return a.Run(cmd.Context())
		},
	}
}

func closeApp(a *app.App, log *slog.Logger) {
	if err := a.Close(); err != nil {
		log.Error("closing", "error", err)
	}
}

func migrateCmd() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := load(cmd)
			if err != nil {
				return err
			}
			done, err := app.Migrate(cmd.Context(), cfg, log)
			if err != nil {
				return err
			}
			if len(done) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "the database is up to date")
			}
			for _, m := range done {
				fmt.Fprintln(cmd.OutOrStdout(), "applied", m)
			}
			return nil
		},
	}
}

func configCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show and check the configuration"}
	cmd.AddCommand(
		browserPolicyCmd(),
		&cobra.Command{
			Use: "default", Short: "Print the default configuration, with comments", Args: cobra.NoArgs,
			Run: func(cmd *cobra.Command, _ []string) { fmt.Fprint(cmd.OutOrStdout(), config.Example()) },
		},
		&cobra.Command{
			Use: "check", Short: "Tell what is wrong with the configuration", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				if _, _, err := load(cmd); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "the configuration is in order")
				return nil
			},
		},
	)
	return cmd
}

func userCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "People"}
	var u app.UserSpec
	add := &cobra.Command{
		Use: "add LOGIN", Short: "Add a person; the password is asked for, or read from standard input", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := load(cmd)
			if err != nil {
				return err
			}
			u.Login = args[0]
			if u.Name == "" {
				u.Name = args[0]
			}
			if u.Password, err = readPassword(cmd); err != nil {
				return err
			}
			id, err := app.AddUser(cmd.Context(), cfg, log, u)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "added %s (%s)\n", u.Login, id)
			return nil
		},
	}
	add.Flags().StringVar(&u.Name, "name", "", "name as shown to colleagues (default: the login)")
	add.Flags().StringVar((*string)(&u.Role), "role", string(auth.RoleOperator), "OPERATOR, SUPERVISOR or ADMIN")
	add.Flags().StringSliceVar(&u.QueueKeys, "queue", nil, "queue the person serves or watches, by key; repeat for more (default: all)")
	cmd.AddCommand(add)
	return cmd
}

// readPassword asks at a terminal without echo, and reads a line otherwise.
func readPassword(cmd *cobra.Command) (string, error) {
	if f, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(cmd.ErrOrStderr(), "Password: ")
		p, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", errs.With(errs.Invalid, "reading password", err)
		}
		return string(p), nil
	}
	var line strings.Builder
	buf := make([]byte, 1)
	for {
		n, err := cmd.InOrStdin().Read(buf)
		if n == 1 && buf[0] == '\n' {
			break
		}
		line.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return strings.TrimRight(line.String(), "\r"), nil
}
