package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/internal/app"
	"github.com/pult-cc/pult/telephony/queues"
)

func queueCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "queue", Short: "Waiting lines"}
	cmd.AddCommand(queueListCmd(), queueSetCmd())
	return cmd
}

func queueListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the queues", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, log, err := load(cmd)
			if err != nil {
				return err
			}
			all, err := app.Queues(cmd.Context(), cfg, log)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "KEY\tNAME\tTONE\tAUTO-ANSWER\tRING\tWRAP-UP\tRESCUE")
			for _, q := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%s\t%s\t%s\n", q.Key, q.Name, cmp.Or(q.Tone, "-"), q.AutoAnswer, q.RingTimeout, q.WrapUp, q.RescueFor)
			}
			return w.Flush()
		},
	}
}

func queueSetCmd() *cobra.Command {
	var (
		name, tone         string
		auto               bool
		ring, wrap, rescue time.Duration
	)
	cmd := &cobra.Command{
		Use: "set KEY", Short: "Change a queue, or make it; what is not given stays as it is", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := load(cmd)
			if err != nil {
				return err
			}
			q, err := app.SetQueue(cmd.Context(), cfg, log, args[0], app.QueueChange{
				Name: given(cmd, "name", &name), Tone: given(cmd, "tone", &tone), AutoAnswer: given(cmd, "auto-answer", &auto),
				RingTimeout: given(cmd, "ring", &ring), WrapUp: given(cmd, "wrap-up", &wrap), RescueFor: given(cmd, "rescue", &rescue),
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "saved %s (%s)\n", q.Key, q.ID)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name as shown (default of a new queue: the key)")
	cmd.Flags().StringVar(&tone, "tone", "", `how it rings at the operators: `+strings.Join(queues.Tones, ", ")+`; "" is the usual way`)
	cmd.Flags().BoolVar(&auto, "auto-answer", false, "operators' phones answer by themselves, after a short tone")
	cmd.Flags().DurationVar(&ring, "ring", 0, "how long one operator is rung")
	cmd.Flags().DurationVar(&wrap, "wrap-up", 0, "wrap-up ends by itself after; 0 only by the operator")
	cmd.Flags().DurationVar(&rescue, "rescue", 0, "how long a lost call is kept for the same operator")
	return cmd
}

// given returns the value of a flag that was given, and nil otherwise.
func given[T any](cmd *cobra.Command, flag string, value *T) *T {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	return value
}
