package onec

import (
	"encoding/json"

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
var schema = json.RawMessage(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["base_url", "user", "password"],
  "properties": {
    "base_url": {"type": "string", "format": "uri", "title": "Address of the published base", "examples": ["https://1c.example.com/ut"]},
    "user": {"type": "string", "title": "1C user"},
    "password": {"type": "string", "title": "Password", "x-secret": true, "examples": ["env:ONEC_PASSWORD"]},
    "preset": {"enum": ["ut11", "bp30", "unf"], "default": "ut11", "title": "Configuration"},
    "sources": {"type": "array", "title": "Where customers are, instead of a preset", "items": {"$ref": "#/$defs/source"}},
    "time_zone": {"type": "string", "default": "Europe/Moscow", "title": "Time zone of the base"},
    "links": {"type": "string", "title": "Where deep links open", "examples": ["https://1c.example.com/ut/", "e1c://server/srv1c/ut"]},
    "calls": {
      "type": "object",
      "title": "Where calls are written, and into which fields; - leaves a field out",
      "additionalProperties": false,
      "properties": {
        "entity": {"type": "string", "default": "Document_ТелефонныйЗвонок"},
        "date": {"type": "string", "default": "Date"},
        "inbound": {"type": "string", "default": "Входящий"},
        "subject": {"type": "string", "default": "Тема"},
        "text": {"type": "string", "default": "Описание"},
        "customer": {"type": "string", "default": "АбонентКонтакт"},
        "customer_form": {"enum": ["typed", "key"], "default": "typed"},
        "customer_name": {"type": "string", "default": "АбонентПредставление"},
        "number": {"type": "string", "default": "АбонентКакСвязаться"},
        "reviewed": {"type": "string", "default": "Рассмотрено"},
        "seconds": {"type": "string", "default": "-"},
        "constants": {"type": "object", "default": {"Важность": "Обычная"}},
        "subject_size": {"type": "integer", "minimum": 69, "default": 100},
        "language": {"enum": ["ru", "en"], "default": "ru"}
      }
    },
    "networks": {"type": "array", "title": "Private networks that the address may be in", "items": {"type": "string"}, "examples": [["10.0.0.0/8"]]},
    "max_connections": {"type": "integer", "minimum": 1, "default": 8},
    "max_query_bytes": {"type": "integer", "minimum": 1200, "default": 2048},
    "max_answer_bytes": {"type": "integer", "minimum": 65536, "default": 4194304}
  },
  "$defs": {
    "source": {
      "type": "object",
      "additionalProperties": false,
      "required": ["entity", "kind"],
      "properties": {
        "entity": {"type": "string", "examples": ["Catalog_Контрагенты"]},
        "kind": {"enum": ["COMPANY", "PERSON", "LEAD"]},
        "tabular": {"type": "string", "default": "КонтактнаяИнформация"},
        "lookup": {"enum": ["auto", "direct", "two_step"], "default": "auto"},
        "name": {"type": "string", "default": "Description"},
        "company": {"type": "string"},
        "owner": {"type": "string"},
        "tax_id": {"type": "string"},
        "person_field": {"type": "string"},
        "person_values": {"type": "array", "items": {"type": "string"}},
        "parent_link": {"type": "string"},
        "parent_entity": {"type": "string"},
        "phone_field": {"type": "string"},
        "search_fields": {"type": "array", "items": {"type": "string"}},
        "notes": {"type": "object", "additionalProperties": {"type": "string"}},
        "columns": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "text": {"type": "string"},
            "digits": {"type": "string"},
            "type": {"type": "string"},
            "kind": {"type": "string"},
            "email": {"type": "string"}
          }
        }
      }
    }
  }
}`)
