package httpjson

import (
	"encoding/json"
	"regexp"
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
	asked := []any{c.Headers}
	for _, op := range []*Operation{c.Operations.Session, c.Operations.Index} {
		if op != nil {
			asked = append(asked, requests(*op))
		}
	}
	defs := strings.ReplaceAll(c.Defs, "$settings", "") // a parameter: who calls names what it is given
	if strings.Contains(defs, "settings") {
		asked = append(asked, defs)
	}
	read := []any{c.Headers, c.Operations.Session, c.Operations.Index, c.Types, defs}
	return connectors.Mirrored{
		System:  conf.Text(c.BaseURL, c.Auth, c.Secrets, c.named(conf.Text(asked...))),
		Records: conf.Text(read, c.Links, c.Limits.Page, c.named(conf.Text(read...))),
	}, nil
}

// requests is an operation without what is made of its answers.
func requests(op Operation) []Step {
	out := append([]Step{op.Step}, op.Steps...)
	for i := range out {
		out[i].Result = ""
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
