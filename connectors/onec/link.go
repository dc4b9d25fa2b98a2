package onec

import "strings"

// objectKinds are the words of navigation links for the prefixes of OData sets.
var objectKinds = map[string]string{
	"Catalog": "Справочник", "Document": "Документ", "Task": "Задача", "BusinessProcess": "БизнесПроцесс",
	"ChartOfCharacteristicTypes": "ПланВидовХарактеристик",
}

// link makes the deep link to a record: e1cib/data/Справочник.Контрагенты?ref=<hex>. In the web client it stands behind the
// address of the base and "#". It is "" for sets that have no form.
func (d *Driver) link(entity, guid string) string {
	prefix, name, ok := strings.Cut(entity, "_")
	kind, known := objectKinds[prefix]
	ref := linkRef(guid)
	if !ok || !known || ref == "" || d.links == "" {
		return ""
	}
	return d.links + "#e1cib/data/" + kind + "." + name + "?ref=" + ref
}

// linkRef turns a GUID into the form of navigation links: its groups 4, 5, 3, 2, 1, without dashes.
func linkRef(guid string) string {
	g := strings.Split(strings.ToLower(guid), "-")
	if len(g) != 5 {
		return ""
	}
	return g[3] + g[4] + g[2] + g[1] + g[0]
}
