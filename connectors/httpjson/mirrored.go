package httpjson

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
)

// mirrored implements connectors.Factory. Behind one address there may be many customers' systems, told apart by who asks or by a
// setting that is sent along, as the name of a database.
func mirrored(config json.RawMessage) (connectors.Mirrored, error) {
	c, err := readConfig(config)
	if err != nil {
		return connectors.Mirrored{}, err
	}
	c.Auth.Keep = ""
	way := []any{c.Headers} // whose records they are may stand in it as it is, as the name of a database
	if c.Operations.Session != nil {
		way = append(way, requests(*c.Operations.Session))
	}
	asked := slices.Clone(way)
	if c.Operations.Index != nil {
		asked = append(asked, requests(*c.Operations.Index))
	}
	defs := strings.ReplaceAll(c.Defs, "$settings", "") // a parameter: who calls names what it is given
	if strings.Contains(defs, "settings") {
		asked = append(asked, defs)
	}
	read := []any{c.Headers, c.Operations.Session, c.Operations.Index, c.Types, defs}
	return connectors.Mirrored{
		System:   conf.Text(c.BaseURL, c.Auth, c.Secrets, way, c.named(conf.Text(asked...))),
		Records:  conf.Text(read, c.Links, c.Limits.Page, c.named(conf.Text(read...))),
		Accounts: c.accounts(),
	}, nil
}

// accounts are the keys that tell customers' systems apart behind one address: of a preset that has the address itself, and of a
// description without a preset, of which nobody knows. Presets without an address are of systems where each customer has their own.
func (c Config) accounts() []string {
	if c.Preset != "" {
		var of struct {
			BaseURL string `json:"base_url"`
		}
		preset, err := Preset(c.Preset)
		if err != nil || json.Unmarshal(preset, &of) != nil || of.BaseURL == "" {
			return nil
		}
	}
	refs := []string{c.Auth.Token, c.Auth.RefreshToken}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		if strings.Contains(conf.Text(c.Headers), "secrets."+name) {
			refs = append(refs, c.Secrets[name])
		}
	}
	return slices.DeleteFunc(refs, func(ref string) bool { return ref == "" })
}

// requests is an operation without what is made of its answers. The result of a step that asks nothing is made for the next one.
func requests(op Operation) []Step {
	out := append([]Step{op.Step}, op.Steps...)
	for i := range out {
		if out[i].Path != "" {
			out[i].Result = ""
		}
	}
	return out
}

var settingName = regexp.MustCompile(`settings(?:\.([\pL_][\pL\pN_]*))?`)

// named are the settings that a text names; all of them where it uses them as a whole.
func (c Config) named(text string) map[string]any {
	out := map[string]any{}
	for _, m := range settingName.FindAllStringSubmatch(text, -1) {
		if m[1] == "" {
			return c.Settings
		}
		if v, ok := c.Settings[m[1]]; ok {
			out[m[1]] = v
		}
	}
	return out
}
