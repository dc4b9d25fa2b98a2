package plugin

import (
	"bytes"
	"log/slog"
	"sync"

	"golang.org/x/time/rate"
)

// A plug-in may write so many lines a second into Pult's log, after a burst.
const (
	linesPerSecond = 20
	linesBurst     = 200
)

// output turns what a plug-in writes into lines of Pult's log. It is an io.Writer; one stream each.
type output struct {
	log   *slog.Logger
	clean *cleaner
	limit *rate.Limiter

	mu      sync.Mutex
	rest    []byte // of a line that has not ended
	dropped int
}

func newOutput(log *slog.Logger, clean *cleaner) *output {
	return &output{log: log, clean: clean, limit: rate.NewLimiter(linesPerSecond, linesBurst)}
}

// Write implements io.Writer. It never fails.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, p...)
	for {
		i := bytes.IndexByte(o.rest, '\n')
		if i < 0 {
			break
		}
		o.line(o.rest[:i])
		o.rest = o.rest[i+1:]
	}
	if len(o.rest) > 4*maxText {
		o.line(o.rest)
		o.rest = nil
	}
	return len(p), nil
}

// end logs a last line that was not ended.
func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.line(o.rest)
	o.rest = nil
}

func (o *output) line(b []byte) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return
	}
	if !o.limit.Allow() {
		o.dropped++
		return
	}
	if o.dropped > 0 {
		o.log.Warn("the plug-in writes too much, lines were dropped", "lines", o.dropped)
		o.dropped = 0
	}
	o.log.Info("plug-in: " + o.clean.text(string(b)))
}
