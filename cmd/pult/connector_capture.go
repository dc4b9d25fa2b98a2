package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/connectors/capture"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/errs"
)

func connectorCaptureCmd() *cobra.Command {
	var numbers, searches []string
	var index bool
	var out string
	cmd := &cobra.Command{
		Use:   "capture ID --number NUMBER... --out FILE",
		Short: "Record a customer system's answers, anonymised, as a test fixture",
		Long: `Record a customer system's answers, anonymised, as a test fixture.

The system is checked and asked about the numbers and names given; nothing is written to it. Names, numbers, mail addresses, long ids,
hosts and secrets become pseudonyms of the same shape, the same everywhere in the file; structure, types and errors stay. Whether the
connector makes of the file what it made of the system is verified before it is written. Look at it before you give it away.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" || len(numbers) == 0 {
				return errs.E(errs.Invalid, "reading arguments", "give --out, and --number of a customer who stands in the system")
			}
			return withWorkbench(cmd, func(w *app.Workbench) error {
				c, err := w.Find(args[0])
				if err != nil {
					return err
				}
				o, err := w.CaptureOptions(c)
				if err != nil {
					return err
				}
				o.Searches, o.Index, o.Check = searches, index, true
				for _, n := range numbers {
					q := w.Query(n)
					if q.National == "" {
						return errs.Field("reading arguments", "--number", n+" is no number")
					}
					o.Numbers = append(o.Numbers, q)
				}
				ctx, cancel := context.WithTimeout(cmd.Context(), captureFor)
				defer cancel()
				f, err := capture.Run(ctx, o)
				if err != nil {
					return err
				}
				return writeFixture(cmd, out, f)
			})
		},
	}
	cmd.Flags().StringArrayVar(&numbers, "number", nil, "a number to look up; repeat for more")
	cmd.Flags().StringArrayVar(&searches, "search", nil, "words to search for; repeat for more")
	cmd.Flags().BoolVar(&index, "index", false, "also the first page of the list of everybody")
	cmd.Flags().StringVar(&out, "out", "", "file to write; it must not be there yet")
	return cmd
}

// captureFor is how long a capture may take.
const captureFor = 5 * time.Minute

func writeFixture(cmd *cobra.Command, path string, f capture.Fixture) error {
	const op = "writing recording"
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return errs.With(errs.Internal, op, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the administrator names it
	if err != nil {
		return &errs.Error{Kind: errs.Invalid, Op: op, Msg: "cannot make " + path + ": it must not be there yet", Err: err}
	}
	_, err = file.Write(append(text, '\n'))
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return errs.With(errs.Unavailable, op, err)
	}
	for _, c := range f.Cases {
		what := c.Op
		if c.Query != nil {
			what += " " + c.Query.E164
		}
		result := fmt.Sprintf("%d found", len(c.Found))
		if c.Problem != "" {
			result = c.Problem
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%-24s %s\n", what, result)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d requests in %s. Numbers above and names in it are pseudonyms; look at it before you give it away.\n", len(f.Exchanges), path)
	return nil
}
