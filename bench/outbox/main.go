// Command outbox measures whether an hour in which a customer system is away loses or doubles anything, and how soon it is caught up.
//
// On SQLite and on PostgreSQL, both with synchronous writes: 36,000 calls end (10 a second for an hour, written as fast as the database
// takes them) while the system refuses everything and a process tries to deliver. Some of the calls get another comment later. Then the
// system is back, but cuts one in a hundred connections after it has done what it was asked. Calls go on ending, 10 a second by the
// clock. Half-way through, the delivering process is killed and another started. The system itself forbids no doubles: it is asked
// before it is told, by the description of an `httpjson` connector.
//
// Inside of scripts/netns. A line for each figure (see bench/figure); the exit code is 1 when one is short.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pult-cc/pult/bench/figure"
	"github.com/pult-cc/pult/internal/lab"
)

// rate is how many calls end in a second.
const rate = 10

func main() {
	calls := flag.Int("calls", 3600*rate, "calls that end while the system is away")
	only := flag.String("database", "", "sqlite or postgres; both where it is empty")
	deliver := flag.String("deliver", "", "be the delivering process for this system")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *deliver != "" {
		err = deliverTo(ctx, *deliver)
	} else {
		err = run(ctx, *calls, *only)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "outbox:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, calls int, only string) (err error) {
	dir, err := os.MkdirTemp("", "pult-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sheet := figure.NewSheet(os.Stdout)
	if only != "postgres" {
		dsn := "sqlite:" + filepath.Join(dir, "pult.db")
		if err := measure(ctx, sheet, "sqlite", dsn, calls, 2); err != nil {
			return err
		}
	}
	if only != "sqlite" {
		pg, err := lab.StartPostgres(ctx, lab.ServerOptions{Dir: filepath.Join(dir, "postgres"), Durable: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pg.Close()) }()
		if err := measure(ctx, sheet, "postgres", pg.URL, calls, 8); err != nil {
			return err
		}
	}
	return sheet.Err()
}

// measure runs the hour on one database, with so many writers at a time.
func measure(ctx context.Context, sheet *figure.Sheet, name, dsn string, calls, writers int) (err error) {
	crm, err := startCRM()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, crm.Close()) }()
	floor, err := openFloor(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, floor.Close()) }()

	crm.mode(away)
	worker, err := startWorker(ctx, dsn, crm.url())
	if err != nil {
		return err
	}
	defer func() { worker.kill() }()
	began := time.Now()
	if err := floor.hour(ctx, calls, writers); err != nil {
		return err
	}
	fmt.Printf("%s: %d calls written in %s; the system was asked %d times in vain\n",
		name, calls, time.Since(began).Round(time.Second), crm.refused())

	crm.mode(losing)
	began = time.Now()
	goOn, stopCalls := context.WithCancel(ctx)
	defer stopCalls()
	later := make(chan error, 1)
	go func() { later <- floor.goOn(goOn, calls) }()
	if err := crm.until(ctx, calls/2, calls); err != nil {
		return err
	}
	worker.kill()
	killed := time.Since(began)
	if worker, err = startWorker(ctx, dsn, crm.url()); err != nil {
		return err
	}
	if err := crm.until(ctx, calls, calls); err != nil {
		return err
	}
	took := time.Since(began)
	stopCalls()
	if err := <-later; err != nil {
		return err
	}
	crm.mode(well)
	if err := floor.drained(ctx); err != nil {
		return err
	}
	v := crm.judge(floor)
	fmt.Printf("%s: back after %s; the process was killed at %s; %d answers were lost; %d calls ended meanwhile\n",
		name, took.Round(time.Second), killed.Round(time.Second), v.cut, floor.ended()-calls)
	sheet.AtMost("lost_"+name, float64(v.lost), 0)
	sheet.AtMost("doubled_"+name, float64(v.doubled), 0)
	sheet.AtMost("stale_"+name, float64(v.stale), 0)
	sheet.AtLeast("drain_x_"+name, float64(calls)/took.Seconds()/rate, 10)
	if v.cut == 0 {
		return errors.New("no answer was lost: nothing is proven about doubles")
	}
	return nil
}

// address is where a system listens, without a path.
func address(host string) string { return (&url.URL{Scheme: "http", Host: host}).String() }
