package graph

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pult-cc/pult/internal/interactions"
)

// BenchmarkBoardToBrowser measures the time from a change on the board until the last of the browsers has read it from its socket, with
// everything the card shows. Run it by: go test -run - -bench BoardToBrowser ./graph
func BenchmarkBoardToBrowser(b *testing.B) {
	for _, browsers := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("%d browsers", browsers), func(b *testing.B) {
			s := newStand(b, func(_ *Core, o *Options) { o.Limits.SocketsPerSession = 100 })
			s.history.put(interactions.Interaction{ID: "x"})
			s.board.putCall(talking("x", "anna", "q1"))
			clients := make([]*wsClient, browsers)
			for i := range clients {
				clients[i] = s.open("anna")
				clients[i].subscribe("1", feedOf("MINE", callFields)+customerFragment)
				clients[i].read()
				clients[i].read()
			}
			version, took := uint64(10), make([]time.Duration, 0, b.N)
			b.ResetTimer()
			for range b.N {
				version++
				c := talking("x", "anna", "q1")
				c.Version = version
				start := time.Now()
				s.board.putCall(c)
				for _, w := range clients {
					if _, _, err := w.ws.Read(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				took = append(took, time.Since(start))
			}
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}
