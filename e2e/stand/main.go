// Command stand runs everything that a proof from end to end needs around a browser: a real Asterisk, a carrier, a simulated 1C,
// and one or two `pult serve` of the built program. Tests drive it over a small HTTP interface on loopback (see control.go).
//
// It prints one line of JSON when everything is ready and ends, with all that it started, when its standard input closes. It has
// to run inside of scripts/netns: a browser and Asterisk need addresses that are not loopback.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "stand:", err)
		os.Exit(1)
	}
}

func run() error {
	var o options
	flag.IntVar(&o.instances, "instances", 1, "how many `pult serve`; two share a PostgreSQL and a Redis")
	flag.StringVar(&o.language, "language", "en", "of the names the installation starts with: en or ru")
	flag.BoolVar(&o.logCalls, "log-calls", false, "write calls into 1C")
	flag.BoolVar(&o.verbose, "verbose", false, "log all, to standard error too")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // whoever started us holds our standard input; it closes when they are gone
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	s, err := newStand(ctx, o)
	if err != nil {
		return errors.Join(err, s.close())
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, s.close())
	}
	srv := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	ended := context.AfterFunc(ctx, func() { _ = srv.Close() }) // nothing to finish: the tests are gone
	defer ended()
	if err := json.NewEncoder(os.Stdout).Encode(s.info("http://" + ln.Addr().String())); err != nil {
		return errors.Join(err, s.close())
	}
	err = srv.Serve(ln)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.close())
}
