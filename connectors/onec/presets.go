package onec

import (
	_ "embed" // for schema.json

	"github.com/pult-cc/pult/connectors"
)

// presets are the places of customers in standard configurations.
//
// ut11 (Управление торговлей 11, Комплексная автоматизация 2, ERP 2): the columns of counterparties come from a real base's
// metadata, those of partners and contact persons from public clients of real bases. unf: the sets and the search field come from
// public clients of real bases. bp30: from general knowledge. Where a base differs, Check names the field that it does not know,
// and sources in the configuration replace the preset.
func presets() map[string][]Source {
	return map[string][]Source{
		"ut11": {
			{
				Entity: "Catalog_Контрагенты", Kind: connectors.KindCompany, TaxID: "ИНН", Owner: "Партнер/ОсновнойМенеджер/Description",
				PersonField: "ЮрФизЛицо", PersonValues: []string{"ФизЛицо"},
				ParentLink: "Партнер_Key", ParentEntity: "Catalog_Партнеры",
			},
			{
				Entity: "Catalog_КонтактныеЛицаПартнеров", Kind: connectors.KindPerson, Company: "Owner/Description",
				Owner: "Owner/ОсновнойМенеджер/Description", Notes: map[string]string{"position": "ДолжностьПоВизитке"},
			},
			{
				Entity: "Catalog_Партнеры", Kind: connectors.KindCompany, Owner: "ОсновнойМенеджер/Description",
				PersonField: "ЮрФизЛицо", PersonValues: []string{"ЧастноеЛицо"},
			},
		},
		"unf": {
			{
				Entity: "Catalog_Контрагенты", Kind: connectors.KindCompany, TaxID: "ИНН", Owner: "Ответственный/Description",
				PersonField: "ВидКонтрагента", PersonValues: []string{"ФизическоеЛицо"}, PhoneField: "НомерТелефонаДляПоиска",
			},
			{Entity: "Catalog_КонтактныеЛица", Kind: connectors.KindPerson},
			{Entity: "Catalog_Лиды", Kind: connectors.KindLead},
		},
		"bp30": {
			{Entity: "Catalog_Контрагенты", Kind: connectors.KindCompany, TaxID: "ИНН"},
			{Entity: "Catalog_КонтактныеЛица", Kind: connectors.KindPerson},
		},
	}
}

// kindsEntity is the set with the names of the kinds of contact information ("Мобильный телефон").
const kindsEntity = "Catalog_ВидыКонтактнойИнформации"

// schema is the JSON Schema of Config.
//
//go:embed schema.json
var schema []byte
