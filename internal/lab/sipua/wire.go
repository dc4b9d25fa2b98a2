package sipua

import (
	"context"
	"net"
	"time"

	"github.com/coder/websocket"
)

// wire carries SIP messages to and from the server.
type wire interface {
	write(message []byte) error
	read() ([]byte, error)
	close()
	name() string   // of the transport, in Via
	addr() string   // host and port, in Via and Contact
	params() string // of the URI in Contact
}

// udp is a socket of our own: one message per datagram.
type udp struct {
	conn   *net.UDPConn
	server *net.UDPAddr
	buf    []byte
}

func listenUDP(addr, server string) (*udp, error) {
	local, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	remote, err := net.ResolveUDPAddr("udp", server)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, err
	}
	return &udp{conn: conn, server: remote, buf: make([]byte, 65535)}, nil
}

func (u *udp) write(b []byte) error {
	_, err := u.conn.WriteToUDP(b, u.server)
	return err
}

func (u *udp) read() ([]byte, error) {
	n, _, err := u.conn.ReadFromUDP(u.buf)
	return u.buf[:n], err
}

func (u *udp) close()         { u.conn.Close() }
func (u *udp) name() string   { return "UDP" }
func (u *udp) addr() string   { return u.conn.LocalAddr().String() }
func (u *udp) params() string { return "" }

// ws is a WebSocket to the server (RFC 7118): one message per frame, and an address that nobody can reach otherwise.
type ws struct {
	conn   *websocket.Conn
	host   string
	ctx    context.Context
	cancel context.CancelFunc
}

func dialWS(ctx context.Context, url string) (*ws, error) {
	dialCtx, cancelDial := context.WithTimeout(ctx, 10*time.Second)
	defer cancelDial()
	conn, _, err := websocket.Dial(dialCtx, url, &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		return nil, err
	}
	w := &ws{conn: conn, host: token() + ".invalid"}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return w, nil
}

func (w *ws) write(b []byte) error { return w.conn.Write(w.ctx, websocket.MessageText, b) }

func (w *ws) read() ([]byte, error) {
	_, b, err := w.conn.Read(w.ctx)
	return b, err
}

func (w *ws) close() {
	w.cancel()
	_ = w.conn.CloseNow() // it is closed already
}

func (w *ws) name() string   { return "WS" }
func (w *ws) addr() string   { return w.host }
func (w *ws) params() string { return ";transport=ws" }
