package httpjson

import (
	"embed"
	"encoding/json"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/internal/errs"
)

// Config describes a customer system behind HTTP and JSON: where it is, how it lets us in, and what it can do. It is merged over the
// preset it names, key by key; lists are replaced, null takes a key away.
type Config struct {
	Preset   string            `json:"preset"`
	Title    string            `json:"title"` // of a preset
	BaseURL  string            `json:"base_url"`
	Links    string            `json:"links"`    // where deep links lead: an address, or a path of base_url's server; default base_url
	Networks []string          `json:"networks"` // private networks that base_url may be in; none is permitted that is not listed
	Auth     Auth              `json:"auth"`
	Secrets  map[string]string `json:"secrets"`  // references; ${.secrets.name} in headers and bodies
	Settings map[string]any    `json:"settings"` // values for templates; null in a preset: to be given
	Headers  map[string]string `json:"headers"`  // sent with every request
	Limits   Limits            `json:"limits"`
	Numbers  map[string]string `json:"numbers"` // more forms of a number, jq over {e164, national, digits, region, tails, spread}
	Types    map[string]Type   `json:"types"`   // the system's types of records
	Errors   []ErrorRule       `json:"errors"`
	Defs     string            `json:"defs"` // jq definitions for all expressions

	Operations Operations `json:"operations"`
}

// Auth is how the system lets us in.
type Auth struct {
	Kind     string `json:"kind"`
	User     string `json:"user"`     // basic
	Password string `json:"password"` // basic; reference
	Token    string `json:"token"`    // bearer, header, query, path; reference
	Name     string `json:"name"`     // of the header or query parameter; with OAuth 2.0: the access token is this field of the body
	Prefix   string `json:"prefix"`   // before the token in a header; of bearer: "Bearer "

	TokenURL     string            `json:"token_url"` // OAuth 2.0: absolute, or a path of base_url
	ClientID     string            `json:"client_id"`
	ClientSecret string            `json:"client_secret"` // reference
	RefreshToken string            `json:"refresh_token"` // reference
	Scope        string            `json:"scope"`
	Params       map[string]string `json:"params"`      // more parameters of the token request
	Credentials  string            `json:"credentials"` // body or basic: where client id and secret are sent
	Keep         string            `json:"keep"`        // file for the newest refresh token, where each use changes it
}

// The kinds of Auth.
const (
	authNone    = "none"
	authBasic   = "basic"
	authBearer  = "bearer"
	authHeader  = "header"
	authQuery   = "query"
	authPath    = "path" // the token is the first segment behind base_url
	authClient  = "oauth2_client_credentials"
	authRefresh = "oauth2_refresh_token"
)

// Limits of what the system is asked.
type Limits struct {
	Requests       int           `json:"requests"` // at most so many …
	Per            conf.Duration `json:"per"`      // … in this time; default 1s
	Burst          int           `json:"burst"`    // at once; default requests
	MaxConnections int           `json:"max_connections"`
	MaxAnswerBytes int           `json:"max_answer_bytes"`
	Candidates     int           `json:"candidates"` // records to ask for, ${.ask}; default 50
	Page           int           `json:"page"`       // records of an index page, ${.limit}; default 200
}

// Type is a type of records.
type Type struct {
	Kind string `json:"kind"` // of its candidates, unless the result says so: PERSON, COMPANY, LEAD
	Link string `json:"link"` // template of the deep link over {type, id, settings}
}

// ErrorRule makes an error of an answer, before the usual meaning of its status is applied.
type ErrorRule struct {
	Status     []int  `json:"status"` // none: any
	When       string `json:"when"`   // jq over the answer ($status, $headers); default true
	Kind       string `json:"kind"`
	Message    string `json:"message"`     // jq, yields what the system says
	RetryAfter string `json:"retry_after"` // jq, yields seconds
}

// Operations are what the system can do. What is missing is a capability that the connector lacks.
type Operations struct {
	Session         *Operation `json:"session"` // result is .session of all others, until an answer is unauthenticated
	Check           *Operation `json:"check"`
	Lookup          *Operation `json:"lookup"`
	Search          *Operation `json:"search"`
	Get             *Operation `json:"get"`
	Related         *Operation `json:"related"`
	History         *Operation `json:"history"`
	CreateContact   *Operation `json:"create_contact"`
	LogCall         *Operation `json:"log_call"`
	WithdrawCall    *Operation `json:"withdraw_call"` // with log_call's needs_customer: takes back what was written for a customer
	CreateTask      *Operation `json:"create_task"`
	AttachRecording *Operation `json:"attach_recording"`
	AnnounceCall    *Operation `json:"announce_call"`
	ShowCall        *Operation `json:"show_call"` // with announce_call: the system's own card of a call
	Index           *Operation `json:"index"`
	Agents          *Operation `json:"agents"`
	Click           *Click     `json:"click"`
}

// Operation is one request, or steps of which the last that runs has the result.
type Operation struct {
	Step
	Steps   []Step `json:"steps"`
	Content bool   `json:"content"` // attach_recording: .recording.content is the file in base64
	// NeedsCustomer makes a call or task of nobody connectors.ErrCustomerNeeded: the system files it under a customer or not at all.
	NeedsCustomer bool `json:"needs_customer"`
}

// Step is a request and what is made of its answer. One without a path asks nothing; its result is made of what is known.
type Step struct {
	Name     string            `json:"name"` // its result is .steps.name
	When     string            `json:"when"` // jq; the step is left out when it yields false or null
	Each     any               `json:"each"` // a list or jq that yields one: the step runs for each, .item, at the same time
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Query    any               `json:"query"` // names and texts or lists of texts, or a template that yields those
	Headers  map[string]string `json:"headers"`
	Body     any               `json:"body"`
	Encoding string            `json:"encoding"` // of the body: json or form
	EmptyOn  []int             `json:"empty_on"` // statuses that mean nothing; 204 does anyway
	Result   string            `json:"result"`   // jq over the answer; default "."
}

//go:embed presets/*.yaml
var presetFiles embed.FS

// Presets lists the names of the presets.
func Presets() []string {
	files, err := presetFiles.ReadDir("presets")
	if err != nil {
		return nil
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return out
}

// Preset returns the JSON of a preset.
func Preset(name string) (json.RawMessage, error) {
	text, err := presetFiles.ReadFile(path.Join("presets", name+".yaml"))
	if err != nil || strings.ContainsAny(name, `/\`) {
		return nil, conf.Field("preset", "%q is unknown%s", name, conf.DidYouMean(name, Presets()))
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, errs.With(errs.Internal, "reading preset "+name, err)
	}
	base, extends := tree["extends"].(string)
	if !extends {
		return json.Marshal(tree)
	}
	delete(tree, "extends")
	return extend(name, base, tree)
}

// extend puts a preset over the one that it extends; definitions of both hold.
func extend(name, base string, tree map[string]any) (json.RawMessage, error) {
	under, err := Preset(base)
	if err != nil {
		return nil, err
	}
	var of struct{ Defs string }
	if err := json.Unmarshal(under, &of); err != nil {
		return nil, errs.With(errs.Internal, "reading preset "+base, err)
	}
	if own, _ := tree["defs"].(string); own != "" {
		tree["defs"] = of.Defs + own
	}
	over, err := json.Marshal(tree)
	if err != nil {
		return nil, errs.With(errs.Internal, "reading preset "+name, err)
	}
	return merge(under, over)
}

// presets lists the presets with their documents.
func presets() []connectors.Preset {
	var out []connectors.Preset
	for _, name := range Presets() {
		doc, err := Preset(name)
		if err != nil {
			continue // a test opens them all
		}
		var c struct{ Title string }
		if json.Unmarshal(doc, &c) == nil {
			out = append(out, connectors.Preset{Name: name, Title: c.Title, Config: doc})
		}
	}
	return out
}

// readConfig reads a configuration over its preset, and checks what can be checked without compiling.
func readConfig(raw json.RawMessage) (Config, error) {
	var c, own Config
	if err := conf.Decode(raw, &own); err != nil {
		return c, err
	}
	if own.Preset != "" {
		preset, err := Preset(own.Preset)
		if err != nil {
			return c, err
		}
		if raw, err = merge(preset, raw); err != nil {
			return c, err
		}
	}
	if err := conf.Decode(raw, &c); err != nil {
		return c, err
	}
	return c, c.check()
}

func merge(under, over json.RawMessage) (json.RawMessage, error) {
	a, err := conf.Parse(under)
	if err != nil {
		return nil, errs.With(errs.Internal, "reading preset", err)
	}
	b, err := conf.Parse(over)
	if err != nil {
		return nil, errs.With(errs.Internal, "reading configuration", err)
	}
	return json.Marshal(mergeValues(a, b))
}

func mergeValues(under, over any) any {
	a, ok := under.(map[string]any)
	b, both := over.(map[string]any)
	if !ok || !both {
		return over
	}
	out := maps.Clone(a)
	for k, v := range b {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = mergeValues(out[k], v)
	}
	return out
}

func (c *Config) check() error {
	u, err := url.Parse(strings.TrimSpace(c.BaseURL))
	switch {
	case c.BaseURL == "":
		return conf.Field("base_url", "is required; write it like https://crm.example.com")
	case err != nil:
		return conf.Field("base_url", "is no address; write it like https://crm.example.com")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return conf.Field("base_url", "must begin with http:// or https://")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return conf.Field("base_url", "must have neither user, query nor fragment; auth is for passwords")
	}
	c.BaseURL = strings.TrimRight(u.String(), "/")
	if c.Links == "" {
		c.Links = c.BaseURL
	}
	if strings.HasPrefix(c.Links, "/") { // of the same server
		c.Links = u.Scheme + "://" + u.Host + c.Links
	}
	if l, err := url.Parse(c.Links); err != nil || !l.IsAbs() || l.Host == "" {
		return conf.Field("links", "must be an absolute address, or a path of the same server")
	}
	c.Links = strings.TrimRight(c.Links, "/")
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		if c.Settings[name] == nil {
			return conf.Field("settings."+name, "is required by the preset")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Types)) {
		if k := c.Types[name].Kind; k != "" {
			if err := conf.OneOf("types."+name+".kind", k, "PERSON", "COMPANY", "LEAD"); err != nil {
				return err
			}
		}
	}
	if c.Operations.Lookup == nil {
		return conf.Field("operations.lookup", "is required: a connector answers who has a number")
	}
	if c.Operations.Check == nil {
		return conf.Field("operations.check", "is required: a small request that tells whether we are let in")
	}
	if (c.Operations.AnnounceCall == nil) != (c.Operations.ShowCall == nil) {
		return conf.Field("operations.show_call", "goes with announce_call: a card is shown of a call that the system was told of")
	}
	if err := c.Limits.check(); err != nil {
		return err
	}
	return c.Auth.check()
}

func (l *Limits) check() error {
	for field, v := range map[string]*int{
		"requests": &l.Requests, "burst": &l.Burst, "max_connections": &l.MaxConnections,
		"max_answer_bytes": &l.MaxAnswerBytes, "candidates": &l.Candidates, "page": &l.Page,
	} {
		if *v < 0 {
			return conf.Field("limits."+field, "must not be negative")
		}
	}
	or := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	or(&l.MaxConnections, 8)
	or(&l.MaxAnswerBytes, 4<<20)
	or(&l.Candidates, 50)
	or(&l.Page, 200)
	or(&l.Burst, max(1, l.Requests))
	return nil
}

func (a *Auth) check() error {
	if a.Kind == "" {
		a.Kind = authNone
	}
	err := conf.OneOf("auth.kind", a.Kind, authNone, authBasic, authBearer, authHeader, authQuery, authPath, authClient, authRefresh)
	if err != nil {
		return err
	}
	need := map[string]map[string]string{
		authBasic:   {"user": a.User, "password": a.Password},
		authBearer:  {"token": a.Token},
		authHeader:  {"name": a.Name, "token": a.Token},
		authQuery:   {"name": a.Name, "token": a.Token},
		authPath:    {"token": a.Token},
		authClient:  {"token_url": a.TokenURL, "client_id": a.ClientID, "client_secret": a.ClientSecret},
		authRefresh: {"token_url": a.TokenURL, "client_id": a.ClientID, "refresh_token": a.RefreshToken},
	}[a.Kind]
	for _, field := range slices.Sorted(maps.Keys(need)) {
		if need[field] == "" {
			return conf.Field("auth."+field, "is required for %s", a.Kind)
		}
	}
	if a.Credentials == "" {
		a.Credentials = "body"
	}
	return conf.OneOf("auth.credentials", a.Credentials, "body", "basic")
}

// tokenURL makes the address of the token endpoint absolute.
func (c Config) tokenURL() (*url.URL, error) {
	address := c.Auth.TokenURL
	if strings.HasPrefix(address, "/") {
		address = c.BaseURL + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, conf.Field("auth.token_url", "must be an absolute address, or a path that begins with /")
	}
	return u, nil
}

// all lists the operations by name.
func (o Operations) all() map[string]*Operation {
	out := map[string]*Operation{
		"session": o.Session, "check": o.Check, "lookup": o.Lookup, "search": o.Search, "get": o.Get, "related": o.Related,
		"history": o.History, "create_contact": o.CreateContact, "log_call": o.LogCall, "withdraw_call": o.WithdrawCall, "create_task": o.CreateTask,
		"attach_recording": o.AttachRecording, "announce_call": o.AnnounceCall, "show_call": o.ShowCall, "index": o.Index, "agents": o.Agents,
	}
	maps.DeleteFunc(out, func(_ string, op *Operation) bool { return op == nil })
	return out
}
