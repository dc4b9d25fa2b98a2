package browser

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/pult-cc/pult/internal/errs"
)

// Formats are what policies can be written as: Linux, Windows, macOS.
var Formats = []string{"json", "reg", "plist"}

// Write renders the policies for a Pult at the origin.
func (t Target) Write(format, origin string) (string, error) {
	ps := t.Policies(origin)
	switch format {
	case "json":
		return t.json(ps)
	case "reg":
		return t.reg(ps), nil
	case "plist":
		return t.plist(ps), nil
	}
	return "", errs.Field("writing browser policies", "format", "one of "+strings.Join(Formats, ", "))
}

func (t Target) json(ps []Policy) (string, error) {
	if t.Name == "firefox" {
		ps = []Policy{{"policies", ps}}
	}
	raw, err := object(ps).MarshalJSON()
	if err != nil {
		return "", errs.With(errs.Internal, "writing browser policies", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return "", errs.With(errs.Internal, "writing browser policies", err)
	}
	return out.String() + "\n", nil
}

// object keeps the order of policies.
type object []Policy

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value := p.Value
		if below, ok := value.([]Policy); ok {
			value = object(below)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", p.Name, raw)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// reg is a file for regedit: CRLF, and one key per list. Values that the site has under the same keys stay unless they have our numbers.
func (t Target) reg(ps []Policy) string {
	var b strings.Builder
	b.WriteString("Windows Registry Editor Version 5.00\r\n")
	var key func(path string, ps []Policy)
	key = func(path string, ps []Policy) {
		fmt.Fprintf(&b, "\r\n[HKEY_LOCAL_MACHINE\\%s]\r\n", path)
		for _, p := range ps {
			switch v := p.Value.(type) {
			case bool:
				n := 0
				if v {
					n = 1
				}
				fmt.Fprintf(&b, "\"%s\"=dword:%08x\r\n", p.Name, n)
			case int:
				fmt.Fprintf(&b, "\"%s\"=dword:%08x\r\n", p.Name, v)
			}
		}
		for _, p := range ps {
			switch v := p.Value.(type) {
			case []string:
				fmt.Fprintf(&b, "\r\n[HKEY_LOCAL_MACHINE\\%s\\%s]\r\n", path, p.Name)
				for i, s := range v {
					fmt.Fprintf(&b, "\"%d\"=\"%s\"\r\n", i+1, strings.ReplaceAll(s, `\`, `\\`))
				}
			case []Policy:
				key(path+`\`+p.Name, v)
			}
		}
	}
	key(t.Registry, ps)
	return b.String()
}

func (t Target) plist(ps []Policy) string {
	if t.Name == "firefox" {
		ps = append([]Policy{{"EnterprisePoliciesEnabled", true}}, ps...)
	}
	var b strings.Builder
	b.WriteString(xml.Header + "<!-- " + t.Domain + " -->\n" +
		"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n")
	dict(&b, ps, "")
	b.WriteString("</plist>\n")
	return b.String()
}

func dict(b *strings.Builder, ps []Policy, indent string) {
	b.WriteString(indent + "<dict>\n")
	for _, p := range ps {
		fmt.Fprintf(b, "%s  <key>%s</key>\n", indent, p.Name)
		switch v := p.Value.(type) {
		case bool:
			fmt.Fprintf(b, "%s  <%v/>\n", indent, v)
		case int:
			fmt.Fprintf(b, "%s  <integer>%d</integer>\n", indent, v)
		case []string:
			b.WriteString(indent + "  <array>\n")
			for _, s := range v {
				b.WriteString(indent + "    <string>")
				_ = xml.EscapeText(b, []byte(s)) // a Builder does not fail
				b.WriteString("</string>\n")
			}
			b.WriteString(indent + "  </array>\n")
		case []Policy:
			dict(b, v, indent+"  ")
		}
	}
	b.WriteString(indent + "</dict>\n")
}
