package ari

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/pult-cc/pult/telephony"
)

// probeTime bounds the examination of one address.
const probeTime = 5 * time.Second

// ProbePhones does what a browser's phone does first: it opens the WebSocket of an address with the subprotocol "sip" (RFC 7118), as
// a page of the origin, and asks for OPTIONS, which any SIP server answers, be it with a refusal. Nothing stays behind.
func ProbePhones(ctx context.Context, address, origin string) telephony.Finding {
	f := telephony.Finding{What: "phones reach Asterisk at " + address}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		Subprotocols: []string{"sip"}, CompressionMode: websocket.CompressionDisabled, HTTPHeader: http.Header{"Origin": {origin}},
	})
	if err != nil {
		f.Why, f.Fix, f.File = unopened(resp, err)
		return f
	}
	defer conn.CloseNow() //nolint:errcheck // nothing was promised to the server
	if conn.Subprotocol() != "sip" {
		f.Why = "the WebSocket opens, but its subprotocol is not sip, and browsers hang up then"
		f.Fix = "let the address lead to Asterisk's /ws; a proxy in between must pass the header Sec-WebSocket-Protocol both ways"
		return f
	}
	status, server, err := options(ctx, conn, address)
	switch {
	case err != nil:
		f.Why = "the WebSocket opens, but nobody answers SIP: " + err.Error()
		f.Fix = "load res_pjsip.so and res_pjsip_transport_websocket.so, and give pjsip.conf a transport with protocol = ws (or wss)"
		f.File = "pjsip.conf"
	case status >= 500:
		f.Why = fmt.Sprintf("%s answers SIP with %d", server, status)
		f.Fix = "look into Asterisk's log: it serves no phones now"
	default:
		// 401 to a stranger is as good as 200.
		f.OK, f.Why = true, fmt.Sprintf("%s answers SIP (%d)", server, status)
	}
	return f
}

// unopened explains why a WebSocket did not open.
func unopened(resp *http.Response, err error) (why, fix, file string) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case resp != nil && resp.StatusCode == http.StatusNotFound:
		return "there is a web server, but nothing at this path",
			"Asterisk serves phones at /ws (behind http.conf's prefix, if it has one): load res_http_websocket.so and res_pjsip_transport_websocket.so; a proxy must pass the path on", "http.conf"
	case resp != nil && (resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout):
		return fmt.Sprintf("the answer is %d", resp.StatusCode),
			"start Asterisk behind the proxy; where Asterisk itself answers so, raise sessionlimit in http.conf", "http.conf"
	case resp != nil:
		return fmt.Sprintf("the answer to a WebSocket is %d", resp.StatusCode),
			"let the address lead to Asterisk's /ws; a proxy in between must pass WebSockets (Upgrade, Connection, Sec-WebSocket-Protocol)", "http.conf"
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid):
		return "browsers will not trust the certificate: " + plain(err), "use a certificate for the name in the address, from an authority that browsers know", ""
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "there is no TLS at this address", "serve it by TLS, or write ws:// into telephony.phone_ws_urls where pages are not https", ""
	case errors.Is(err, context.DeadlineExceeded):
		return "nobody answers", "let the address lead to Asterisk; look for a firewall in between", "http.conf"
	}
	return plain(err), "in http.conf: enabled = yes, bindaddr and bindport as in the address; or mend telephony.phone_ws_urls", "http.conf"
}

// plain leaves the address out of an error that names it again.
func plain(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err.Error()
	}
	return err.Error()
}

// options asks for OPTIONS and returns the answer's status and who gave it.
func options(ctx context.Context, conn *websocket.Conn, address string) (status int, server string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, "", err
	}
	transport, me := strings.ToUpper(u.Scheme), "pult-doctor"
	host, id := u.Hostname(), rand.Text()
	request := strings.Join([]string{
		"OPTIONS sip:" + host + " SIP/2.0",
		"Via: SIP/2.0/" + transport + " " + id + ".invalid;branch=z9hG4bK" + id,
		"Max-Forwards: 70",
		"From: <sip:" + me + "@" + host + ">;tag=" + id,
		"To: <sip:" + host + ">",
		"Call-ID: " + id, "CSeq: 1 OPTIONS", "Content-Length: 0", "", "",
	}, "\r\n")
	if err := conn.Write(ctx, websocket.MessageText, []byte(request)); err != nil {
		return 0, "", plainRead(ctx, err)
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return 0, "", plainRead(ctx, err)
		}
		in := textproto.NewReader(bufio.NewReader(strings.NewReader(string(data))))
		first, err := in.ReadLine()
		if err != nil {
			continue // a keep-alive
		}
		version, rest, _ := strings.Cut(first, " ")
		code, _, _ := strings.Cut(rest, " ")
		if status, err = strconv.Atoi(code); version != "SIP/2.0" || err != nil || status < 200 {
			continue // a request, or provisional
		}
		server = "a SIP server"
		if head, err := in.ReadMIMEHeader(); err == nil && head.Get("Server") != "" {
			server = head.Get("Server")
		}
		return status, server, nil
	}
}

func plainRead(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("no answer in time")
	}
	return err
}
