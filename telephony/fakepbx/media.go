package fakepbx

import (
	"context"
	"math"
	"time"

	"github.com/pult-cc/pult/telephony"
)

// Media is how the media of a leg's far end is. The zero value is a perfect connection.
type Media struct {
	Silent    bool    // nothing comes from the far end
	LossIn    float64 // share of what comes that is lost
	LossOut   float64 // share of what we send that is lost
	Jitter    time.Duration
	RoundTrip time.Duration // 0: 20 ms
	Codec     string        // "": "alaw"
}

// packets a second, each way.
const packets = 50

// media counts a leg's packets. Counts are made when they are asked for.
type media struct {
	Media
	since                           time.Time // of what is not counted yet; zero before the leg is up
	received, sent, lostIn, lostOut float64
}

// SetMedia changes how a leg's media is from now on.
func (p *PBX) SetMedia(id telephony.LegID, m Media) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.legs[id]; l != nil {
		l.countMedia(time.Now())
		l.media.Media = m
	}
}

// countMedia brings the counts up to date.
func (l *leg) countMedia(now time.Time) {
	m := &l.media
	if l.State != telephony.LegUp {
		return
	}
	if m.since.IsZero() {
		m.since = now
	}
	n := packets * now.Sub(m.since).Seconds()
	m.since = now
	m.sent += n
	m.lostOut += n * m.LossOut
	if !m.Silent {
		m.received += n * (1 - m.LossIn)
		m.lostIn += n * m.LossIn
	}
}

func (l *leg) rtp(now time.Time) telephony.RTP {
	l.countMedia(now)
	m := &l.media
	out := telephony.RTP{
		At: now, Received: count(m.received), Sent: count(m.sent), LostIn: count(m.lostIn), LostOut: count(m.lostOut),
		JitterIn: m.Jitter, JitterOut: m.Jitter, Codec: m.Codec,
	}
	if l.State != telephony.LegUp {
		return out
	}
	if out.Codec == "" {
		out.Codec = "alaw"
	}
	out.Reported, out.RoundTrip = !m.Silent, m.RoundTrip
	if out.RoundTrip == 0 && out.Reported {
		out.RoundTrip = 20 * time.Millisecond
	}
	return out
}

func count(packets float64) uint64 { return uint64(math.Round(packets)) }

// RTP implements telephony.RTPMeter.
func (d *Driver) RTP(ctx context.Context, id telephony.LegID) (telephony.RTP, error) {
	const op = "reading media counts"
	if err := d.command(ctx, "RTP", op); err != nil {
		return telephony.RTP{}, err
	}
	defer d.pbx.mu.Unlock()
	l := d.pbx.legs[id]
	if l == nil {
		return telephony.RTP{}, ended(op)
	}
	return l.rtp(time.Now()), nil
}
