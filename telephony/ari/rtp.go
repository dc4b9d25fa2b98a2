package ari

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony"
)

// rtpStatistics is what Asterisk counts of a channel's media. Times are seconds. Asterisk's "tx" and "rx" are not what they seem: loss is
// counted by who should have received (rxploss: here), while jitter goes by who tells it (txjitter: what we measured and tell the far end).
type rtpStatistics struct {
	TxCount  uint64  `json:"txcount"`
	RxCount  uint64  `json:"rxcount"`
	TxLost   int64   `json:"txploss"`
	RxLost   int64   `json:"rxploss"`
	TxJitter float64 `json:"txjitter"`
	RxJitter float64 `json:"rxjitter"`
	RTT      float64 `json:"rtt"`
	RxMES    float64 `json:"rxmes"` // Asterisk's own score, made whenever the far end reports: 0 says that it never has
}

func (s rtpStatistics) port(at time.Time, codec string) telephony.RTP {
	return telephony.RTP{
		At: at, Codec: codec, Received: s.RxCount, Sent: s.TxCount,
		LostIn: positive(s.RxLost), LostOut: positive(s.TxLost), JitterIn: ofSeconds(s.TxJitter), JitterOut: ofSeconds(s.RxJitter),
		RoundTrip: ofSeconds(s.RTT), Reported: s.RxMES > 0 || s.RTT > 0 || s.RxJitter > 0 || s.TxLost > 0,
	}
}

// positive drops what came in duplicate: more received than expected is no loss.
func positive(n int64) uint64 { return uint64(max(n, 0)) }

// ofSeconds makes a length of time of what Asterisk says; nonsense is 0.
func ofSeconds(s float64) time.Duration {
	if !(s > 0 && s < 3600) {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// RTP implements telephony.RTPMeter.
func (d *Driver) RTP(ctx context.Context, id telephony.LegID) (telephony.RTP, error) {
	const op = "reading media counts"
	ctx, done, err := d.begin(ctx, op)
	if err != nil {
		return telephony.RTP{}, err
	}
	defer done()
	d.mu.Lock()
	l, known := d.legs.legs[id]
	codec := ""
	if known {
		codec = l.codec
	}
	d.mu.Unlock()
	if !known {
		return telephony.RTP{}, errs.E(errs.Conflict, op, "the call has ended")
	}
	var s rtpStatistics
	err = d.rest.do(ctx, request{method: http.MethodGet, path: []string{"channels", string(id), "rtp_statistics"}}, &s)
	if statusOf(err) == http.StatusNotFound && !strings.HasPrefix(err.Error(), channelGone) {
		return telephony.RTP{At: time.Now()}, nil // it has no media yet
	}
	if err != nil {
		return telephony.RTP{}, fail(ctx, op, err)
	}
	if codec == "" && s.RxCount+s.TxCount > 0 {
		codec = d.codec(ctx, id)
	}
	return s.port(time.Now(), codec), nil
}

// channelGone is how Asterisk says that there is no channel, apart from a channel without media.
const channelGone = "Asterisk answered 404: Channel not found"

// codec asks for what the leg has agreed upon with its far end, once; "" where Asterisk does not say.
func (d *Driver) codec(ctx context.Context, id telephony.LegID) string {
	var v struct{ Value string }
	err := d.rest.do(ctx, request{
		method: http.MethodGet, path: []string{"channels", string(id), "variable"}, query: url.Values{"variable": {"CHANNEL(audionativeformat)"}},
	}, &v)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(strings.Trim(v.Value, "()"), "|")
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.legs.legs[id]; l != nil {
		l.codec = name
	}
	return name
}

// varQoS is the channel variable in which Asterisk leaves the counts when a leg ends. Events have it where ari.conf says so
// (channelvars); by then the channel is gone, and could not be asked.
const varQoS = "RTPAUDIOQOS"

// lastRTP reads the counts that came with a leg's end; nil where there are none.
func lastRTP(at time.Time, codec string, vars map[string]string) *telephony.RTP {
	var s rtpStatistics
	found := false
	for field := range strings.SplitSeq(vars[varQoS], ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(n >= 0 && n < 1e15) {
			continue
		}
		switch name {
		case "rxcount":
			s.RxCount, found = uint64(n), true
		case "txcount":
			s.TxCount = uint64(n)
		case "lp":
			s.RxLost = int64(n)
		case "rlp":
			s.TxLost = int64(n)
		case "rxjitter":
			s.RxJitter = n
		case "txjitter":
			s.TxJitter = n
		case "rtt":
			s.RTT = n
		case "rxmes":
			s.RxMES = n
		}
	}
	if !found {
		return nil
	}
	out := s.port(at, codec)
	return &out
}
