package main

import (
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/connectors/connectortest"
	"github.com/pult-cc/pult/connectors/plugin"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
	"github.com/pult-cc/pult/connectors/plugin/plugintest"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/errs"
)

func connectorTestCmd() *cobra.Command {
	var s subject
	var number, name string
	cmd := &cobra.Command{
		Use:   "test (ID | --plugin PROGRAM [ARGUMENT...])",
		Short: "Run the conformance suite on a connector and print a verdict a case",
		Long: `Run the conformance suite on a connector and print a verdict a case.

A plug-in that can rehearse is asked everything, on a customer base of its own. Any other connector is asked what a real system can
be asked: nothing is written. --number and --name then name a customer who stands there, for the cases that need one.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withWorkbench(cmd, func(w *app.Workbench) error {
				c, err := s.find(w, args)
				if err != nil {
					return err
				}
				verdicts, err := suite(cmd, w, c, number, name)
				if err != nil {
					return err
				}
				return report(cmd.OutOrStdout(), verdicts)
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&number, "number", "", "a number of a customer who stands in the system")
	cmd.Flags().StringVar(&name, "name", "", "a part of that customer's name")
	return cmd
}

// suite chooses what a connector can be asked.
func suite(cmd *cobra.Command, w *app.Workbench, c config.Connector, number, name string) (iter.Seq[connectortest.Verdict], error) {
	out := cmd.OutOrStdout()
	if number == "" && c.Kind == plugin.Kind {
		settings, err := plugin.Parse(c.JSON())
		if err != nil {
			return nil, err
		}
		can, about, err := rehearses(cmd, settings)
		if err != nil {
			return nil, err
		}
		if can {
			fmt.Fprintf(out, "%s %s rehearses: the whole suite, on a customer base of its own\n", about.Name, about.Version)
			return connectortest.Verify(cmd.Context(), func(t connectortest.T, customers []connectortest.Customer) connectortest.System {
				return plugintest.Open(t, settings, customers, plugin.Options{})
			}), nil
		}
	}
	var known *connectortest.Known
	if number != "" {
		q := w.Query(number)
		if q.National == "" || name == "" {
			return nil, errs.E(errs.Invalid, "reading arguments", "--number wants a telephone number, and --name a part of the customer's name")
		}
		known = &connectortest.Known{Query: q, Name: name}
	}
	d, err := w.Open(cmd.Context(), c)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%s: what a real system can be asked, nothing is written\n", c.ID)
	return connectortest.VerifyLive(cmd.Context(), d, c.ID, known), nil
}

// rehearses tells whether a plug-in has a rehearsal: opened for one, it says so.
func rehearses(cmd *cobra.Command, s plugin.Settings) (bool, plugin.Description, error) {
	d, err := plugin.Open(cmd.Context(), plugintest.ID, s, plugintest.Secrets(), plugin.Options{
		Rehearsal: true, Patience: askFor, Log: slog.New(slog.DiscardHandler),
	})
	if errs.Is(err, errs.Unsupported) || errs.Is(err, errs.Invalid) {
		return false, plugin.Description{}, nil // opening it as configured will tell what is wrong
	}
	if err != nil {
		return false, plugin.Description{}, err
	}
	about := d.About()
	return slices.Contains(about.Capabilities, pb.Capability_CAPABILITY_REHEARSE.String()), about, d.Close()
}

func report(out io.Writer, verdicts iter.Seq[connectortest.Verdict]) error {
	total, failed := 0, 0
	for v := range verdicts {
		total++
		mark := "ok  "
		if !v.OK() {
			mark = "FAIL"
			failed++
		}
		fmt.Fprintf(out, "%s  %-20s %v\n", mark, v.Name, v.Took.Round(time.Millisecond))
		for _, lines := range [][]string{v.Failed, v.Notes} {
			for _, l := range lines {
				fmt.Fprintln(out, "      "+strings.ReplaceAll(l, "\n", "\n      "))
			}
		}
	}
	if failed > 0 {
		return errs.Ef(errs.Rejected, "testing connector", "%d of %d cases failed", failed, total)
	}
	fmt.Fprintf(out, "%d cases, all passed\n", total)
	return nil
}
