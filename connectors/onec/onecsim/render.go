package onecsim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
)

// bom is the byte order mark that 1C may put before JSON (facts 1.2).
const bom = "\ufeff"

// object is a JSON object that keeps its order.
type object struct {
	bytes.Buffer
}

func (o *object) put(key string, value any) {
	if o.Len() == 0 {
		o.WriteByte('{')
	} else {
		o.WriteByte(',')
	}
	o.Write(encode(key))
	o.WriteByte(':')
	switch v := value.(type) {
	case json.RawMessage:
		o.Write(v)
	default:
		o.Write(encode(v))
	}
}

func (o *object) end() json.RawMessage {
	if o.Len() == 0 {
		o.WriteByte('{')
	}
	o.WriteByte('}')
	return o.Bytes()
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings, booleans and raw messages always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// entity writes a row in the shape of a real answer (facts 1.2 and 1.9): Edm.Int64 as text, dates without zone, an empty reference
// as the zero GUID, navigation as a link, tabular parts inside.
func (b *Base) entity(set *Set, row Row, s selection, metadata string) json.RawMessage {
	var o object
	if metadata != "" {
		o.put("odata.metadata", metadata)
	}
	for _, f := range set.Fields {
		if !s.all && !s.fields[f.Name] {
			continue
		}
		v := row[f.Name]
		switch f.Type {
		case Boolean:
			flag, _ := v.(bool)
			o.put(f.Name, flag)
		default:
			o.put(f.Name, asText(v, f.Type))
		}
	}
	for _, p := range set.Parts {
		sub, asked := s.parts[p.Name]
		if !s.all && !asked {
			continue
		}
		if !asked {
			sub = selection{all: true}
		}
		o.put(p.Name, b.lines(&p, row, sub))
	}
	for _, n := range set.Navs {
		if sub, expanded := s.navs[n.Name]; expanded {
			target, _ := b.lookup(n.Set)
			if other := b.byKey(n.Set, guidOf(row[n.Name+"_Key"])); other != nil {
				o.put(n.Name, b.entity(target, other, sub, ""))
			} else {
				o.put(n.Name, nil)
			}
			continue
		}
		if key := guidOf(row[n.Name+"_Key"]); s.all && key != "" && key != ZeroGUID {
			o.put(n.Name+"@navigationLinkUrl", fmt.Sprintf("%s(guid'%s')/%s", set.Name, guidOf(row["Ref_Key"]), n.Name))
		}
	}
	return o.end()
}

// lines writes a tabular part inside its owner: rows carry LineNumber but not the owner's key (facts 1.9).
func (b *Base) lines(p *Part, row Row, s selection) json.RawMessage {
	set := p.asSet()
	set.Fields = set.Fields[1:]
	var out bytes.Buffer
	out.WriteByte('[')
	rows, _ := row[p.Name].([]Row)
	for i, line := range rows {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(b.entity(set, line, s, ""))
	}
	out.WriteByte(']')
	return out.Bytes()
}

func (b *Base) collection(set *Set, rows []Row, s selection, root string, count int) []byte {
	var list bytes.Buffer
	list.WriteByte('[')
	for i, r := range rows {
		if i > 0 {
			list.WriteByte(',')
		}
		list.Write(b.entity(set, r, s, ""))
	}
	list.WriteByte(']')
	var o object
	o.put("odata.metadata", root+"$metadata#"+set.Name)
	if count >= 0 {
		o.put("odata.count", fmt.Sprint(count)) // a text: P4
	}
	o.put("value", json.RawMessage(list.Bytes()))
	return o.end()
}

// atom writes what comes without $format=json: a feed of entries.
func (b *Base) atom(set *Set, rows []Row, root string) []byte {
	var o bytes.Buffer
	o.WriteString(xml.Header)
	fmt.Fprintf(&o, `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"`+
		` xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" xml:base="%s"><title type="text">%s</title>`, root, set.Name)
	for _, r := range rows {
		fmt.Fprintf(&o, `<entry><id>%s%s(guid'%s')</id><category term="StandardODATA.%s"/><content type="application/xml"><m:properties>`,
			root, set.Name, guidOf(r["Ref_Key"]), set.Name)
		for _, f := range set.Fields {
			fmt.Fprintf(&o, "<d:%s>", f.Name)
			_ = xml.EscapeText(&o, []byte(asText(r[f.Name], f.Type))) // a bytes.Buffer does not fail
			fmt.Fprintf(&o, "</d:%s>", f.Name)
		}
		o.WriteString("</m:properties></content></entry>")
	}
	o.WriteString("</feed>")
	return o.Bytes()
}

func errorJSON(p *problem) []byte {
	return encode(map[string]any{"odata.error": map[string]any{
		"code": p.code, "message": map[string]string{"lang": "ru-RU", "value": p.message},
	}})
}

func errorAtom(p *problem) []byte {
	var o strings.Builder
	o.WriteString(xml.Header)
	fmt.Fprintf(&o, `<m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><m:code>%s</m:code>`+
		`<m:message xml:lang="ru-RU">`, p.code)
	_ = xml.EscapeText(&o, []byte(p.message)) // a strings.Builder does not fail
	o.WriteString(`</m:message></m:error>`)
	return []byte(o.String())
}

// metadata writes the EDMX of the base.
func (b *Base) metadata() []byte {
	var o bytes.Buffer
	o.WriteString(xml.Header)
	o.WriteString(`<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0"><edmx:DataServices` +
		` xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" m:DataServiceVersion="3.0">` +
		`<Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" Namespace="StandardODATA">`)
	for _, name := range b.published() {
		set, _ := b.lookup(name)
		fmt.Fprintf(&o, `<EntityType Name=%q>`, name)
		for _, f := range set.Fields {
			fmt.Fprintf(&o, `<Property Name=%q Type=%q/>`, f.Name, string(f.Type))
		}
		o.WriteString(`</EntityType>`)
	}
	o.WriteString(`</Schema></edmx:DataServices></edmx:Edmx>`)
	return o.Bytes()
}

// published lists the sets, tabular parts as sets of their own among them.
func (b *Base) published() []string {
	var out []string
	for _, name := range b.order {
		out = append(out, name)
		for _, p := range b.sets[name].Parts {
			out = append(out, name+"_"+p.Name)
		}
	}
	return out
}
