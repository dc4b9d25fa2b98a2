package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/plugin"
	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/internal/config"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

func connectorCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "connector", Short: "Customer systems: check, look up, test, capture"}
	cmd.AddCommand(connectorCheckCmd(), connectorLookupCmd(), connectorTestCmd(), connectorCaptureCmd())
	return cmd
}

// subject is the connector that a command is about: one of the configuration, or a program that may become one.
type subject struct {
	program  bool // the arguments are a program and its arguments
	settings string
	secrets  []string
}

func (s *subject) flags(cmd *cobra.Command) {
	cmd.Flags().SetInterspersed(false) // what follows the program's name is the program's
	cmd.Flags().BoolVar(&s.program, "plugin", false, "the arguments are a plug-in's program and its arguments, instead of a configured connector")
	cmd.Flags().StringVar(&s.settings, "settings", "{}", "with --plugin: its settings, JSON")
	cmd.Flags().StringArrayVar(&s.secrets, "secret", nil, "with --plugin: NAME=REFERENCE, as env:VARIABLE or file:PATH; repeat for more")
}

// trial is the id of a program that no configuration names.
const trial = "trial"

// find returns the connector's configuration.
func (s *subject) find(w *app.Workbench, args []string) (config.Connector, error) {
	const op = "reading arguments"
	if !s.program {
		if len(args) != 1 {
			return config.Connector{}, errs.E(errs.Invalid, op, "name one connector of the configuration, or --plugin and a program")
		}
		return w.Find(args[0])
	}
	if len(args) == 0 {
		return config.Connector{}, errs.E(errs.Invalid, op, "--plugin wants a program")
	}
	var settings map[string]any
	if err := json.Unmarshal([]byte(s.settings), &settings); err != nil {
		return config.Connector{}, errs.Field(op, "--settings", "is no JSON object")
	}
	secrets := map[string]any{}
	for _, pair := range s.secrets {
		name, ref, ok := strings.Cut(pair, "=")
		if !ok {
			return config.Connector{}, errs.Field(op, "--secret", "must be NAME=REFERENCE")
		}
		secrets[name] = ref
	}
	return config.Connector{ID: trial, Kind: plugin.Kind, Name: args[0], Config: map[string]any{
		"command": args[0], "args": args[1:], "config": settings, "secrets": secrets,
	}}, nil
}

// withWorkbench runs a command over the configuration.
func withWorkbench(cmd *cobra.Command, do func(*app.Workbench) error) error {
	cfg, log, err := load(cmd)
	if err != nil {
		return err
	}
	w, err := app.OpenWorkbench(cfg, log)
	if err != nil {
		return err
	}
	err = do(w)
	return cmp.Or(err, w.Close())
}

func connectorCheckCmd() *cobra.Command {
	var s subject
	cmd := &cobra.Command{
		Use:   "check [ID | --plugin PROGRAM [ARGUMENT...]]",
		Short: "Ask a customer system whether it is there and lets us in; without a name, every one of the configuration",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withWorkbench(cmd, func(w *app.Workbench) error {
				if len(args) > 0 || s.program {
					c, err := s.find(w, args)
					if err != nil {
						return err
					}
					return check(cmd, w, c)
				}
				var failed error
				for _, id := range w.IDs() {
					c, err := w.Find(id)
					if err == nil {
						err = check(cmd, w, c)
					}
					if err != nil {
						fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", id, explain(err))
						failed = errs.E(errs.Unavailable, "checking connectors", "not every customer system is well")
					}
				}
				return failed
			})
		},
	}
	s.flags(cmd)
	return cmd
}

func check(cmd *cobra.Command, w *app.Workbench, c config.Connector) error {
	d, err := w.Open(cmd.Context(), c)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if p, ok := d.(*plugin.Driver); ok {
		about := p.About()
		fmt.Fprintf(out, "%s: plug-in %s %s: %s\n", c.ID, about.Name, about.Version, abilities(about.Capabilities))
	}
	checker, ok := connectors.As[connectors.Checker](d)
	if !ok {
		fmt.Fprintf(out, "%s: opens; it cannot check its system\n", c.ID)
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), askFor)
	defer cancel()
	h, err := checker.Check(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: well, answered in %v (%s)\n", c.ID, h.Latency.Round(time.Millisecond), cmp.Or(h.Version, "no version"))
	return nil
}

// askFor is how long a system may take here: nobody waits on the line.
const askFor = 30 * time.Second

func abilities(names []string) string {
	out := []string{"lookup"}
	for _, n := range names {
		out = append(out, strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(n, "CAPABILITY_")), "_", "-"))
	}
	return strings.Join(out, ", ")
}

func connectorLookupCmd() *cobra.Command {
	var s subject
	cmd := &cobra.Command{
		Use:   "lookup NUMBER (ID | --plugin PROGRAM [ARGUMENT...])",
		Short: "Look a number up in a customer system, as a ringing call would, and show what Pult makes of the answer",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withWorkbench(cmd, func(w *app.Workbench) error {
				c, err := s.find(w, args[1:])
				if err != nil {
					return err
				}
				d, err := w.Open(cmd.Context(), c)
				if err != nil {
					return err
				}
				q := w.Query(args[0])
				if q.E164 == "" && q.National == "" {
					return errs.Field("looking up", "NUMBER", "is no number")
				}
				ctx, cancel := context.WithTimeout(cmd.Context(), askFor)
				defer cancel()
				ctx, recorder := trace.With(ctx)
				began := time.Now()
				found, err := d.Lookup(ctx, q)
				took := time.Since(began).Round(time.Millisecond)
				out := cmd.OutOrStdout()
				printRequests(out, recorder)
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "%s, asked as %s: %d found in %v\n", args[0], cmp.Or(q.E164, q.National), len(found), took)
				match, examined := w.Examine(args[0], c, found)
				for _, e := range examined {
					printExamined(out, e)
				}
				fmt.Fprintf(out, "\nthe card: %s\n", cardOf(match))
				return nil
			})
		},
	}
	s.flags(cmd)
	return cmd
}

// printRequests shows what the system was asked.
func printRequests(out io.Writer, r *trace.Recorder) {
	all, dropped := r.Requests()
	for _, q := range all {
		answer := q.Error
		switch {
		case answer != "":
		case q.Status != 0:
			answer = fmt.Sprintf("%d, %d bytes", q.Status, q.Bytes)
		case q.Method == "SQL":
			answer = fmt.Sprintf("%d rows", q.Rows)
		default:
			answer = "answered"
		}
		fmt.Fprintf(out, "%6d ms  %s %s: %s\n", q.Took.Milliseconds(), q.Method, q.Target, answer)
	}
	if dropped > 0 {
		fmt.Fprintf(out, "and %d requests more\n", dropped)
	}
}

// cardOf is what the card would say, were this the only system.
func cardOf(m customers.Match) string {
	switch {
	case m.Chosen != nil:
		return m.Chosen.Name
	case m.State == customers.MatchMany:
		return "several to choose from"
	}
	return "nobody"
}

// words for why a number fits and why a record is left out.
var (
	fits = map[customers.Reason]string{
		customers.ReasonExact: "the number", customers.ReasonNational: "the number but for the country", customers.ReasonExtension: "the number but for the extension",
		customers.ReasonSuffix: "its last digits",
	}
	leftOut = map[customers.LeftOut]string{
		customers.LeftOutDeleted: "left out: marked for deletion", customers.LeftOutNumber: "left out: no phone of this record has the number",
		customers.LeftOutSame: "left out: another record of this customer says more", customers.LeftOutMany: "left out: too many fit better",
	}
)

func printExamined(out io.Writer, e customers.Examined) {
	c := e.Candidate
	fmt.Fprintf(out, "\n%s (%s)\n", c.Name, strings.ToLower(string(c.Kind)))
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "  %-9s %s\n", name, value)
		}
	}
	line("company", c.Company)
	for _, p := range e.Phones {
		var marks []string
		for _, n := range p.Numbers {
			if n.Why != "" {
				marks = append(marks, fits[n.Why])
			}
		}
		mark := ""
		if len(marks) > 0 {
			mark = "  <- " + strings.Join(marks, ", ")
		}
		line("phone", strings.TrimSpace(p.Raw+" "+p.Label)+mark)
	}
	line("mail", strings.Join(c.Emails, ", "))
	line("tax id", c.TaxID)
	line("manager", c.Owner.Name)
	line("link", c.URL)
	line("record", c.Ref.Type+" "+c.Ref.ID)
	if e.LeftOut != "" {
		line("verdict", leftOut[e.LeftOut])
	} else {
		line("verdict", fmt.Sprintf("place %d on the card", e.Place))
	}
}
