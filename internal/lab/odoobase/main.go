// Command odoobase makes the database that lab.StartOdoo copies. scripts/parts runs it: odoobase FOLDER.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pult-cc/pult/internal/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: odoobase FOLDER")
		os.Exit(2)
	}
	if err := lab.MakeOdooBase(ctx, os.Args[1], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "odoobase:", err)
		os.Exit(1)
	}
}
