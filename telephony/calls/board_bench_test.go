package calls

import (
	"fmt"
	"log/slog"
	"testing"
)

// BenchmarkBoard applies one event's changes (a call, an operator, a queue), and a queue of 200 moving up, before 500 browsers of
// which each takes what there is.
func BenchmarkBoard(b *testing.B) {
	for _, changed := range []int{1, 200} {
		b.Run(fmt.Sprint(changed), func(b *testing.B) {
			board := NewBoard(nil, slog.New(slog.DiscardHandler))
			board.replace(Snapshot{Epoch: "e"})
			var ws []*Watch
			for range 500 {
				w := board.Watch()
				ws = append(ws, w)
			}
			bt := batch{Epoch: "e", Changes: []Change{{Operator: &Operator{ID: "anna"}}, {Queue: &Queue{}}}}
			for i := range changed {
				bt.Changes = append(bt.Changes, Change{Call: &Call{ID: ID(fmt.Sprint("call", i))}})
			}
			b.ReportAllocs()
			for b.Loop() {
				bt.N++
				board.apply(bt)
				b.StopTimer()
				for _, w := range ws {
					if _, err := w.Next(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
			}
		})
	}
}
