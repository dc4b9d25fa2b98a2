package app

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/graph"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/webapp"
)

// handler serves the API, the health probes and the web app. drain asks the browsers to come back elsewhere.
func (a *App) handler() (_ http.Handler, drain func(context.Context), _ error) {
	core := graph.Core{
		Auth: a.auth, Floor: a.service, Board: graph.FromBoard(a.board), Customers: customerDesk{a.match}, Links: a.links, Indexes: a.systems.indexes,
		History: a.history, Phones: a.phones, Reasons: a.store.Directory(), Health: a.health, Connectors: a.bench, Outbox: a.outbox,
		Phone: a.phoneOptions(), Version: a.o.Version, Now: time.Now, Log: a.log,
	}
	if a.o.Demo != nil {
		core.Demo = a.o.Demo.graph(a.number)
	}
	l := a.cfg.Limits
	o := graph.Options{
		Origins: a.cfg.Server.Origins(), SecureCookies: a.cfg.Server.SecureCookies(), Development: a.cfg.Server.Development,
		Limits: graph.Limits{
			RequestBytes: l.RequestBytes, RequestTimeout: l.RequestTimeout, QueryTokens: l.QueryTokens, QueryDepth: l.QueryDepth,
			QueryComplexity: l.QueryComplexity, SocketOperations: l.SocketOperations, SocketMailbox: l.SocketMailbox,
			SocketsPerSession: l.SocketsPerSession,
		},
	}
	for _, p := range a.cfg.Server.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, nil, errs.Field("reading configuration", "server.trusted_proxies", p+" is not a network like 10.0.0.0/8")
		}
		o.TrustedProxies = append(o.TrustedProxies, prefix)
	}
	api, err := graph.NewHandler(core, o)
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	mux.Handle("POST /hooks/{connector}", a.hooks())
	mux.HandleFunc("GET /healthz", a.health.ServeLive)
	mux.HandleFunc("GET /readyz", a.health.ServeReady)
	if o := a.cfg.Telephony.ARI.Outbound; a.door != nil && o.Listen == "" {
		mux.Handle(o.Path, a.door)
	}
	mux.Handle("/", secured(pages(webapp.FS()), a.connectSources()))
	if a.o.Demo != nil {
		return localOnly(mux), api.Drain, nil
	}
	return mux, api.Drain, nil
}

// localOnly refuses requests under a foreign name: everybody knows the demo's passwords, and a foreign page whose name is made to
// point at this machine (DNS rebinding) would otherwise count as the demo's own.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "the demo is for this machine only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// connectSources are the origins that the page may open sockets to, for its content security policy: itself and the phones'.
func (a *App) connectSources() string {
	out := "'self'"
	for _, u := range a.phoneURLs() {
		out += " " + u
	}
	return out
}

// secured sets the headers that keep foreign code and frames out of the page. Styles may be inline: the component library writes
// CSS variables so; scripts may not.
func secured(next http.Handler, connect string) http.Handler {
	policy := "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
		"media-src 'self' blob:; worker-src 'self' blob:; connect-src " + connect + "; object-src 'none'; base-uri 'none'; " +
		"form-action 'self'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
		next.ServeHTTP(w, r)
	})
}

func (a *App) phoneOptions() graph.PhoneOptions {
	o := graph.PhoneOptions{RegisterExpires: a.cfg.Telephony.RegisterInterval, LongHold: a.cfg.Telephony.LongHold, DeadAir: a.cfg.Telephony.DeadAir}
	for _, s := range a.cfg.Telephony.PhoneICEServers {
		o.ICEServers = append(o.ICEServers, graph.ICEServer{URLs: s.URLs, Username: s.Username, Credential: a.ice[s.Credential]})
	}
	return o
}

// customerDesk fits the matcher to the edge.
type customerDesk struct{ s *customers.Service }

func (d customerDesk) Customer(ctx context.Context, id customers.ID) (customers.Customer, error) {
	return d.s.Get(ctx, id)
}

func (d customerDesk) Search(ctx context.Context, text string, limit int) ([]customers.Customer, error) {
	return d.s.Search(ctx, text, limit)
}

func (d customerDesk) MatchNumber(ctx context.Context, number string) (customers.Match, error) {
	return d.s.Match(ctx, number), nil
}

// graph shows the demo to the edge.
func (d *Demo) graph(n *customers.Normalizer) *graph.Demo {
	out := &graph.Demo{Simulated: d.Simulated, Unknown: n.Parse(unknownCaller)}
	var callers []graph.DemoCaller
	for _, c := range d.Callers {
		callers = append(callers, graph.DemoCaller{Name: c.Name, Company: c.Company, Number: n.Parse(c.Number)})
	}
	out.Callers = func(context.Context) ([]graph.DemoCaller, error) { return callers, nil }
	return out
}

// unknownCaller is a valid number that no customer of the demo base has.
const unknownCaller = "+79990001122"

func (d customerDesk) Creating() []customers.System { return d.s.Creating() }

func (d customerDesk) Related(ctx context.Context, id customers.ID, limit int) ([]connectors.Item, error) {
	return d.s.Related(ctx, id, limit)
}

func (d customerDesk) Contacts(ctx context.Context, id customers.ID, limit int) ([]connectors.Contact, error) {
	return d.s.Contacts(ctx, id, limit)
}
