package graph

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/pult-cc/pult/internal/errs"
)

// Names of the session cookie. The prefix makes browsers insist on Secure, on the path / and on no domain (RFC 6265bis §4.1.3.2); it
// cannot be had over plain http, which is for localhost.
const (
	secureCookie = "__Host-pult"
	plainCookie  = "pult"
)

// An exchange is the HTTP side of one request: what signing in and out needs.
type exchange struct {
	w      http.ResponseWriter
	client netip.Addr
	token  string // of the session the request came with, valid or not
	secure bool
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) (*exchange, error) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errs.E(errs.Invalid, "setting session", "sign in and out over HTTP: a WebSocket cannot set a cookie")
	}
	return x, nil
}

func cookieName(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

func (x *exchange) setToken(token string) {
	// A session cookie: the browser forgets it when it closes, the server when the session expires.
	http.SetCookie(x.w, &http.Cookie{
		Name: cookieName(x.secure), Value: token, Path: "/", HttpOnly: true, Secure: x.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (x *exchange) clearToken() {
	http.SetCookie(x.w, &http.Cookie{
		Name: cookieName(x.secure), Path: "/", MaxAge: -1, HttpOnly: true, Secure: x.secure, SameSite: http.SameSiteLaxMode,
	})
}

func tokenOf(r *http.Request, secure bool) string {
	c, err := r.Cookie(cookieName(secure))
	if err != nil {
		return ""
	}
	return c.Value
}

// clientOf returns the address that the request came from. Behind trusted proxies it is the last address of X-Forwarded-For that is
// not one of theirs: what stands further left anybody may have written.
func clientOf(r *http.Request, trusted []netip.Prefix) netip.Addr {
	host, _ := netip.ParseAddrPort(r.RemoteAddr)
	addr := host.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(addr, trusted); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
