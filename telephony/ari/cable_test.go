package ari

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cable is what runs between driver and PBX: it can be cut.
type cable struct {
	target string
	l      net.Listener
	wg     sync.WaitGroup
	knocks atomic.Int64
	heard  atomic.Int64 // when something last came through, Unix time in nanoseconds

	mu     sync.Mutex
	broken bool
	conns  map[net.Conn]bool
}

func newCable(t testing.TB, target string) *cable {
	t.Helper()
	c, err := layCable(target)
	if err != nil {
		t.Fatalf("laying the cable: %v", err)
	}
	t.Cleanup(c.remove)
	return c
}

func layCable(target string) (*cable, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &cable{target: target, l: l, conns: map[net.Conn]bool{}}
	c.wg.Go(c.serve)
	return c, nil
}

func (c *cable) remove() {
	c.l.Close()
	c.cut()
	c.wg.Wait()
}

func (c *cable) addr() string { return c.l.Addr().String() }

func (c *cable) serve() {
	for {
		near, err := c.l.Accept()
		c.knocks.Add(1)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		farEnd, err := net.Dial("tcp", c.target)
		if err != nil {
			near.Close()
			continue
		}
		if !c.add(near, farEnd) {
			continue
		}
		c.wg.Go(func() { c.pump(near, farEnd) })
		c.wg.Go(func() { c.pump(farEnd, near) })
	}
}

// add notes a pair of connections, or closes them when the cable is cut.
func (c *cable) add(pair ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range pair {
		if c.broken {
			conn.Close()
		} else {
			c.conns[conn] = true
		}
	}
	return !c.broken
}

// quiet tells that nothing is under way.
func (c *cable) quiet() bool { return time.Since(time.Unix(0, c.heard.Load())) > 100*time.Millisecond }

// Write implements io.Writer: it is shown what comes through.
func (c *cable) Write(b []byte) (int, error) {
	c.heard.Store(time.Now().UnixNano())
	return len(b), nil
}

func (c *cable) pump(dst, src net.Conn) {
	_, _ = io.Copy(dst, io.TeeReader(src, c)) // ends with either connection
	dst.Close()
	src.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, dst)
	delete(c.conns, src)
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = true
	for conn := range c.conns {
		conn.Close()
	}
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = false
}
