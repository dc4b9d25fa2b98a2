package quality

import (
	"math"
	"strings"
	"time"
)

// The E-model, ITU-T G.107 (06/2015), with every parameter that a telephone call over IP does not change at its default:
//
//	R = (Ro − Is) − Id − Ie,eff + A
//
// Ro − Is is 93.2 with the defaults of G.107 table 3, and the advantage factor A is 0. What is left is delay and loss.
const baseR = 93.2

// Network is what the connection does to the voice.
type Network struct {
	Codec     string // "" is taken for G.711
	Loss      float64
	Jitter    time.Duration
	RoundTrip time.Duration
}

// codec is how a codec sounds and how it bears loss: the equipment impairment factor Ie, the packet-loss robustness Bpl, and the delay of
// coding (frame and look-ahead).
type codec struct {
	ie, bpl float64
	delay   time.Duration
}

// g711 with packet-loss concealment: ITU-T G.113 (11/2007) appendix I, tables I.1 and I.3. Browsers and Asterisk's jitter buffer conceal.
var g711 = codec{ie: 0, bpl: 25.1, delay: 20 * time.Millisecond}

// codecs by their names in SDP. G.113 has values for G.711, GSM (tables I.1, I.3) and G.729. It has none for G.722 and Opus on this scale:
// they are taken to lose nothing against G.711 by coding and to bear loss as it does; Opus hides loss a little better (in-band FEC), which
// is left out, so that a bad network is not praised. Opus: frames of 20 ms and a look-ahead of 6.5 ms (RFC 6716 §2).
var codecs = map[string]codec{
	"pcma": g711, "pcmu": g711, "alaw": g711, "ulaw": g711,
	"g722": g711,
	"opus": {ie: 0, bpl: 25.1, delay: 26500 * time.Microsecond},
	"gsm":  {ie: 20, bpl: 10, delay: 20 * time.Millisecond},
	"g729": {ie: 11, bpl: 19, delay: 25 * time.Millisecond},
}

// R is the transmission rating of the connection, from about 93 (best) down; it may be negative.
func R(n Network) float64 {
	c, ok := codecs[strings.ToLower(n.Codec)]
	if !ok {
		c = g711
	}
	// A jitter buffer holds about twice the jitter.
	delay := millis(n.RoundTrip)/2 + 2*millis(n.Jitter) + millis(c.delay)
	return baseR - delayImpairment(delay) - lossImpairment(c, 100*n.Loss)
}

// delayImpairment is Id for an echo-free connection, in the usual approximation of G.107 §7.4 by two straight lines that meet at 177.3 ms
// (R. Cole, J. Rosenbluth: Voice over IP performance monitoring, ACM SIGCOMM CCR 31(2), 2001).
func delayImpairment(ms float64) float64 {
	id := 0.024 * ms
	if ms > 177.3 {
		id += 0.11 * (ms - 177.3)
	}
	return id
}

// lossImpairment is Ie,eff (G.107 §7.5) for random loss (BurstR = 1), in percent.
func lossImpairment(c codec, percent float64) float64 {
	return c.ie + (95-c.ie)*percent/(percent+c.bpl)
}

// MOS is the mean opinion score of a rating, 1 to 4.5 (G.107 annex B). The formula dips below 1 for ratings from 0 to 6.5.
func MOS(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return math.Max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}

// Grade is a score in one word.
type Grade string

// The grades.
const (
	Good Grade = "GOOD"
	Fair Grade = "FAIR"
	Poor Grade = "POOR"
)

// Bounds of the grades: the scores of R = 80 ("satisfied") and R = 60 (below: "nearly all users dissatisfied") of ITU-T G.109 table 1.
const (
	goodFrom = 4.02
	fairFrom = 3.10
)

// GradeOf is the score in one word.
func GradeOf(mos float64) Grade {
	switch {
	case mos >= goodFrom:
		return Good
	case mos >= fairFrom:
		return Fair
	}
	return Poor
}
