package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/playground"
	"github.com/rs/cors"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/pult-cc/pult/graph/generated"
	"github.com/pult-cc/pult/graph/transport"
	"github.com/pult-cc/pult/internal/errs"
)

// ClientHeader is required of every POST. A foreign page cannot send it without a CORS preflight, which it fails: with the JSON body this
// is the protection against forged requests.
const ClientHeader = "X-Pult-Client"

// Options are how the edge is reached.
type Options struct {
	// Origins are those that pages may come from, scheme://host[:port]; a page of the very host that is asked is always welcome.
	Origins        []string
	TrustedProxies []netip.Prefix
	SecureCookies  bool
	Development    bool // introspection, suggestions, playground
	Limits         Limits
}

// Handler serves GraphQL: POST and WebSockets on one path, in development the playground by GET. Its methods may be called
// concurrently.
type Handler struct {
	core   Core
	o      Options
	exec   *executor.Executor
	post   transport.Post
	socket *transport.Socket
	cors   *cors.Cors
}

// Times that browsers and operators need not choose.
const (
	socketInit     = 5 * time.Second
	socketWrite    = 10 * time.Second
	socketPatience = 5 * time.Second
	socketPing     = 12 * time.Second
	socketDead     = 30 * time.Second
	socketBytes    = 4 << 20
	preflightAge   = 10 * time.Minute
)

// NewHandler makes the edge over the core.
func NewHandler(c Core, o Options) (*Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	o.Limits = o.Limits.withDefaults()
	h := &Handler{core: c, o: o, exec: newExecutor(c, o)}
	h.post = transport.Post{MaxBytes: int64(o.Limits.RequestBytes), Timeout: o.Limits.RequestTimeout}
	h.socket = transport.NewSocket(h.open, transport.SocketLimits{
		MessageBytes: int64(o.Limits.RequestBytes), Operations: o.Limits.SocketOperations, Mailbox: o.Limits.SocketMailbox,
		MailboxBytes: socketBytes, PerSession: o.Limits.SocketsPerSession, InitTimeout: socketInit,
		OperationTimeout: o.Limits.RequestTimeout, WriteTimeout: socketWrite, Patience: socketPatience,
		PingEvery: socketPing, DeadAfter: socketDead,
	})
	h.cors = cors.New(cors.Options{
		AllowedOrigins: o.Origins, AllowedMethods: []string{http.MethodPost}, AllowCredentials: true,
		AllowedHeaders: []string{"Content-Type", ClientHeader}, MaxAge: int(preflightAge / time.Second),
	})
	if len(o.Origins) == 0 { // rs/cors takes an empty list for everybody
		h.cors = nil
	}
	return h, nil
}

func newExecutor(c Core, o Options) *executor.Executor {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: newResolver(c), Complexity: complexityOf()})
	e := executor.New(schema)
	e.SetQueryCache(newDocuments())
	e.SetErrorPresenter(c.present)
	e.SetRecoverFunc(c.recovered)
	e.SetParserTokenLimit(o.Limits.QueryTokens)
	e.SetDisableSuggestion(!o.Development)
	e.Use(&guard{schema: schema, limits: o.Limits, demo: c.Demo != nil, introspection: o.Development})
	return e
}

// Drain asks every browser to come back elsewhere and waits until they have left or ctx ends; new WebSockets are refused.
func (h *Handler) Drain(ctx context.Context) { h.socket.Drain(ctx) }

// Connections returns the number of open WebSockets.
func (h *Handler) Connections() int { return h.socket.Connections() }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.cors == nil {
		h.route(w, r)
		return
	}
	h.cors.ServeHTTP(w, r, h.route)
}

func (h *Handler) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case transport.IsUpgrade(r):
		h.serveSocket(w, r)
	case r.Method == http.MethodPost:
		h.servePost(w, r)
	case r.Method == http.MethodGet && h.o.Development && strings.Contains(r.Header.Get("Accept"), "text/html"):
		playground.Handler("Pult", r.URL.Path, playground.WithGraphiqlFetcherHeaders(map[string]string{ClientHeader: "playground"})).ServeHTTP(w, r)
	default:
		w.Header().Set("Allow", "POST")
		h.deny(w, r, http.StatusMethodNotAllowed, errs.E(errs.Invalid, "receiving request", "use POST"))
	}
}

// serveSocket serves WebSockets. CORS does not protect them: a foreign page may open one and the browser sends the cookie along, so
// the origin is checked here, and must be there where a cookie is.
func (h *Handler) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !h.originAllowed(r, tokenOf(r, h.o.SecureCookies) != "") {
		h.deny(w, r, http.StatusForbidden, errs.E(errs.Forbidden, "receiving request", "the origin is not permitted"))
		return
	}
	h.socket.Do(w, r, h.exec)
}

func (h *Handler) servePost(w http.ResponseWriter, r *http.Request) {
	const op = "receiving request"
	if r.Header.Get(ClientHeader) == "" {
		h.deny(w, r, http.StatusForbidden, errs.E(errs.Forbidden, op, "the header "+ClientHeader+" is missing"))
		return
	}
	if !h.originAllowed(r, false) {
		h.deny(w, r, http.StatusForbidden, errs.E(errs.Forbidden, op, "the origin is not permitted"))
		return
	}
	x := &exchange{w: w, client: clientOf(r, h.o.TrustedProxies), token: tokenOf(r, h.o.SecureCookies), secure: h.o.SecureCookies}
	ctx := withExchange(r.Context(), x)
	if x.token != "" {
		limit, cancel := context.WithTimeout(ctx, h.o.Limits.RequestTimeout)
		p, err := h.core.Auth.Authenticate(limit, x.token)
		cancel()
		switch {
		case err == nil:
			ctx = withViewer(ctx, p)
		case !errs.Is(err, errs.Unauthenticated):
			h.deny(w, r, http.StatusServiceUnavailable, err)
			return
		}
	}
	h.post.Do(w, r.WithContext(graphql.StartOperationTrace(ctx)), h.exec)
}

// originAllowed tells whether the page that asks is one of ours. Requests of programs have no origin.
func (h *Handler) originAllowed(r *http.Request, required bool) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return !required
	}
	if slices.Contains(h.o.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// open tells who opens a WebSocket.
func (h *Handler) open(r *http.Request) (transport.Session, error) {
	token := tokenOf(r, h.o.SecureCookies)
	// Watching first misses nothing: a session that ends between the two is seen by one of them.
	ended, release := h.core.Auth.Watch(hashOf(token))
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Limits.RequestTimeout)
	defer cancel()
	p, err := h.core.Auth.Authenticate(ctx, token)
	if err != nil {
		release()
		return transport.Session{}, err
	}
	return transport.Session{
		Key:     p.TokenHash,
		Context: func(ctx context.Context) context.Context { return withViewer(ctx, p) },
		Ended:   ended,
		Valid: func(ctx context.Context) bool {
			_, err := h.core.Auth.Authenticate(ctx, token)
			return !errs.Is(err, errs.Unauthenticated)
		},
		Release: release,
	}, nil
}

// deny answers a request that does not come to GraphQL, in GraphQL's form.
func (h *Handler) deny(w http.ResponseWriter, r *http.Request, status int, err error) {
	e := h.core.present(r.Context(), err)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client may have gone: nobody to tell.
	_ = json.NewEncoder(w).Encode(struct {
		Errors gqlerror.List `json:"errors"`
	}{gqlerror.List{e}})
}
