package connectortest

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pult-cc/pult/connectors"
)

// T is what the suite needs of a *testing.T, so that it also runs where there is no go test.
type T interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Log(args ...any)
	Logf(format string, args ...any)
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Run(name string, f func(T)) bool
}

// bench opens a driver to a system that holds the customers.
type bench func(t T, customers []Customer) System

// gotest is a *testing.T as a T.
type gotest struct{ *testing.T }

func (t gotest) Run(name string, f func(T)) bool {
	return t.T.Run(name, func(t *testing.T) { f(Of(t)) })
}

// Verdict is how one case of the suite went.
type Verdict struct {
	Name   string
	Failed []string // what was wrong, in order; nothing when the case passed
	Notes  []string // what a reader should know, such as a capability that the driver lacks
	Took   time.Duration
}

// OK tells whether the case passed.
func (v Verdict) OK() bool { return len(v.Failed) == 0 }

// Verify runs the suite outside of go test, case by case as the verdicts are read. open is Harness.New; what it cannot do it says by
// t.Fatal.
func Verify(ctx context.Context, open func(t T, customers []Customer) System) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		for _, c := range suite {
			if ctx.Err() != nil || !yield(judge(ctx, c.name, func(t T) { c.run(t, open) })) {
				return
			}
		}
	}
}

// judge runs one case as go test would.
func judge(ctx context.Context, name string, f func(T)) Verdict {
	r := &record{}
	began := time.Now()
	r.play(ctx, "", f)
	return Verdict{Name: name, Failed: r.failed, Notes: r.notes, Took: time.Since(began)}
}

// record is the T of judge: it writes down what a case says.
type record struct {
	mu            sync.Mutex
	failed, notes []string
}

// act is a case, or a part of one.
type act struct {
	*record
	name     string
	ctx      context.Context
	cancel   context.CancelFunc
	mu       sync.Mutex
	failed   bool
	cleanups []func()
}

// play runs a case in a goroutine of its own, which Fatal ends. It reports whether the case passed.
func (r *record) play(ctx context.Context, name string, f func(T)) bool {
	a := &act{record: r, name: name}
	a.ctx, a.cancel = context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer a.cleanUp()
		defer a.survive()
		f(a)
	}()
	<-done
	return !a.failed
}

// survive turns a panic into a failure.
func (a *act) survive() {
	if p := recover(); p != nil {
		a.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

func (a *act) cleanUp() {
	a.cancel()
	a.mu.Lock()
	cleanups := slices.Clone(a.cleanups)
	a.mu.Unlock()
	for _, f := range slices.Backward(cleanups) {
		f()
	}
}

func (a *act) Helper()                  {}
func (a *act) Context() context.Context { return a.ctx }

func (a *act) Cleanup(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanups = append(a.cleanups, f)
}

func (a *act) say(list *[]string, text string) {
	a.record.mu.Lock()
	defer a.record.mu.Unlock()
	if a.name != "" {
		text = a.name + ": " + text
	}
	*list = append(*list, strings.TrimSpace(text))
}

func (a *act) Log(args ...any)                 { a.say(&a.record.notes, fmt.Sprintln(args...)) }
func (a *act) Logf(format string, args ...any) { a.say(&a.record.notes, fmt.Sprintf(format, args...)) }

func (a *act) Error(args ...any) {
	a.mark()
	a.say(&a.record.failed, fmt.Sprintln(args...))
}

func (a *act) Errorf(format string, args ...any) {
	a.mark()
	a.say(&a.record.failed, fmt.Sprintf(format, args...))
}

func (a *act) mark() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = true
}

func (a *act) Fatal(args ...any) {
	a.Error(args...)
	runtime.Goexit()
}

func (a *act) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}

func (a *act) Run(name string, f func(T)) bool {
	if a.name != "" {
		name = a.name + "/" + name
	}
	passed := a.record.play(a.ctx, name, f)
	if !passed {
		a.mark()
	}
	return passed
}

// Candidate is the customer as a record that has no reference yet.
func (c Customer) Candidate() connectors.Candidate {
	out := connectors.Candidate{
		Kind: c.Kind, Name: c.Name, Company: c.Company, TaxID: c.TaxID, Owner: connectors.Person{Name: c.Owner}, Deleted: c.Deleted,
	}
	for _, p := range c.Phones {
		out.Phones = append(out.Phones, connectors.Phone{Raw: p})
	}
	return out
}

// Of makes a T of a *testing.T.
func Of(t *testing.T) T { return gotest{t} }
