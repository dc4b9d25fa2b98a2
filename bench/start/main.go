// Command start measures how soon `pult serve` is ready on an existing database beside a running Asterisk, and how much memory it
// has after a while without work.
//
// Ready is when /readyz answers 200. Memory is resident memory (VmRSS of /proc). It runs inside of scripts/netns and prints a line
// for each figure (see bench/figure); the exit code is 1 when one is short.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pult-cc/pult/bench/figure"
	"github.com/pult-cc/pult/e2e/served"
	"github.com/pult-cc/pult/internal/lab"
)

func main() {
	var o options
	flag.IntVar(&o.starts, "starts", 10, "how often to start")
	flag.DurationVar(&o.idle, "idle", 10*time.Second, "how long to do nothing before memory is read")
	flag.StringVar(&o.binary, "pult", "", "the program (default: bin/pult)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

type options struct {
	starts int
	idle   time.Duration
	binary string
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "pult-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	asterisk, err := lab.StartAsterisk(ctx, lab.AsteriskOptions{Dir: filepath.Join(dir, "asterisk")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, asterisk.Close()) }()
	server, err := served.New(served.Options{Binary: o.binary, Dir: dir, Asterisk: asterisk, Language: "en", LogLevel: "warn"})
	if err != nil {
		return err
	}
	// Makes the database.
	if err := server.AddUser(ctx, "operator", "Operator", "a long password of an operator", "OPERATOR", nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	var took []time.Duration
	var last served.Life
	for range o.starts {
		if err := server.Stop(); err != nil {
			return err
		}
		from := time.Now()
		if last, err = server.Launch(ctx); err != nil {
			return err
		}
		if err := ready(ctx, server, last); err != nil {
			return err
		}
		took = append(took, time.Since(from))
	}
	select {
	case <-time.After(o.idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	resident, err := memory(last.PID())
	if err != nil {
		return err
	}
	f := figure.NewSheet(os.Stdout)
	f.Print("start → ready", took)
	f.AtMost("start_p50_ms", figure.Quantile(took, 0.5), 500)
	f.AtMost("idle_rss_mb", resident, 60)
	return f.Err()
}

// ready asks every two milliseconds, which is what the answer is exact to.
func ready(ctx context.Context, s *served.Server, l served.Life) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-l.Ended():
			return fmt.Errorf("pult ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("pult is not ready: %w", err)
		}
	}
}

// memory is the resident memory of a process in megabytes of 10^6 bytes.
func memory(pid int) (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			var kib float64
			if _, err := fmt.Sscan(value, &kib); err != nil {
				return 0, fmt.Errorf("reading resident memory: %w", err)
			}
			return kib * 1024 / 1e6, nil
		}
	}
	return 0, errors.Join(errors.New("no resident memory in /proc"), lines.Err())
}
