package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pult-cc/pult/internal/lab"
)

// call is a customer at the carrier's end: one who calls, or one who is called.
type call struct {
	sipp *lab.SIPp
	rtp  *lab.RTP
}

// leave hangs up, where there is something to hang up, so that nothing of the call is left in Asterisk, and closes.
func (c *call) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	// A call that is over, or one that never came, has nothing to hang up, and how it ended is not asked here.
	if c.sipp.Next(ctx) == nil {
		_ = c.sipp.Wait(ctx)
	}
	return c.close()
}

func (c *call) close() error { return errors.Join(c.sipp.Close(), c.rtp.Close()) }

// callRequest makes a customer call (Queue) or wait for a call (no Queue).
type callRequest struct {
	From  string `json:"from"` // number; empty: withheld
	Name  string `json:"name"`
	Queue string `json:"queue"` // or a number of it
	// Of one who is called: how long the phone rings, and the SIP answer then; 0: 200.
	RingMS int `json:"ringMs"`
	Code   int `json:"code"`
	// What the customer says: a tone, 0: nothing.
	Tone float64 `json:"tone"`
	// Nothing at all comes from the customer, not even silence.
	Still bool `json:"still"`
	// Tones whose packets are noted for GET /calls/{id}/kept.
	Keep []float64 `json:"keep"`
}

func (s *stand) newCall(req callRequest) (string, error) {
	rtp, err := lab.ListenRTP(s.carrier)
	if err != nil {
		return "", err
	}
	rtp.Tone(req.Tone)
	rtp.Still(req.Still)
	rtp.Keep(req.Keep...)
	var sipp *lab.SIPp
	if req.Queue != "" {
		sipp, err = s.asterisk.Call(s.ctx, lab.CallOptions{To: req.Queue, From: req.From, FromName: req.Name, Media: rtp})
	} else {
		sipp, err = s.asterisk.Carrier(s.ctx, lab.CarrierOptions{
			Ring: time.Duration(req.RingMS) * time.Millisecond, Code: req.Code, Media: rtp,
		})
	}
	if err != nil {
		return "", errors.Join(err, rtp.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	id := strconv.Itoa(s.made)
	s.calls[id] = &call{sipp: sipp, rtp: rtp}
	return id, nil
}

// callState is what became of a call so far, and what is heard right now.
type callState struct {
	// Events by kind, in order: see lab.Event.
	Events []callEvent `json:"events"`
	// Digits heard as telephone events.
	Digits string `json:"digits"`
	// Hears tells of every tone that was asked about (?tone=1000&tone=440) whether it is heard.
	Hears  map[string]bool `json:"hears"`
	Silent bool            `json:"silent"`
	// Packets received, those missing among them, and the longest gap between two.
	Packets int   `json:"packets"`
	Lost    int   `json:"lost"`
	GapMS   int64 `json:"gapMs"`
}

type callEvent struct {
	Kind   string    `json:"kind"`
	Detail string    `json:"detail"`
	At     time.Time `json:"at"`
}

func (c *call) state(tones []string) (callState, error) {
	st := callState{Events: []callEvent{}, Hears: map[string]bool{}, Digits: c.rtp.Digits(), Silent: c.rtp.Silence()}
	for _, e := range c.sipp.Events() {
		st.Events = append(st.Events, callEvent{e.Kind, e.Detail, e.At})
	}
	for _, t := range tones {
		freq, err := strconv.ParseFloat(t, 64)
		if err != nil {
			return callState{}, fmt.Errorf("tone: %w", err)
		}
		st.Hears[t] = c.rtp.HearsTone(freq)
	}
	stats := c.rtp.Stats()
	st.Packets, st.Lost, st.GapMS = stats.Packets, stats.Lost, stats.LongestGap.Milliseconds()
	return st, nil
}

// kept tells when packets came with each of the tones in them, after a moment: milliseconds of Unix time, by the tone.
func (c *call) kept(tones []string, after string) (map[string][]float64, error) {
	ms, err := strconv.ParseFloat(after, 64)
	if err != nil {
		return nil, fmt.Errorf("after: %w", err)
	}
	out := map[string][]float64{}
	for _, t := range tones {
		freq, err := strconv.ParseFloat(t, 64)
		if err != nil {
			return nil, fmt.Errorf("tone: %w", err)
		}
		out[t] = []float64{}
		for _, at := range c.rtp.Kept(freq, time.UnixMicro(int64(ms*1000))) {
			out[t] = append(out[t], float64(at.UnixMicro())/1000)
		}
	}
	return out, nil
}

// withCall finds the call that a path names.
func (s *stand) withCall(do func(r *http.Request, c *call) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		id := r.PathValue("id")
		s.mu.Lock()
		c := s.calls[id]
		s.mu.Unlock()
		if c == nil {
			return nil, fmt.Errorf("no call %q", id)
		}
		return do(r, c)
	}
}
