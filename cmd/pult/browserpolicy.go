package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pult-cc/pult/deploy/browser"
)

func browserPolicyCmd() *cobra.Command {
	var address, name, format string
	cmd := &cobra.Command{
		Use: "browser-policy", Short: "Print the policies that managed browsers need for Pult", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if address == "" {
				cfg, _, err := load(cmd)
				if err != nil {
					return err
				}
				address = cfg.Server.PublicURL
			}
			origin, err := browser.Origin(address)
			if err != nil {
				return err
			}
			target, err := browser.For(name)
			if err != nil {
				return err
			}
			text, err := target.Write(format, origin)
			if err != nil {
				return err
			}
			place := map[string]string{"json": target.Linux, "reg": "double-click, or `reg import`", "plist": target.Domain + " in a configuration profile"}[format]
			fmt.Fprintln(cmd.ErrOrStderr(), "goes to:", place)
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
	cmd.Flags().StringVar(&address, "url", "", "address of Pult (default: server.public_url of the configuration)")
	cmd.Flags().StringVar(&name, "browser", "chrome", strings.Join(browser.Names(), ", "))
	cmd.Flags().StringVar(&format, "format", "json", "json (Linux), reg (Windows), plist (macOS)")
	return cmd
}
