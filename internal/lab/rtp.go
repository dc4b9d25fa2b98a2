package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	sampleRate  = 8000
	frame       = 20 * time.Millisecond
	frameSize   = sampleRate / 50
	listenSize  = sampleRate / 4 // how much of what was heard last is judged: 250 ms
	toneLevel   = 0.25           // amplitude of the tones we send: -12 dBFS
	silentLevel = 0.003          // effective value under which nothing is heard: -50 dBFS
	// A tone is heard when this part of what is heard is that tone. Speech and music hardly ever keep a quarter in a band
	// of 4 Hz for 250 ms; two tones mixed have a half each.
	toneShare = 0.25
)

// RTP is an ear and a mouth at the carrier's end of a call: it sends a tone, or silence, and knows which tones it hears.
// G.711, 20 ms packets. It sends to where packets come from (symmetric RTP), so it is mute until it has heard the first,
// unless a call started by [StartSIPp] with it told it the address before. Its methods are safe for concurrent use.
type RTP struct {
	conn *net.UDPConn
	ssrc uint32
	done chan struct{}
	wg   sync.WaitGroup

	mu       sync.Mutex
	remote   *net.UDPAddr
	payload  uint8     // of what we send
	freq     float64   // of the tone we send; 0: silence
	phase    float64   // of the tone, in radians
	keys     []byte    // digits still to send
	still    bool      // it sends nothing at all
	lose     int       // every lose-th packet gets lost; 0: none
	heard    []float64 // the last listenSize samples
	heardAt  time.Time // when the last of them came
	digits   strings.Builder
	eventTS  uint32 // timestamp of the last telephone event heard: its packets are repeated
	eventsOK bool
	stats    RTPStats
	lastSeq  uint16
	kept     map[float64][]time.Time // when packets with a tone in them came, by the tone: see Keep
}

// RTPStats counts what an [RTP] received.
type RTPStats struct {
	// Packets received, and how many sequence numbers are missing among them.
	Packets, Lost int
	// LongestGap between two packets.
	LongestGap time.Duration
}

// ListenRTP opens an endpoint on a free port of an IP address, ready to use.
func ListenRTP(ip string) (*RTP, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		return nil, fmt.Errorf("opening an RTP port: %w", err)
	}
	r := &RTP{conn: conn, ssrc: uint32(time.Now().UnixNano()), payload: payloadPCMA, done: make(chan struct{})}
	r.wg.Go(r.receive)
	r.wg.Go(r.send)
	return r, nil
}

// Addr is the local address, to be announced in SDP.
func (r *RTP) Addr() *net.UDPAddr { return r.conn.LocalAddr().(*net.UDPAddr) }

// Close ends sending and receiving.
func (r *RTP) Close() error {
	close(r.done)
	err := r.conn.Close()
	r.wg.Wait()
	return err
}

// Tone makes the endpoint send a sine of freq hertz from now on; 0 is silence. Its phase goes on, so that nothing clicks.
func (r *RTP) Tone(freq float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freq = freq
}

// Still makes the endpoint send nothing at all, not even silence, or ends that.
func (r *RTP) Still(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.still = on
}

// Lose loses every n-th packet of what is sent from now on; 0 loses none.
func (r *RTP) Lose(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose = n
}

// Press sends digits (0-9, *, #, A-D) as telephone events (RFC 4733) in place of audio, 100 ms each, one after the other.
func (r *RTP) Press(digits string) error {
	for _, d := range digits {
		if !strings.ContainsRune(eventDigits, d) {
			return fmt.Errorf("no such key: %q", d)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, digits...)
	return nil
}

// Digits returns the keys heard as telephone events so far.
func (r *RTP) Digits() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.digits.String()
}

// Stats returns what was received so far.
func (r *RTP) Stats() RTPStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// HearsTone reports whether the last quarter of a second had a tone of freq hertz in it.
func (r *RTP) HearsTone(freq float64) bool {
	samples := r.last()
	level := effective(samples)
	if level < silentLevel {
		return false
	}
	return goertzel(samples, freq) > toneShare*level*level
}

// Silence reports whether the last quarter of a second was silent, or nothing at all came.
func (r *RTP) Silence() bool { return effective(r.last()) < silentLevel }

// WaitTone waits until the tone is heard.
func (r *RTP) WaitTone(ctx context.Context, freq float64) error {
	return r.waitFor(ctx, fmt.Sprintf("a tone of %g Hz", freq), func() bool { return r.HearsTone(freq) })
}

// WaitNoTone waits until the tone is not heard.
func (r *RTP) WaitNoTone(ctx context.Context, freq float64) error {
	return r.waitFor(ctx, fmt.Sprintf("the end of a tone of %g Hz", freq), func() bool { return !r.HearsTone(freq) })
}

// WaitSound waits until anything is heard.
func (r *RTP) WaitSound(ctx context.Context) error {
	return r.waitFor(ctx, "any sound", func() bool { return !r.Silence() })
}

// WaitSilence waits until nothing is heard.
func (r *RTP) WaitSilence(ctx context.Context) error { return r.waitFor(ctx, "silence", r.Silence) }

// WaitDigits waits until exactly these digits have been heard since the beginning.
func (r *RTP) WaitDigits(ctx context.Context, digits string) error {
	return r.waitFor(ctx, "the digits "+digits, func() bool { return r.Digits() == digits })
}

func (r *RTP) waitFor(ctx context.Context, what string, heard func() bool) error {
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for !heard() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s := r.Stats()
			return fmt.Errorf("waiting for %s (%d packets came, level %.4f): %w", what, s.Packets, effective(r.last()), ctx.Err())
		}
	}
	return nil
}

// last returns what was heard in the last quarter of a second; what did not come is silence.
func (r *RTP) last() []float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]float64, listenSize)
	// Packets come 20 ms apart at best; only a longer gap is silence.
	gap := max(0, time.Since(r.heardAt)-2*frame)
	missing := min(listenSize, int(gap.Seconds()*sampleRate))
	if missing < len(r.heard) {
		copy(out[listenSize-missing-(len(r.heard)-missing):], r.heard[missing:])
	}
	return out
}

// setRemote says where to send before anything has been heard.
func (r *RTP) setRemote(addr *net.UDPAddr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.remote == nil {
		r.remote = addr
	}
}

// receive takes packets until the endpoint is closed.
func (r *RTP) receive() {
	buf := make([]byte, 2048)
	for {
		n, from, err := r.conn.ReadFromUDP(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n < 12 || buf[0]>>6 != 2 {
			continue
		}
		header := 12 + 4*int(buf[0]&0x0f)
		if buf[0]&0x10 != 0 && n >= header+4 {
			header += 4 + 4*int(binary.BigEndian.Uint16(buf[header+2:]))
		}
		if n < header {
			continue
		}
		r.take(from, buf[:n], buf[header:n])
	}
}

func (r *RTP) take(from *net.UDPAddr, packet, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remote = from
	now := time.Now()
	seq := binary.BigEndian.Uint16(packet[2:])
	if r.stats.Packets > 0 {
		if missing := int16(seq - r.lastSeq - 1); missing > 0 {
			r.stats.Lost += int(missing)
		}
		r.stats.LongestGap = max(r.stats.LongestGap, now.Sub(r.heardAt))
	}
	r.stats.Packets++
	r.lastSeq = seq
	switch kind := packet[1] & 0x7f; kind {
	case payloadPCMU, payloadPCMA:
		r.payload = kind
		r.hear(decode(kind, payload), now)
	case payloadEvents:
		ts := binary.BigEndian.Uint32(packet[4:])
		if len(payload) >= 4 && int(payload[0]) < len(eventDigits) && (!r.eventsOK || ts != r.eventTS) {
			r.eventTS, r.eventsOK = ts, true
			r.digits.WriteByte(eventDigits[payload[0]])
		}
	}
}

// hear adds samples to what is judged.
func (r *RTP) hear(samples []float64, now time.Time) {
	r.keep(samples, now)
	r.heard = append(r.heard, samples...)
	if over := len(r.heard) - listenSize; over > 0 {
		r.heard = append(r.heard[:0], r.heard[over:]...)
	}
	r.heardAt = now
}

// eventDigits are the keys by their number as a telephone event.
const eventDigits = "0123456789*#ABCD"

// key is a telephone event being sent.
type key struct {
	event  byte
	start  uint32 // its timestamp
	frames int    // sent of it
}

const (
	keyFrames   = 5 // 100 ms
	keyGap      = 4 // frames of audio between two keys
	keyEndSends = 3 // times the end is sent, because packets get lost
)

// send sends a packet every 20 ms until the endpoint is closed.
func (r *RTP) send() {
	var (
		seq     uint16
		ts      uint32
		pressed *key
		rest    int
	)
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		remote := r.remote
		if remote == nil || r.still {
			r.mu.Unlock()
			ts += frameSize
			continue
		}
		lose := r.lose
		if rest > 0 {
			rest--
		} else if pressed == nil && len(r.keys) > 0 {
			pressed = &key{event: byte(strings.IndexByte(eventDigits, r.keys[0])), start: ts}
			r.keys = r.keys[1:]
		}
		packet := make([]byte, 12, 12+frameSize)
		packet[0] = 0x80
		binary.BigEndian.PutUint32(packet[8:], r.ssrc)
		copies := 1
		if pressed != nil {
			pressed.frames++
			body := []byte{pressed.event, 10, 0, 0}
			binary.BigEndian.PutUint16(body[2:], uint16(pressed.frames*frameSize))
			packet[1] = payloadEvents
			if pressed.frames == 1 {
				packet[1] |= 0x80 // marker
			}
			binary.BigEndian.PutUint32(packet[4:], pressed.start)
			if pressed.frames == keyFrames {
				body[1] |= 0x80 // end
				copies = keyEndSends
				pressed, rest = nil, keyGap
			}
			packet = append(packet, body...)
		} else {
			packet[1] = r.payload
			binary.BigEndian.PutUint32(packet[4:], ts)
			packet = r.tone(packet)
		}
		r.mu.Unlock()
		for range copies {
			binary.BigEndian.PutUint16(packet[2:], seq)
			seq++
			if lose > 0 && int(seq)%lose == 0 {
				continue
			}
			// A lost packet is no error in RTP, and the far end may be gone already.
			_, _ = r.conn.WriteToUDP(packet, remote)
		}
		ts += frameSize
	}
}

// tone appends a frame of the tone or of silence.
func (r *RTP) tone(packet []byte) []byte {
	step := 2 * math.Pi * r.freq / sampleRate
	for range frameSize {
		var v float64
		if r.freq > 0 {
			v = toneLevel * math.Sin(r.phase)
			r.phase = math.Mod(r.phase+step, 2*math.Pi)
		}
		packet = append(packet, encode(r.payload, v))
	}
	return packet
}

// goertzel returns the mean power of the tone of freq hertz in samples.
func goertzel(samples []float64, freq float64) float64 {
	w := 2 * math.Pi * freq / sampleRate
	c := 2 * math.Cos(w)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = x+c*s1-s2, s1
	}
	n := float64(len(samples))
	return 2 * (s1*s1 + s2*s2 - c*s1*s2) / (n * n)
}

// effective returns the effective value (root mean square) of samples.
func effective(samples []float64) float64 {
	var sum float64
	for _, x := range samples {
		sum += x * x
	}
	return math.Sqrt(sum / float64(len(samples)))
}
