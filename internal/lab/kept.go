package lab

import (
	"slices"
	"time"
)

// Keep notes from now on, packet by packet, which of these tones are heard, until the endpoint is closed: see [RTP.Kept]. It costs
// memory for every packet: for measurements that are bounded.
func (r *RTP) Keep(freqs ...float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[float64][]time.Time{}
	}
	for _, f := range freqs {
		if _, known := r.kept[f]; !known {
			r.kept[f] = nil
		}
	}
}

// Kept returns when packets came in which a tone was heard, after a moment. Between two packets of a tone that goes on there are 20 ms,
// give or take what they were late; what is longer was heard as a gap.
func (r *RTP) Kept(freq float64, after time.Time) []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	times := r.kept[freq]
	from, _ := slices.BinarySearchFunc(times, after, func(t, after time.Time) int {
		if t.After(after) {
			return 1
		}
		return -1
	})
	return slices.Clone(times[from:])
}

// keep judges one packet by itself, so that its time is that of the tone's beginning or end.
func (r *RTP) keep(samples []float64, now time.Time) {
	if len(r.kept) == 0 || len(samples) == 0 {
		return
	}
	level := effective(samples)
	if level < silentLevel {
		return
	}
	for f := range r.kept {
		if goertzel(samples, f) > toneShare*level*level {
			r.kept[f] = append(r.kept[f], now)
		}
	}
}
