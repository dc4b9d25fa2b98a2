package quality

import (
	"time"

	"github.com/pult-cc/pult/telephony"
)

// oneWayAfter is how long nothing arrives at the PBX before it is an alert: longer than a far end that sends no packets in a pause of
// speech is silent between its comfort noise (RFC 3389).
const oneWayAfter = 5 * time.Second

// Meter turns the PBX's counts of one leg, which only grow, into windows. The zero value has seen nothing.
type Meter struct {
	last    telephony.RTP
	seen    bool
	talking bool      // as of the last counts
	still   time.Time // since when nothing arrives though something should; zero = not so
}

// Reading is what one look at the counts tells.
type Reading struct {
	Window *Window // nil: nothing passed
	OneWay bool    // nothing has arrived for long
}

// Read takes new counts. talking says that somebody should be heard on the leg: not held, not muted. Counts that went back (the PBX
// restarted them) and counts of the same moment make no window.
func (m Meter) Read(rtp telephony.RTP, talking bool) (Meter, Reading) {
	last, seen, talked := m.last, m.seen, m.talking
	m.last, m.seen, m.talking = rtp, true, talking
	if !talking {
		m.still = time.Time{}
	}
	if !seen || !rtp.At.After(last.At) || rtp.Received < last.Received || rtp.Sent < last.Sent {
		return m, Reading{}
	}
	received, sent := rtp.Received-last.Received, rtp.Sent-last.Sent
	var out Reading
	if talking {
		switch {
		case received > 0:
			m.still = time.Time{}
		case !talked: // part of the time nobody was expected
			m.still = rtp.At
		case m.still.IsZero():
			m.still = last.At
		}
		out.OneWay = !m.still.IsZero() && rtp.At.Sub(m.still) >= oneWayAfter
	}
	if received == 0 && sent == 0 {
		return m, out
	}
	w := Window{At: rtp.At, Codec: rtp.Codec, Jitter: rtp.JitterIn, LossIn: lost(received, last.LostIn, rtp.LostIn)}
	if rtp.Reported {
		out := shareOf(sent, grown(last.LostOut, rtp.LostOut))
		w.LossOut = &out
		if rtp.RoundTrip > 0 {
			w.RoundTrip = &rtp.RoundTrip
		}
	}
	out.Window = &w
	return m, out
}

// lost is the share of lost packets among those that should have arrived.
func lost(received, before, after uint64) float64 {
	n := grown(before, after)
	return shareOf(received+n, n)
}

// grown is how much a count grew. What was thought lost may arrive late: then it shrinks.
func grown(before, after uint64) uint64 {
	if after < before {
		return 0
	}
	return after - before
}

func shareOf(of, n uint64) float64 {
	if of == 0 {
		return 0
	}
	return min(1, float64(n)/float64(of))
}
