// Package config is Pult's configuration: one typed value, read from one YAML file and the environment.
//
// An unknown key is an error that suggests the right one; Validate names every problem at once. Secrets never stand in the
// configuration: it holds references (env:, file:, vault:) that Secrets resolves. The package knows no other part of Pult but the
// ports whose types it fills.
package config

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/pult-cc/pult/internal/errs"
)

// Config is everything that can be configured. Keys in the file are the yaml tags; in the environment PULT_ and the path in upper
// case, e.g. PULT_SERVER_LISTEN (lists: separated by commas).
type Config struct {
	Server     Server      `yaml:"server"`
	Database   Database    `yaml:"database"`
	Bus        Bus         `yaml:"bus"`
	Seal       Seal        `yaml:"seal"`
	Telephony  Telephony   `yaml:"telephony"`
	Region     string      `yaml:"region"`   // ISO 3166-1 alpha-2: whose numbering plan national numbers are of
	Language   string      `yaml:"language"` // of people who have not chosen: ru, en, or "" for the browser's
	Connectors []Connector `yaml:"connectors"`
	// WebConnectors says what those may reach that administrators configure in the web app.
	WebConnectors WebConnectors `yaml:"web_connectors"`
	Limits        Limits        `yaml:"limits"`
	Log           Log           `yaml:"log"`
}

// Server is the web side.
type Server struct {
	Listen         string        `yaml:"listen"`
	PublicURL      string        `yaml:"public_url"`      // as browsers see it; no path
	AllowedOrigins []string      `yaml:"allowed_origins"` // besides that of PublicURL
	TrustedProxies []string      `yaml:"trusted_proxies"` // CIDR; only from these X-Forwarded-For is believed
	CookieSecure   string        `yaml:"cookie_secure"`   // auto, always, never
	Development    bool          `yaml:"development"`     // playground and introspection
	DrainTimeout   time.Duration `yaml:"drain_timeout"`   // how long SIGTERM waits for requests under way
}

// Database is where people, history and sealed credentials are kept.
type Database struct {
	DSN string `yaml:"dsn"` // sqlite:path, or postgres://…; may be a secret reference
}

// Bus connects several processes of Pult.
type Bus struct {
	URL string `yaml:"url"` // memory, redis://… or rediss://…; may be a secret reference
}

// Seal is where the key comes from that SIP credentials are sealed with: a local file, or Vault when its address is set.
type Seal struct {
	KeyFile string `yaml:"key_file"` // made at the first start
	Vault   Vault  `yaml:"vault"`
}

// Vault is a HashiCorp Vault with a KV version 2 engine. It signs in with a token, or by AppRole.
type Vault struct {
	Address  string `yaml:"address"`
	Mount    string `yaml:"mount"`
	Path     string `yaml:"path"`
	Token    string `yaml:"token"` // secret reference
	RoleID   string `yaml:"role_id"`
	SecretID string `yaml:"secret_id"` // secret reference
}

// Drivers of telephony.
const (
	DriverARI     = "ari"
	DriverFakePBX = "fakepbx"
)

// Telephony is the PBX and what phones need to know of it.
type Telephony struct {
	Driver           string        `yaml:"driver"` // ari, or fakepbx (silent, for a look around)
	ARI              ARI           `yaml:"ari"`
	Trunk            string        `yaml:"trunk"`     // dial string of outgoing calls; {number} is replaced
	CallerID         string        `yaml:"caller_id"` // number shown to those we call; "" leaves it to the PBX
	Realm            string        `yaml:"realm"`     // of SIP digest authentication
	OperatorContext  string        `yaml:"operator_context"`
	PhoneWSURLs      []string      `yaml:"phone_ws_urls"`
	PhoneHost        string        `yaml:"phone_host"` // host part of SIP addresses; "" = of the first of PhoneWSURLs
	PhoneICEServers  []ICEServer   `yaml:"phone_ice_servers"`
	RegisterInterval time.Duration `yaml:"register_interval"`
	LongHold         time.Duration `yaml:"long_hold"` // on hold longer than this is worth a warning
	DeadAir          time.Duration `yaml:"dead_air"`  // silence of both longer than this is

	DeskPhoneServer    string `yaml:"desk_phone_server"`    // host, or host:port; "" = PhoneHost
	DeskPhoneTransport string `yaml:"desk_phone_transport"` // udp, tcp or tls
}

// Kinds of link: who connects to whom for events. Commands always go from Pult to Asterisk.
const (
	LinkInbound  = "inbound"  // Pult connects to Asterisk
	LinkOutbound = "outbound" // Asterisk connects to Pult
)

// ARI is the REST interface of Asterisk.
type ARI struct {
	URL      string   `yaml:"url"` // up to and including /ari
	User     string   `yaml:"user"`
	Password string   `yaml:"password"` // secret reference
	App      string   `yaml:"app"`      // as in the dialplan's Stasis()
	Link     string   `yaml:"link"`     // inbound, outbound: as Asterisk sees it
	Outbound Outbound `yaml:"outbound"`
}

// Outbound is where an Asterisk that connects to Pult arrives, and who it says it is.
type Outbound struct {
	Listen   string `yaml:"listen"` // an address of its own; "" = the server's
	Path     string `yaml:"path"`
	User     string `yaml:"user"`
	Password string `yaml:"password"` // secret reference
}

// ICEServer is a STUN or TURN server for phones (W3C RTCIceServer).
type ICEServer struct {
	URLs       []string `yaml:"urls"`
	Username   string   `yaml:"username"`
	Credential string   `yaml:"credential"` // secret reference
}

// Connector is one customer system.
type Connector struct {
	ID     string         `yaml:"id"`   // stable: customers' ids contain it
	Kind   string         `yaml:"kind"` // which driver
	Name   string         `yaml:"name"` // as people call it
	Config map[string]any `yaml:"config"`
	// NoIndex leaves the system's records where they are: no copy of who has which number is read in the background.
	NoIndex bool `yaml:"no_index"`
	// LogCalls writes every call that has ended into the system, MissedCallTasks a task to call back for every missed one. Nothing is
	// written into anybody's system that was not asked for.
	LogCalls        bool `yaml:"log_calls"`
	MissedCallTasks bool `yaml:"missed_call_tasks"`
	// ShowCalls has the system show its own card to the operator whose phone rings, of customers it knows. It goes with LogCalls.
	ShowCalls bool `yaml:"show_calls"`
	// Clicks lets a number that is clicked in the system be called by the operator who clicked.
	Clicks bool `yaml:"clicks"`
	// Operators are logins and who they are in the system, by its own id.
	Operators map[string]string `yaml:"operators"`
}

// WebConnectors is what customer systems that are configured in the web app may reach beside public addresses. Whoever administers
// Pult in a browser is trusted less than whoever writes this file.
type WebConnectors struct {
	Networks []string `yaml:"networks"` // private networks, as 10.0.0.0/8
	Folders  []string `yaml:"folders"`  // with files of customers, absolute
}

// JSON returns the connector's own configuration as its driver takes it; secrets in it are still references.
func (c Connector) JSON() (json.RawMessage, error) {
	if c.Config == nil {
		return json.RawMessage("{}"), nil
	}
	b, err := json.Marshal(c.Config)
	if err != nil {
		return nil, errs.With(errs.Invalid, "encoding configuration of connector "+c.ID, err)
	}
	return b, nil
}

// Limits keep one client from taking what belongs to all.
type Limits struct {
	RequestBytes        int           `yaml:"request_bytes"`         // body of one GraphQL request, and one WebSocket message
	RequestTimeout      time.Duration `yaml:"request_timeout"`       // one query or mutation
	QueryTokens         int           `yaml:"query_tokens"`          // lexical tokens of one document
	QueryDepth          int           `yaml:"query_depth"`           // nested selections
	QueryComplexity     int           `yaml:"query_complexity"`      // fields, lists counted by their length
	SocketOperations    int           `yaml:"socket_operations"`     // at a time on one WebSocket
	SocketMailbox       int           `yaml:"socket_mailbox"`        // messages waiting for a slow browser before it is let go
	SocketsPerSession   int           `yaml:"sockets_per_session"`   // open WebSockets of one signed-in browser
	SessionIdle         time.Duration `yaml:"session_idle"`          // an unused session ends after
	SessionAbsolute     time.Duration `yaml:"session_absolute"`      // any session ends after
	SignInFailures      int           `yaml:"sign_in_failures"`      // in a row for one login, then one in 10 s
	SignInFailuresFrom  int           `yaml:"sign_in_failures_from"` // in a row from one address, then one in 2 s
	ConcurrentPasswords int           `yaml:"concurrent_passwords"`  // being checked at a time, 19 MiB each; 0 = by processors
}

// Log is how Pult reports.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}

// Default returns the configuration of a single machine next to its Asterisk.
func Default() Config {
	return Config{
		Server: Server{
			Listen: "127.0.0.1:8080", PublicURL: "http://localhost:8080", AllowedOrigins: []string{}, TrustedProxies: []string{},
			CookieSecure: "auto", DrainTimeout: 10 * time.Second,
		},
		Database: Database{DSN: "sqlite:pult.db"},
		Bus:      Bus{URL: "memory"},
		Seal:     Seal{KeyFile: "pult.key", Vault: Vault{Mount: "secret", Path: "pult/seal"}},
		Telephony: Telephony{
			Driver: DriverARI,
			ARI: ARI{URL: "http://127.0.0.1:8088/ari", User: "pult", Password: "env:PULT_ARI_PASSWORD", App: "pult", Link: LinkInbound,
				Outbound: Outbound{Path: "/asterisk", User: "asterisk", Password: "env:PULT_LINK_PASSWORD"}},
			Trunk: "PJSIP/{number}@trunk", Realm: "asterisk", OperatorContext: "pult-operators",
			PhoneWSURLs: []string{}, PhoneICEServers: []ICEServer{}, RegisterInterval: 2 * time.Minute,
			LongHold: time.Minute, DeadAir: 15 * time.Second,
			DeskPhoneTransport: "udp",
		},
		Region:     "RU",
		Connectors: []Connector{}, WebConnectors: WebConnectors{Networks: []string{}, Folders: []string{}},
		Limits: Limits{
			RequestBytes: 64 << 10, RequestTimeout: 10 * time.Second, QueryTokens: 600, QueryDepth: 12, QueryComplexity: 20000,
			SocketOperations: 32, SocketMailbox: 1024, SocketsPerSession: 32,
			SessionIdle: 12 * time.Hour, SessionAbsolute: 7 * 24 * time.Hour, SignInFailures: 5, SignInFailuresFrom: 30,
		},
		Log: Log{Level: "info", Format: "text"},
	}
}

// SecureCookies tells whether cookies are for https only.
func (s Server) SecureCookies() bool {
	switch s.CookieSecure {
	case "always":
		return true
	case "never":
		return false
	}
	return strings.HasPrefix(s.PublicURL, "https://")
}

// Origins returns every origin that browsers may come from: PublicURL's and AllowedOrigins.
func (s Server) Origins() []string {
	var out []string
	if u, err := url.Parse(s.PublicURL); err == nil && u.Host != "" {
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return append(out, s.AllowedOrigins...)
}

// Enabled tells whether the key comes from Vault.
func (v Vault) Enabled() bool { return v.Address != "" }
