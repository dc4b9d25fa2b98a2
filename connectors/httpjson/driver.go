// Package httpjson is the driver of customer systems behind HTTP and JSON that a file describes: requests as templates, answers
// mapped by jq, ways to be let in, limits, errors. Adding such a system takes no code; presets are such files for known systems.
//
// What the description has no operation for, the driver lacks as a capability: connectors.As tells.
package httpjson

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/connectors/internal/pace"
	"github.com/pult-cc/pult/connectors/internal/web"
	"github.com/pult-cc/pult/internal/errs"
)

// Kind is the name of this kind of connector in configurations.
const Kind = "httpjson"

// Driver implements connectors.Driver, Checker and Partial. It may be used by many goroutines.
type Driver struct {
	id       string
	base     string
	links    string
	web      *web.Client
	auth     *signer
	pace     *pace.Limiter // nil: none
	limits   Limits
	settings map[string]any
	secrets  map[string]any
	headers  map[string]*template
	numbers  map[string]*program
	types    map[string]recordType
	errors   []errorRule
	ops      map[string]*operation
	click    *click // nil: the system sends none
	session  held
	writing  keyed
}

type recordType struct {
	kind string
	link *template
}

var _ interface {
	connectors.Driver
	connectors.Checker
	connectors.Partial
} = (*Driver)(nil)

//go:embed schema.json
var schema []byte

// Factory returns the factory of the kind "httpjson".
func Factory() connectors.Factory {
	return connectors.Factory{
		Kind: Kind, Schema: schema,
		New: func(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (connectors.Driver, error) {
			return New(ctx, id, config, secrets)
		},
		// The description of the system may send a secret along in any request and make it a part of any answer.
		Browser: &connectors.Browser{Confine: confine, Stay: []string{"title", "links", "networks", "settings", "limits"}},
		Presets: presets, Vocabulary: vocabulary, Mirrored: mirrored,
	}
}

// confine implements connectors.Browser.
func confine(config json.RawMessage, r connectors.Reach) (json.RawMessage, error) {
	var c Config
	if err := conf.Decode(config, &c); err != nil {
		return nil, err
	}
	if c.Auth.Keep != "" {
		return nil, conf.Field("auth.keep", "names a file of Pult's machine; that is for the configuration file")
	}
	networks, err := web.Confine("reading configuration", "networks", c.Networks, r.Networks)
	if err != nil {
		return nil, err
	}
	return conf.With(config, "networks", networks)
}

// New makes a driver from the JSON of a Config. Nothing is asked of the system yet; a configuration that cannot be right is
// errs.Invalid and names the field.
func New(ctx context.Context, id string, config json.RawMessage, secrets connectors.Secrets) (*Driver, error) {
	c, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	networks, err := web.Networks("reading configuration", "networks", c.Networks)
	if err != nil {
		return nil, err
	}
	d := &Driver{id: id, base: c.BaseURL, links: c.Links, limits: c.Limits, settings: c.Settings, secrets: map[string]any{}}
	if err := d.compile(c); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		if d.secrets[name], err = conf.Secret(ctx, secrets, "secrets."+name, c.Secrets[name]); err != nil {
			return nil, err
		}
	}
	if d.auth, err = newSigner(ctx, c, secrets); err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, conf.Field("base_url", "is no address")
	}
	hosts := []string{base.Host}
	if d.auth.endpoint != nil {
		hosts = append(hosts, d.auth.endpoint.Host)
	}
	d.web = web.New(web.Options{
		Hosts: hosts, Networks: networks, MaxConns: c.Limits.MaxConnections,
		MaxAnswer: int64(c.Limits.MaxAnswerBytes), Setting: "limits.max_answer_bytes", Secrets: d.known(),
	})
	d.auth.web = d.web
	if c.Limits.Requests > 0 {
		per := time.Duration(c.Limits.Per)
		if per == 0 {
			per = time.Second
		}
		d.pace = pace.New(c.Limits.Requests, per, c.Limits.Burst)
	}
	return d, nil
}

// known lists the secrets that must not be seen in a trace.
func (d *Driver) known() []string {
	out := []string{d.auth.Password, d.auth.Token, d.auth.ClientSecret, d.auth.RefreshToken}
	for _, v := range d.secrets {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

func (d *Driver) compile(c Config) error {
	defs, err := newLibrary(c.Defs)
	if err != nil {
		return conf.Field("defs", "%s", err)
	}
	for i, text := range defs.texts {
		if _, err := compile(defs, text+" ."); err != nil {
			return conf.Field("defs", "%s: %s", defs.defs[i].Name, err)
		}
	}
	if d.settings == nil {
		d.settings = map[string]any{}
	}
	d.headers, d.numbers, d.types, d.ops = map[string]*template{}, map[string]*program{}, map[string]recordType{}, map[string]*operation{}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if d.headers[name], err = parseTemplate(defs, "headers."+name, c.Headers[name], inHeader); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Numbers)) {
		if d.numbers[name], err = compile(defs, c.Numbers[name]); err != nil {
			return conf.Field("numbers."+name, "%s", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Types)) {
		t := recordType{kind: c.Types[name].Kind}
		if link := c.Types[name].Link; link != "" {
			if t.link, err = parseTemplate(defs, "types."+name+".link", link, inPath); err != nil {
				return err
			}
		}
		d.types[name] = t
	}
	if d.errors, err = compileErrors(defs, c.Errors); err != nil {
		return err
	}
	for name, o := range c.Operations.all() {
		if d.ops[name], err = compileOperation(defs, name, o); err != nil {
			return err
		}
	}
	d.click, err = compileClick(defs, c.Operations.Click)
	return err
}

// Close closes idle connections. The driver stays usable.
func (d *Driver) Close() error {
	d.web.Close()
	return nil
}

// url is a record's deep link: what the result gave, or the template of its type.
func (d *Driver) url(ctx context.Context, given, kind, id text) string {
	link := string(given)
	if t := d.types[string(kind)].link; link == "" && t != nil {
		scope := map[string]any{"type": string(kind), "id": string(id), "settings": d.settings}
		var err error
		if link, err = t.text(ctx, scope, segment); err != nil {
			return ""
		}
	}
	if strings.HasPrefix(link, "/") {
		link = d.links + link
	}
	if u, err := url.Parse(link); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return link
}

// numberScope is a number as templates see it: only digits, but for the plus, whatever the caller sent.
func (d *Driver) numberScope(ctx context.Context, q connectors.LookupQuery) (map[string]any, error) {
	digits, national := number.Digits(q.E164), number.Digits(q.National)
	if national == "" {
		national = digits
	}
	if digits == "" {
		digits = national
	}
	tails := []any{}
	for _, t := range number.Tails(q.Region, national) {
		tails = append(tails, t)
	}
	out := map[string]any{
		"e164": "+" + digits, "digits": digits, "national": national, "region": q.Region, "tails": tails, "spread": number.Spread(national),
	}
	forms := map[string]any{}
	for name, p := range d.numbers {
		v, err := p.run(ctx, out, nil, 0, nil)
		if err != nil {
			return nil, errs.With(errs.Invalid, "writing the number as "+name, err)
		}
		forms[name] = v
	}
	maps.Copy(out, forms)
	return out, nil
}

// Lookup implements connectors.Driver.
func (d *Driver) Lookup(ctx context.Context, q connectors.LookupQuery) ([]connectors.Candidate, error) {
	const op = "looking up number"
	if len(number.Digits(q.National)) < 4 && len(number.Digits(q.E164)) < 4 {
		return nil, nil
	}
	n, err := d.numberScope(ctx, q)
	if err != nil {
		return nil, err
	}
	return d.find(ctx, op, d.ops["lookup"], map[string]any{"number": n}, q.Limit, n["national"].(string))
}

// find runs an operation that yields candidates. Those that really have the digits come first, at most limit.
func (d *Driver) find(ctx context.Context, op string, o *operation, scope map[string]any, limit int, digits string) ([]connectors.Candidate, error) {
	if limit <= 0 {
		limit = 20
	}
	scope["limit"] = limit
	v, err := d.run(ctx, op, o, scope)
	if err != nil {
		return nil, err
	}
	found, err := d.candidates(ctx, v)
	if err != nil {
		return nil, misfit(op, o, err)
	}
	if digits != "" {
		sort.SliceStable(found, func(i, j int) bool { return hasDigits(found[i], digits) && !hasDigits(found[j], digits) })
	}
	return found[:min(limit, len(found))], nil
}

// misfit is the error of a result that is not what the operation has to yield.
func misfit(op string, o *operation, err error) error {
	return &errs.Error{Kind: errs.Invalid, Op: op, Msg: fmt.Sprintf("the result of operation %s: %s", o.name, errs.Message(err))}
}

// Check implements connectors.Checker.
func (d *Driver) Check(ctx context.Context) (connectors.Health, error) {
	const op = "checking"
	began := time.Now()
	v, err := d.run(ctx, op, d.ops["check"], map[string]any{})
	if err != nil {
		return connectors.Health{}, err
	}
	var h healthOut
	if _, section := v.(map[string]any); section {
		if err := decode(v, &h); err != nil {
			return connectors.Health{}, misfit(op, d.ops["check"], err)
		}
	}
	return connectors.Health{Version: string(h.Version), Latency: time.Since(began)}, nil
}
