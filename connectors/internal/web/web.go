// Package web sends the HTTP requests of connectors: to the hosts that a configuration names and no other, to private networks only
// where it lists them, without following anybody elsewhere, with a limit on answers, and with errors that repeat neither an address
// nor a number. It knows nothing of what is asked.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pult-cc/pult/connectors/trace"
	"github.com/pult-cc/pult/internal/errs"
)

// Options of a Client.
type Options struct {
	Hosts     []string       // host or host:port; requests to others are refused
	Networks  []netip.Prefix // private networks that those hosts may be in
	MaxConns  int            // to one host
	MaxAnswer int64          // bytes; a longer answer is errs.Invalid
	Setting   string         // what the configuration calls that limit
	Secrets   []string       // that may stand in an address and must not be seen in a trace
}

// Client sends requests. It may be used by many goroutines.
type Client struct {
	http  *http.Client
	hosts map[string]bool
	o     Options
}

// New makes a client. Nothing is connected yet.
func New(o Options) *Client {
	c := &Client{hosts: map[string]bool{}, o: o}
	for _, h := range o.Hosts {
		c.hosts[strings.ToLower(h)] = true
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = o.MaxConns
	transport.MaxIdleConnsPerHost = o.MaxConns
	transport.MaxResponseHeaderBytes = 64 << 10
	plain := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	guarded := *plain
	// Called with the very address that is about to be connected, so that a name which changes its mind between question and
	// connection gains nothing.
	guarded.Control = func(_, address string, _ syscall.RawConn) error { return permit(address, o.Networks) }
	// The proxy of the environment decides what it reaches. Everything else is guarded, however its name came to be this address: the
	// transport writes a name in other letters, or an address in other digits, its own way.
	var proxies sync.Map // addresses
	proxy := transport.Proxy
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		u, err := proxy(r)
		if u != nil {
			proxies.Store(hostPort(u), true)
		}
		return u, err
	}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, is := proxies.Load(address); is {
			return plain.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect is a proxy's sign-in page or a wrong address; following it would carry the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// known reports whether a host[:port] is one that the configuration names, with its port or without.
func (c *Client) known(hostport string) bool {
	hostport = strings.ToLower(hostport)
	if c.hosts[hostport] {
		return true
	}
	host, _, err := net.SplitHostPort(hostport)
	return err == nil && (c.hosts[host] || strings.Contains(host, ":") && c.hosts["["+host+"]"])
}

// Close closes idle connections. The client stays usable.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// ErrTooLong is in the error of an answer that is longer than permitted.
var ErrTooLong = errors.New("answer too long")

// Answer is a whole answer. Body is without byte order mark and surrounding space.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Page reports whether the answer is a web page or XML, where data were asked for.
func (a Answer) Page() bool { return len(a.Body) > 0 && a.Body[0] == '<' }

// Do sends a request and reads its answer, whatever the status. No answer, and one that is too long or cut off, is an error.
func (c *Client) Do(ctx context.Context, op string, req *http.Request) (Answer, error) {
	answered := func(trace.Request) {}
	if r := trace.From(ctx); r != nil {
		answered = r.Begin(req.Method, shown(req.URL), c.o.Secrets...)
	}
	a, err := c.do(ctx, op, req)
	how := trace.Request{Status: a.Status, Bytes: len(a.Body)}
	if err != nil {
		how.Error = errs.Message(err)
	}
	answered(how)
	if tap := trace.Tap(ctx); tap != nil && err == nil {
		tap(exchange(req, a))
	}
	return a, err
}

// shown is an address as people read it. A plus is one in a path and a space in a query: a token with one has to be known for what it is.
func shown(u *url.URL) string {
	bare := *u
	bare.Path, bare.RawPath, bare.RawQuery, bare.ForceQuery, bare.Fragment, bare.RawFragment = "", "", "", false, "", ""
	s := bare.String() + u.Path
	if u.RawQuery == "" {
		return s
	}
	if plain, err := url.QueryUnescape(u.RawQuery); err == nil {
		return s + "?" + plain
	}
	return s + "?" + u.RawQuery
}

func exchange(req *http.Request, a Answer) trace.Exchange {
	e := trace.Exchange{Method: req.Method, URL: req.URL.String(), Header: req.Header, Status: a.Status, Answer: a.Header, Payload: a.Body}
	if req.GetBody == nil {
		return e
	}
	if body, err := req.GetBody(); err == nil {
		e.Body, _ = io.ReadAll(body) // in memory
		_ = body.Close()
	}
	return e
}

func (c *Client) do(ctx context.Context, op string, req *http.Request) (Answer, error) {
	if !c.known(hostPort(req.URL)) {
		return Answer{}, errs.Ef(errs.Invalid, op, "requests to %s are not permitted", req.URL.Hostname())
	}
	req.Header.Set("User-Agent", "Pult")
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		return Answer{}, transportError(ctx, op, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.o.MaxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return Answer{}, transportError(ctx, op, err)
	case err != nil:
		return Answer{}, &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the answer was cut off", Err: err}
	case int64(len(body)) > c.o.MaxAnswer:
		return Answer{}, &errs.Error{Kind: errs.Invalid, Op: op, Msg: fmt.Sprintf("the answer is longer than %s (%d)", c.o.Setting, c.o.MaxAnswer), Err: ErrTooLong}
	}
	return Answer{resp.StatusCode, resp.Header, bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))}, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// errPrivate is the refusal to connect to an address inside.
type errPrivate struct{ address netip.Addr }

func (e *errPrivate) Error() string {
	return fmt.Sprintf("%s is not a public address and not in a listed network", e.address)
}

// inside are addresses that are not public and that netip knows no predicate for.
var inside = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10")

// Local are the networks of a company and this machine itself.
var Local = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

func permit(address string, listed []netip.Prefix) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	a := ap.Addr().Unmap().WithZone("")
	for _, p := range listed {
		if p.Contains(a) {
			return nil
		}
	}
	bad := !a.IsGlobalUnicast() || a.IsPrivate()
	for _, p := range inside {
		bad = bad || p.Contains(a)
	}
	if bad {
		return &errPrivate{a}
	}
	return nil
}

// Networks reads a configuration's list of networks.
func Networks(op, field string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for i, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, errs.Field(op, fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q is no network; write it like 10.0.0.0/8", s))
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Confine holds a configuration's list of networks to those that are permitted; none is all of them.
func Confine(op, field string, list, permitted []string) ([]string, error) {
	asked, err := Networks(op, field, list)
	if err != nil {
		return nil, err
	}
	allowed, err := Networks(op, field, permitted)
	if err != nil {
		return nil, err
	}
	for i, p := range asked {
		if !slices.ContainsFunc(allowed, func(a netip.Prefix) bool { return a.Bits() <= p.Bits() && a.Contains(p.Addr()) }) {
			return nil, errs.Field(op, fmt.Sprintf("%s[%d]", field, i), p.String()+
				" is not permitted here; whoever runs Pult permits it in web_connectors.networks of the configuration file")
		}
	}
	if len(list) == 0 {
		return append([]string{}, permitted...), nil
	}
	return list, nil
}

// transportError is the error of a request without an answer. A *url.Error repeats the address, and with it the customer's number,
// so only its cause is kept.
func transportError(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: ctx.Err()}
	}
	var private *errPrivate
	if errors.As(err, &private) {
		return &errs.Error{Kind: errs.Invalid, Op: op, Err: private,
			Msg: "the server is in a private network; list that in networks if it is meant (for a connector made in the web app also in web_connectors.networks of the configuration file)"}
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var slow interface{ Timeout() bool }
	if errors.As(err, &slow) && slow.Timeout() {
		return &errs.Error{Kind: errs.Timeout, Op: op, Msg: "no answer in time", Err: err}
	}
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the server does not answer", Err: err}
}

// NotJSON is the error of an answer that is not the JSON that was expected. It tells where, and repeats nothing of it.
func NotJSON(op string, err error) error {
	return &errs.Error{Kind: errs.Unavailable, Op: op, Msg: "the answer was cut off", Err: shapeOf(err)}
}

func shapeOf(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("JSON is broken at byte %d", syntax.Offset)
	}
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		return fmt.Errorf("JSON has another type at byte %d", typed.Offset)
	}
	return errors.New("JSON is broken")
}

var personal = regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9][0-9() .+-]{3,}[0-9]`)

// Scrub makes a text of a foreign system fit to show: keys and numbers, which such texts repeat, are blotted out, and it is cut.
func Scrub(s string) string {
	s = personal.ReplaceAllString(s, "…")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

// RetryAfter reads the header: seconds or a date (RFC 9110, section 10.2.3).
func RetryAfter(h string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(h)); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
