package main

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// message is a SIP message (RFC 3261 §7), as far as a test peer needs it.
type message struct {
	method, uri string // of a request
	status      int    // of a response
	headers     [][2]string
	body        string
}

func parseSIP(raw []byte) (*message, error) {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("no end of headers")
	}
	lines := strings.Split(string(head), "\r\n")
	m := &message{body: string(body)}
	first := strings.SplitN(lines[0], " ", 3)
	if len(first) < 3 {
		return nil, fmt.Errorf("start line %q", lines[0])
	}
	if first[0] == "SIP/2.0" {
		status, err := strconv.Atoi(first[1])
		if err != nil {
			return nil, fmt.Errorf("status line %q", lines[0])
		}
		m.status = status
	} else {
		m.method, m.uri = first[0], first[1]
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		m.add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return m, nil
}

func (m *message) add(name, value string) *message {
	m.headers = append(m.headers, [2]string{name, value})
	return m
}

// get returns the first header of a name.
func (m *message) get(name string) string {
	for _, h := range m.headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// copyFrom takes over headers of another message, all of each name, in order.
func (m *message) copyFrom(o *message, names ...string) *message {
	for _, name := range names {
		for _, h := range o.headers {
			if strings.EqualFold(h[0], name) {
				m.add(h[0], h[1])
			}
		}
	}
	return m
}

// reply makes a response to a request; tag is that of To, where it has none.
func (m *message) reply(status int, tag string) *message {
	r := (&message{status: status}).copyFrom(m, "Via", "From")
	to := m.get("To")
	if !strings.Contains(to, ";tag=") && status > 100 {
		to += ";tag=" + tag
	}
	return r.add("To", to).copyFrom(m, "Call-ID", "CSeq")
}

func (m *message) bytes() []byte {
	var b bytes.Buffer
	if m.status != 0 {
		fmt.Fprintf(&b, "SIP/2.0 %d Bench\r\n", m.status)
	} else {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.method, m.uri)
	}
	for _, h := range m.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m.body), m.body)
	return b.Bytes()
}

// digest answers a challenge (RFC 2617 §3.2.2, MD5, qop=auth).
func digest(challenge, user, ha1, method, uri string) string {
	get := func(name string) string {
		for p := range strings.SplitSeq(strings.TrimPrefix(challenge, "Digest "), ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
			if strings.EqualFold(k, name) {
				return strings.Trim(v, `"`)
			}
		}
		return ""
	}
	sum := func(parts ...string) string {
		h := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h[:])
	}
	nonce, cnonce := get("nonce"), token()
	response := sum(ha1, nonce, "00000001", cnonce, "auth", sum(method, uri))
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, cnonce="%s", qop=auth, nc=00000001, opaque="%s"`,
		user, get("realm"), nonce, uri, response, cnonce, get("opaque"))
}

func token() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
