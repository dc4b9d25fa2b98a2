package lab

import (
	"bufio"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// wsConn speaks just enough WebSocket, and SIP to register.
type wsConn struct {
	conn net.Conn
	in   *bufio.Reader
	cseq int
}

func dialWS(t *testing.T, url, protocol string) *wsConn {
	t.Helper()
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "ws://"), "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 16)
	rand.Read(key)
	fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Protocol: %s\r\nSec-WebSocket-Key: %s\r\n\r\n", path, host, protocol, base64.StdEncoding.EncodeToString(key))
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal("websocket:", resp.Status)
	}
	return &wsConn{conn: conn, in: in}
}

// read returns the next message.
func (p *wsConn) read(t *testing.T) string {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(p.in, head); err != nil {
		t.Fatal(err)
	}
	size := int(head[1] & 0x7f)
	if size >= 126 {
		long := make([]byte, 2+6*(size-126))
		if _, err := io.ReadFull(p.in, long); err != nil {
			t.Fatal(err)
		}
		size = 0
		for _, b := range long {
			size = size<<8 | int(b)
		}
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(p.in, body); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// expect reads until a message has all these parts.
func (p *wsConn) expect(t *testing.T, parts ...string) {
	t.Helper()
	for {
		message := p.read(t)
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(message, part) }) {
			return
		}
	}
}

// register registers and returns the final status.
func (p *wsConn) register(t *testing.T, user, ha1 string) int {
	t.Helper()
	callID := randomHex(8)
	answer := p.exchange(t, user, callID, "")
	nonce := regexp.MustCompile(`nonce="([^"]+)"`).FindStringSubmatch(answer)
	if status(answer) != 401 || nonce == nil {
		t.Fatalf("no challenge: %s", answer)
	}
	response := md5Hex(ha1 + ":" + nonce[1] + ":00000001:0a4f113b:auth:" + md5Hex("REGISTER:sip:lab"))
	opaque := regexp.MustCompile(`opaque="([^"]*)"`).FindStringSubmatch(answer)
	auth := fmt.Sprintf(`Authorization: Digest algorithm=MD5, username="%s", realm="asterisk", nonce="%s", uri="sip:lab", response="%s", qop=auth, cnonce="0a4f113b", nc=00000001`,
		user, nonce[1], response)
	if opaque != nil {
		auth += `, opaque="` + opaque[1] + `"`
	}
	return status(p.exchange(t, user, callID, auth+"\r\n"))
}

func (p *wsConn) exchange(t *testing.T, user, callID, auth string) string {
	t.Helper()
	p.cseq++
	text := fmt.Sprintf("REGISTER sip:lab SIP/2.0\r\nVia: SIP/2.0/WS lab.invalid;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:%s@lab>;tag=%s\r\nTo: <sip:%s@lab>\r\n"+
		"Call-ID: %s\r\nCSeq: %d REGISTER\r\nContact: <sip:%s@lab.invalid;transport=ws>;expires=60\r\n%sContent-Length: 0\r\n\r\n",
		randomHex(6), user, callID, user, callID, p.cseq, user, auth)
	frame := binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(len(text)))
	frame = append(frame, 0, 0, 0, 0) // a mask that changes nothing
	if _, err := p.conn.Write(append(frame, text...)); err != nil {
		t.Fatal(err)
	}
	for {
		if answer := p.read(t); status(answer) >= 200 {
			return answer
		}
	}
}

func status(answer string) (code int) {
	if _, err := fmt.Sscanf(answer, "SIP/2.0 %d", &code); err != nil {
		return 0
	}
	return code
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
