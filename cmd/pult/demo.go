package main

import (
	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/internal/app"
)

func demoCmd() *cobra.Command {
	var o app.DemoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "Run everything on this machine, with a customer who calls", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Version, o.Out, o.Err = version, cmd.OutOrStdout(), cmd.ErrOrStderr()
			return app.RunDemo(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.Simulate, "simulate", false, "without Asterisk: calls are silent")
	cmd.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8080", "address to serve")
	cmd.Flags().StringVar(&o.Dir, "dir", ".cache/demo", "where the demo keeps its database and configuration")
	cmd.Flags().StringVar(&o.Language, "language", "", "ru or en (default: as the browser)")
	cmd.Flags().DurationVar(&o.CRMDelay, "crm-delay", 0, "how long the demo's 1C takes to answer")
	cmd.Flags().BoolVar(&o.Verbose, "verbose", false, "log more")
	return cmd
}

func doctorCmd() *cobra.Command {
	var o app.DoctorOptions
	cmd := &cobra.Command{
		Use: "doctor", Short: "Tell what is wrong between Pult and Asterisk, and what to write where; changes nothing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := load(cmd)
			if err != nil {
				return err
			}
			o.Out = cmd.OutOrStdout()
			return app.Doctor(cmd.Context(), cfg, o)
		},
	}
	cmd.Flags().StringVar(&o.AsteriskConfig, "asterisk-config", "", "folder of Asterisk's configuration (default: /etc/asterisk, if Asterisk is on this machine)")
	return cmd
}
