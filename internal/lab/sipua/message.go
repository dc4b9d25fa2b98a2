package sipua

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// field is one header field. Names keep the case they were written in.
type field struct{ name, value string }

// message is a SIP request or response (RFC 3261 §7). Compact header names are expanded.
type message struct {
	method, uri string // of a request
	status      int    // of a response
	reason      string
	fields      []field
	body        []byte
}

// compact maps RFC 3261 §7.3.3's short header names to long ones.
var compact = map[string]string{
	"i": "Call-ID", "m": "Contact", "f": "From", "t": "To", "v": "Via", "l": "Content-Length", "c": "Content-Type", "s": "Subject", "k": "Supported",
}

// parse reads one datagram.
func parse(b []byte) (*message, error) {
	head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("no end of header")
	}
	lines := strings.Split(string(head), "\r\n")
	m := &message{body: body}
	parts := strings.SplitN(lines[0], " ", 3)
	if len(parts) < 3 {
		return nil, fmt.Errorf("bad start line %q", lines[0])
	}
	if parts[0] == "SIP/2.0" {
		status, err := strconv.Atoi(parts[1])
		if err != nil {
			return nil, fmt.Errorf("bad status %q", parts[1])
		}
		m.status, m.reason = status, parts[2]
	} else {
		m.method, m.uri = parts[0], parts[1]
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("bad header %q", line)
		}
		name = strings.TrimSpace(name)
		if long, ok := compact[strings.ToLower(name)]; ok {
			name = long
		}
		m.fields = append(m.fields, field{name, strings.TrimSpace(value)})
	}
	return m, nil
}

// get returns the first header field of a name, or "".
func (m *message) get(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// add appends a header field.
func (m *message) add(name, value string) *message {
	m.fields = append(m.fields, field{name, value})
	return m
}

// copyFrom appends all header fields of these names that o has.
func (m *message) copyFrom(o *message, names ...string) *message {
	for _, name := range names {
		for _, f := range o.fields {
			if strings.EqualFold(f.name, name) {
				m.add(name, f.value)
			}
		}
	}
	return m
}

// bytes writes the message.
func (m *message) bytes() []byte {
	var b bytes.Buffer
	if m.method != "" {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.method, m.uri)
	} else {
		fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.status, m.reason)
	}
	for _, f := range m.fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(m.body))
	b.Write(m.body)
	return b.Bytes()
}

// param returns a parameter of a header value: param(`<sip:a>;tag=x`, "tag") is "x".
func param(value, name string) string {
	for _, p := range strings.Split(value, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, name) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// address returns the URI between angle brackets, or the value itself.
func address(value string) string {
	if _, rest, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return uri
}
