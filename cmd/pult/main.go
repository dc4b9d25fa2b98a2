// Command pult is the contact-centre workspace for Asterisk: server, demo and tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/internal/errs"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends a drain that hangs
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "pult:", explain(err))
		os.Exit(exitCode(err))
	}
}

// explain prefers the message meant for people, and keeps the cause for whoever has to mend it.
func explain(err error) string {
	msg := errs.Message(err)
	if msg == "" {
		return err.Error()
	}
	var e *errs.Error
	if errors.As(err, &e) {
		for inner := e; ; {
			if inner.Err == nil {
				return msg
			}
			if !errors.As(inner.Err, &inner) {
				return msg + " (" + e.Error() + ")"
			}
		}
	}
	return msg
}

// exitCode: 2 for what the caller can mend, 1 for everything else.
func exitCode(err error) int {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound, errs.Conflict:
		return 2
	}
	return 1
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pult", Short: "Contact-centre workspace for Asterisk", SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	cmd.PersistentFlags().StringP("config", "c", os.Getenv("PULT_CONFIG"), "configuration file (also PULT_CONFIG)")
	cmd.AddCommand(serveCmd(), demoCmd(), migrateCmd(), userCmd(), queueCmd(), phoneCmd(), connectorCmd(), configCmd(), doctorCmd(), versionCmd())
	return cmd
}

func versionCmd() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version) },
	}
}
