package ari

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// BenchmarkStasisStartToSink measures from the moment a server sends StasisStart to the call of sink, over a real socket.
func BenchmarkStasisStartToSink(b *testing.B) {
	f := newFakeARI(b)
	arrived := make(chan time.Time, 1)
	x := f.drive(b, nil)
	x.await(b, 1)
	x.mu.Lock()
	x.slow = func(e telephony.Event) {
		if _, ok := e.(telephony.LegStarted); ok {
			arrived <- time.Now()
		}
	}
	x.mu.Unlock()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		text := stasisStart(fmt.Sprintf("c-%d", i))
		began := time.Now()
		f.send(text)
		took = append(took, (<-arrived).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
