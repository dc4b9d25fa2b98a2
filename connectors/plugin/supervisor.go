package plugin

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
	"github.com/pult-cc/pult/internal/errs"
)

// supervisor keeps one plug-in running. It never gives up: what is broken today may be mended tomorrow without anybody thinking of
// Pult.
type supervisor struct {
	id       string
	settings Settings
	secrets  connectors.Secrets
	o        Options
	log      *slog.Logger
	clean    *cleaner

	stop context.CancelFunc
	done chan struct{} // closed when the process is gone for good

	mu   sync.Mutex
	live *process // nil while there is none
	why  error    // while there is none; errs.Unavailable
}

// launch begins to supervise and waits for the first start, within reason. It fails where starting again would not help; then nothing
// runs. A nil description means that the plug-in could not be asked yet.
func (s *supervisor) launch(ctx context.Context) (*pb.DescribeResponse, error) {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	first := make(chan error, 1)
	go s.run(life, first)
	patience := time.NewTimer(s.o.Patience)
	defer patience.Stop()
	select {
	case err := <-first:
		if hopeless(err) {
			s.close()
			return nil, err
		}
	case <-patience.C:
	case <-ctx.Done():
		s.close()
		return nil, errs.With(errs.Timeout, "starting plug-in", ctx.Err())
	}
	if p, err := s.current(); err == nil {
		return p.about, nil
	}
	return nil, nil
}

// hopeless tells whether starting again would not help.
func hopeless(err error) bool { return errs.Is(err, errs.Invalid) || errs.Is(err, errs.Unsupported) }

// close ends the plug-in and waits until it is gone.
func (s *supervisor) close() {
	s.stop()
	<-s.done
}

// run starts the plug-in again and again, until ctx ends. first gets the outcome of the first start.
func (s *supervisor) run(ctx context.Context, first chan<- error) {
	defer close(s.done)
	// The kernel ends a plug-in with the thread that started it, see alone.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for failures := 0; ctx.Err() == nil; {
		p, err := s.start(ctx)
		if err == nil {
			s.set(p, nil)
			s.log.Info("plug-in runs", "plugin", p.about.Name, "version", p.about.Version, "pid", p.child.ID())
		} else {
			s.set(nil, err)
		}
		if first != nil {
			first <- err
			if hopeless(err) {
				return
			}
			first = nil
		}
		if err == nil {
			err = s.watch(ctx, p)
			s.set(nil, err)
			p.end(s.o.Pace.Goodbye)
			if time.Since(p.began) >= s.o.Pace.Settled {
				failures = 0
			}
		}
		if ctx.Err() != nil {
			break
		}
		wait := s.pause(failures)
		failures++
		s.log.Warn("plug-in does not run, it will be started again", "err", err, "attempt", failures, "in", wait.Round(time.Millisecond))
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	s.set(nil, errs.E(errs.Unavailable, "asking plug-in", "the plug-in was ended with Pult"))
}

// pause is how long to wait after so many failures: doubling, with jitter so that plug-ins of one machine do not start in step.
func (s *supervisor) pause(failures int) time.Duration {
	d := s.o.Pace.RestartMax
	if failures < 20 {
		d = min(d, s.o.Pace.Restart<<failures)
	}
	return d/2 + rand.N(d/2+1)
}

func (s *supervisor) set(p *process, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live, s.why = p, why
}

// watch returns when the plug-in is dead, or so good as.
func (s *supervisor) watch(ctx context.Context, p *process) error {
	const op = "watching plug-in"
	misses := 0
	tick := time.NewTicker(s.o.Pace.Ping)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return errs.E(errs.Unavailable, op, "the plug-in was ended with Pult")
		case <-p.child.exited:
			_, state := p.child.greeted()
			return errs.E(errs.Unavailable, op, "the plug-in has ended ("+state+") and is started again")
		case <-tick.C:
		}
		asking, cancel := context.WithTimeout(ctx, s.o.Pace.Ping)
		err := p.alive(asking)
		cancel()
		if err == nil || ctx.Err() != nil {
			misses = 0
			continue
		}
		if misses++; misses >= s.o.Pace.Misses {
			return errs.E(errs.Unavailable, op, "the plug-in does not answer any more and is started again")
		}
	}
}

// current returns the plug-in that runs, or why there is none.
func (s *supervisor) current() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil {
		return s.live, nil
	}
	if s.why == nil {
		return nil, errs.E(errs.Unavailable, "asking plug-in", "the plug-in is being started")
	}
	return nil, &errs.Error{Kind: errs.Unavailable, Op: "asking plug-in", Msg: errs.Message(s.why), Err: s.why}
}
