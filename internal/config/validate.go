package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Validate checks the whole configuration. The error is errs.Invalid and names every problem, each on a line of its own. Secret
// references are checked for their form, not resolved.
func (c Config) Validate() error {
	if p := c.problems(); len(p) > 0 {
		return invalid(p)
	}
	return nil
}

type problems []string

func (p *problems) addf(key, format string, args ...any) {
	*p = append(*p, key+": "+fmt.Sprintf(format, args...))
}

func (p *problems) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		near := nearest(value, allowed)
		p.addf(key, "%q must be one of %s%s", value, strings.Join(allowed, ", "), didYouMean(near))
	}
}

func (p *problems) within(key string, v, low, high int) {
	if v < low || v > high {
		p.addf(key, "%d must be between %d and %d", v, low, high)
	}
}

func (p *problems) lasts(key string, v, low, high time.Duration) {
	if v < low || v > high {
		p.addf(key, "%s must be between %s and %s", v, low, high)
	}
}

// secret checks a reference; "" is allowed where a secret may be absent.
func (p *problems) secret(key, ref string) {
	if ref != "" && !isReference(ref) {
		p.addf(key, "must be a reference, not the secret itself: env:NAME, file:path or vault:path#field")
	}
}

func (p *problems) url(key, raw string, schemes ...string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
		p.addf(key, "must be an address that begins with %s://", strings.Join(schemes, ":// or "))
		return nil
	}
	return u
}

var (
	reRegion = regexp.MustCompile(`^[A-Z]{2}$`)
	reID     = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	rePath   = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)
	reWord   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	// reHostPort is a host, an IPv6 address in brackets, or nothing, with a port or without.
	reHostPort = regexp.MustCompile(`^(([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?)?$`)
)

func (c Config) problems() []string {
	var p problems
	c.Server.check(&p)
	if !isReference(c.Database.DSN) && !strings.HasPrefix(c.Database.DSN, "sqlite:") &&
		!strings.HasPrefix(c.Database.DSN, "postgres://") && !strings.HasPrefix(c.Database.DSN, "postgresql://") {
		p.addf("database.dsn", "must begin with sqlite: or postgres://, or be a secret reference")
	}
	if c.Bus.URL != "memory" && !isReference(c.Bus.URL) &&
		!strings.HasPrefix(c.Bus.URL, "redis://") && !strings.HasPrefix(c.Bus.URL, "rediss://") {
		p.addf("bus.url", "must be memory, redis://…, rediss://… or a secret reference")
	}
	c.Seal.check(&p)
	c.Telephony.check(&p)
	if !reRegion.MatchString(c.Region) {
		p.addf("region", "%q must be a country by two capital letters, such as RU", c.Region)
	}
	p.oneOf("language", c.Language, "", "ru", "en")
	seen := map[string]bool{}
	for i, k := range c.Connectors {
		key := fmt.Sprintf("connectors[%d]", i)
		if !reID.MatchString(k.ID) {
			p.addf(key+".id", "%q must be lower-case letters, digits, - and _", k.ID)
		} else if seen[k.ID] {
			p.addf(key+".id", "%q is used twice", k.ID)
		}
		seen[k.ID] = true
		if k.Kind == "" {
			p.addf(key+".kind", "is required")
		}
		if k.Name == "" {
			p.addf(key+".name", "is required: people see it on the customer's card")
		}
		if k.ShowCalls && !k.LogCalls {
			p.addf(key+".show_calls", "goes with log_calls: the record of a call ends what was shown")
		}
		by := map[string]string{}
		for _, login := range slices.Sorted(maps.Keys(k.Operators)) {
			id := k.Operators[login]
			if id == "" {
				p.addf(key+".operators."+login, "must be who they are in the system")
			} else if other := by[id]; other != "" {
				p.addf(key+".operators."+login, "%q is %s already", id, other)
			}
			by[id] = login
		}
	}
	c.WebConnectors.check(&p)
	c.Limits.check(&p)
	p.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	p.oneOf("log.format", c.Log.Format, "text", "json")
	return p
}

func (s Server) check(p *problems) {
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		p.addf("server.listen", "%q must be host:port or :port", s.Listen)
	}
	p.oneOf("server.cookie_secure", s.CookieSecure, "auto", "always", "never")
	if u := p.url("server.public_url", s.PublicURL, "http", "https"); u != nil {
		if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			p.addf("server.public_url", "must end after the host and port")
		}
		if u.Scheme == "http" && s.CookieSecure == "auto" && !isLocal(u.Hostname()) {
			p.addf("server.public_url", "must be https: browsers give no microphone to http pages of another machine "+
				"(for tests behind a browser flag, set server.cookie_secure: never)")
		}
	}
	for i, o := range s.AllowedOrigins {
		key := fmt.Sprintf("server.allowed_origins[%d]", i)
		if u := p.url(key, o, "http", "https"); u != nil && o != u.Scheme+"://"+u.Host {
			p.addf(key, "%q must be scheme://host[:port] only", o)
		}
	}
	for i, c := range s.TrustedProxies {
		if _, err := netip.ParsePrefix(c); err != nil {
			p.addf(fmt.Sprintf("server.trusted_proxies[%d]", i), "%q must be a network such as 10.0.0.0/8", c)
		}
	}
	p.lasts("server.drain_timeout", s.DrainTimeout, 0, 10*time.Minute)
}

// isLocal tells whether browsers take the host for trustworthy without https (W3C Secure Contexts §3.1).
func isLocal(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func (s Seal) check(p *problems) {
	v := s.Vault
	if !v.Enabled() {
		if s.KeyFile == "" {
			p.addf("seal.key_file", "is required where seal.vault.address is not set")
		}
		return
	}
	p.url("seal.vault.address", v.Address, "http", "https")
	if v.Mount == "" {
		p.addf("seal.vault.mount", "is required")
	}
	if v.Path == "" {
		p.addf("seal.vault.path", "is required")
	}
	p.secret("seal.vault.token", v.Token)
	p.secret("seal.vault.secret_id", v.SecretID)
	for key, ref := range map[string]string{"seal.vault.token": v.Token, "seal.vault.secret_id": v.SecretID} {
		if strings.HasPrefix(ref, "vault:") {
			p.addf(key, "cannot come from the Vault that it opens")
		}
	}
	switch {
	case v.Token == "" && (v.RoleID == "" || v.SecretID == ""):
		p.addf("seal.vault", "needs a token, or role_id and secret_id")
	case v.Token != "" && v.RoleID != "":
		p.addf("seal.vault", "has both a token and a role_id: which is meant?")
	}
}

func (t Telephony) check(p *problems) {
	p.oneOf("telephony.driver", t.Driver, DriverARI, DriverFakePBX)
	if t.Driver != DriverARI {
		return
	}
	p.url("telephony.ari.url", t.ARI.URL, "http", "https")
	if t.ARI.User == "" {
		p.addf("telephony.ari.user", "is required")
	}
	if t.ARI.Password == "" {
		p.addf("telephony.ari.password", "is required")
	}
	p.secret("telephony.ari.password", t.ARI.Password)
	if !reWord.MatchString(t.ARI.App) {
		p.addf("telephony.ari.app", "%q must be a word as in the dialplan's Stasis()", t.ARI.App)
	}
	t.ARI.checkLink(p)
	if !strings.Contains(t.Trunk, "{number}") {
		p.addf("telephony.trunk", "%q must contain {number}", t.Trunk)
	}
	if t.Realm == "" {
		p.addf("telephony.realm", "is required")
	}
	if !reWord.MatchString(t.OperatorContext) {
		p.addf("telephony.operator_context", "%q must be the name of a dialplan context", t.OperatorContext)
	}
	for i, u := range t.PhoneWSURLs {
		p.url(fmt.Sprintf("telephony.phone_ws_urls[%d]", i), u, "ws", "wss")
	}
	for i, s := range t.PhoneICEServers {
		key := fmt.Sprintf("telephony.phone_ice_servers[%d]", i)
		if len(s.URLs) == 0 {
			p.addf(key+".urls", "is required")
		}
		for _, u := range s.URLs {
			if scheme, _, _ := strings.Cut(u, ":"); !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
				p.addf(key+".urls", "%q must begin with stun:, stuns:, turn: or turns:", u)
			}
		}
		p.secret(key+".credential", s.Credential)
	}
	p.oneOf("telephony.desk_phone_transport", t.DeskPhoneTransport, "udp", "tcp", "tls")
	if !reHostPort.MatchString(t.DeskPhoneServer) {
		p.addf("telephony.desk_phone_server", "%q must be host or host:port", t.DeskPhoneServer)
	}
	p.lasts("telephony.register_interval", t.RegisterInterval, 30*time.Second, time.Hour)
	p.lasts("telephony.long_hold", t.LongHold, 5*time.Second, time.Hour)
	p.lasts("telephony.dead_air", t.DeadAir, 5*time.Second, time.Hour)
}

// checkLink looks at what an Asterisk that connects to Pult needs.
func (a ARI) checkLink(p *problems) {
	p.oneOf("telephony.ari.link", a.Link, LinkInbound, LinkOutbound)
	if a.Link != LinkOutbound {
		return
	}
	o := a.Outbound
	if o.Listen != "" {
		if _, _, err := net.SplitHostPort(o.Listen); err != nil {
			p.addf("telephony.ari.outbound.listen", "%q must be host:port or :port, or empty for server.listen", o.Listen)
		}
	}
	taken := []string{"/graphql", "/healthz", "/readyz"}
	if !rePath.MatchString(o.Path) || slices.Contains(taken, o.Path) {
		p.addf("telephony.ari.outbound.path", "%q must be a path such as /asterisk that nothing else is served at", o.Path)
	}
	if o.User == "" {
		p.addf("telephony.ari.outbound.user", "is required")
	}
	if o.Password == "" {
		p.addf("telephony.ari.outbound.password", "is required")
	}
	p.secret("telephony.ari.outbound.password", o.Password)
}

func (w WebConnectors) check(p *problems) {
	for i, n := range w.Networks {
		if _, err := netip.ParsePrefix(n); err != nil {
			p.addf(fmt.Sprintf("web_connectors.networks[%d]", i), "%q must be a network such as 10.0.0.0/8", n)
		}
	}
	for i, f := range w.Folders {
		if !filepath.IsAbs(f) {
			p.addf(fmt.Sprintf("web_connectors.folders[%d]", i), "%q must be an absolute path", f)
		}
	}
}

func (l Limits) check(p *problems) {
	p.within("limits.request_bytes", l.RequestBytes, 4<<10, 16<<20)
	p.lasts("limits.request_timeout", l.RequestTimeout, time.Second, 5*time.Minute)
	p.within("limits.query_tokens", l.QueryTokens, 100, 100000)
	p.within("limits.query_depth", l.QueryDepth, 4, 100)
	p.within("limits.query_complexity", l.QueryComplexity, 100, 10000000)
	p.within("limits.socket_operations", l.SocketOperations, 4, 1000)
	p.within("limits.socket_mailbox", l.SocketMailbox, 16, 100000)
	p.within("limits.sockets_per_session", l.SocketsPerSession, 1, 10000)
	p.lasts("limits.session_idle", l.SessionIdle, time.Minute, 365*24*time.Hour)
	p.lasts("limits.session_absolute", l.SessionAbsolute, time.Minute, 365*24*time.Hour)
	p.within("limits.sign_in_failures", l.SignInFailures, 1, 1000)
	p.within("limits.sign_in_failures_from", l.SignInFailuresFrom, 1, 100000)
	p.within("limits.concurrent_passwords", l.ConcurrentPasswords, 0, 256)
}
