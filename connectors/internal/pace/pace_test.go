package pace_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/pace"
)

// backlog keeps n requests that may wait in the limiter's queue until the test ends, and counts those let through.
type backlog struct {
	mu   sync.Mutex
	done []time.Time
}

func (b *backlog) add() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, time.Now())
}

func (b *backlog) sent() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.done)
}

func queue(t *testing.T, l *pace.Limiter, n int) *backlog {
	b := &backlog{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	for range n {
		wg.Go(func() {
			for l.Wait(ctx, true) == nil {
				b.add()
			}
		})
	}
	return b
}

// ask puts n questions, one after the other, and returns how long they waited together.
func ask(t *testing.T, l *pace.Limiter, n int) time.Duration {
	t.Helper()
	began := time.Now()
	for range n {
		if err := l.Wait(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(began)
}

// TestAQuestionWaitedBehindTheBacklog: the limiter served whoever came first, so a ringing call waited for its customer behind
// everything that an outage had left to be written.
func TestAQuestionWaitedBehindTheBacklog(t *testing.T) {
	for _, c := range []struct {
		requests, burst, asked int
		most                   time.Duration
	}{
		{2, 50, 10, 0}, // the reserve, five seconds of the rate
		{2, 5, 2, 0},   // the reserve, half of the burst
		{2, 5, 3, 500 * time.Millisecond},
		{4, 3, 1, 0},
		{2, 1, 1, 500 * time.Millisecond}, // no reserve: the next place
		{2, 1, 4, 2 * time.Second},
	} {
		t.Run(fmt.Sprintf("%d of %d a second, %d at once", c.asked, c.requests, c.burst), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pace.New(c.requests, time.Second, c.burst)
				b := queue(t, l, 20)
				time.Sleep(time.Minute + 130*time.Millisecond)
				before := b.sent()
				if took := ask(t, l, c.asked); took > c.most {
					t.Errorf("they waited %v behind twenty requests that may wait, want %v at most", took, c.most)
				}
				if n := b.sent() - before; n > 0 {
					t.Errorf("%d of those that may wait went before", n)
				}
			})
		})
	}
}

func TestWhatMayWaitGetsAllTheRateWhenNobodyAsks(t *testing.T) {
	for _, c := range []struct{ requests, burst, atOnce int }{{2, 50, 40}, {2, 5, 3}, {4, 3, 2}, {2, 1, 1}} {
		synctest.Test(t, func(t *testing.T) {
			l := pace.New(c.requests, time.Second, c.burst)
			b := queue(t, l, 3)
			synctest.Wait()
			if n := b.sent(); n != c.atOnce {
				t.Errorf("burst %d: %d at once, want %d", c.burst, n, c.atOnce)
			}
			time.Sleep(100*time.Second + time.Millisecond)
			if n := b.sent() - c.atOnce; n != 100*c.requests {
				t.Errorf("burst %d: %d in a hundred seconds, want %d", c.burst, n, 100*c.requests)
			}
		})
	}
}

func TestQuestionsLeaveTheRestOfTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(2, time.Second, 6)
		b := queue(t, l, 3)
		time.Sleep(time.Minute)
		before := b.sent()
		for range 200 { // three in two seconds, of four
			if waited := ask(t, l, 1); waited > 0 {
				t.Fatalf("a question waited %v", waited)
			}
			time.Sleep(2 * time.Second / 3)
		}
		if n := b.sent() - before; n < 65 || n > 67 {
			t.Errorf("%d of those that may wait in 133 seconds, want the rest of the rate, 66", n)
		}
	})
}

// TestMoreQuestionsThanTheLimitTakes: what may wait is given up when its time is over, and goes on when there are fewer.
func TestMoreQuestionsThanTheLimitTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(2, time.Second, 6)
		ask(t, l, 6)
		asking, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		defer wg.Wait()
		defer stop()
		for range 4 {
			wg.Go(func() {
				for l.Wait(asking, false) == nil {
				}
			})
		}
		synctest.Wait()
		for range 3 {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			if err := l.Wait(ctx, true); !errors.Is(err, connectors.ErrNoTurn) || time.Since(began) > 30*time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			cancel()
		}
		stop()
		wg.Wait()
		began := time.Now()
		if err := l.Wait(t.Context(), true); err != nil || time.Since(began) > 6*time.Second {
			t.Errorf("when nobody asks any more: %v after %v", err, time.Since(began))
		}
	})
}

func TestNoPlaceBeforeTheDeadlineIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(1, time.Hour, 4)
		ask(t, l, 4)
		for _, aside := range []bool{false, true} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			began := time.Now()
			if err := l.Wait(ctx, aside); !errors.Is(err, connectors.ErrNoTurn) || time.Since(began) > 0 {
				t.Errorf("aside %v: %v after %v", aside, err, time.Since(began))
			}
			cancel()
			if err := l.Wait(ctx, aside); !errors.Is(err, context.Canceled) {
				t.Errorf("aside %v, cancelled before: %v", aside, err)
			}
		}
	})
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.New(1, 10*time.Second, 1)
		ask(t, l, 1)
		given := make(chan error, 3)
		ctx, cancel := context.WithCancel(t.Context())
		short, end := context.WithTimeout(t.Context(), 15*time.Second)
		defer end()
		for range 2 {
			go func() { given <- l.Wait(ctx, true) }()
		}
		synctest.Wait()
		go func() { given <- l.Wait(short, true) }() // behind the two
		synctest.Wait()
		cancel()
		began := time.Now()
		for range 2 {
			if err := <-given; !errors.Is(err, context.Canceled) || time.Since(began) > 0 {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
		if err := <-given; err != nil || time.Since(began) != 10*time.Second {
			t.Errorf("the third: %v after %v", err, time.Since(began))
		}
	})
}

// TestTheLimitIsKept: no span of time has more than the burst and what the rate adds to it, whoever asks.
func TestTheLimitIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests, burst = 4, 3 // amoCRM locks out who sends more than seven in a second
		l := pace.New(requests, time.Second, burst)
		b := queue(t, l, 5)
		for i := range 60 {
			for range i % 7 {
				ask(t, l, 1)
				b.add()
			}
			time.Sleep(time.Duration(i*37%1900) * time.Millisecond)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for i, from := range b.done {
			n := 0
			for _, at := range b.done[i:] {
				if at.Sub(from) < time.Second {
					n++
				}
			}
			if n > requests+burst {
				t.Fatalf("%d within a second", n)
			}
		}
		if len(b.done) < 200 {
			t.Errorf("only %d requests", len(b.done))
		}
	})
}
