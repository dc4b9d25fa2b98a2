package onecsim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
)

// NewGUID makes the same identifier of the same words, in the shape of 1C's.
func NewGUID(words ...string) string {
	h := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	x := fmt.Sprintf("%x", h[:16])
	return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:]
}

// Digits says how a phone line fills its НомерТелефона, which is usually digits, but empty or odd in part of the rows (facts 1.4).
type Digits int

// The ways.
const (
	DigitsFull  Digits = iota // the digits of Представление, as the standard library fills it
	DigitsEmpty               // entered by an old exchange: only Представление
)

// Phone makes a line of contact information for a telephone, written as people write it; it may hold several numbers.
func Phone(label, text string, d Digits) Row {
	line := Row{"Тип": "Телефон", "Вид_Key": KindGUID(label), "Представление": text}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	if d == DigitsEmpty {
		return line
	}
	line["НомерТелефона"] = digits
	if len(digits) == 11 {
		line["НомерТелефонаБезКодов"] = digits[4:]
		value, _ := json.Marshal(map[string]any{ // a map of texts and a number always encodes
			"version": 4, "value": text, "type": "Телефон", "countryCode": "7", "areaCode": digits[1:4], "number": digits[4:],
		})
		line["Значение"] = string(value)
		line["ЗначенияПолей"] = `<КонтактнаяИнформация xmlns="http://www.v8.1c.ru/ssl/contactinfo" Представление="` + text + `"/>`
	}
	return line
}

// Email makes a line of contact information for an address of electronic mail.
func Email(address string) Row {
	_, domain, _ := strings.Cut(address, "@")
	return Row{
		"Тип": "АдресЭлектроннойПочты", "Вид_Key": KindGUID("Электронная почта"), "Представление": address, "АдресЭП": address,
		"ДоменноеИмяСервера": domain,
	}
}

// Address makes a line of contact information for a postal address.
func Address(city, text string) Row {
	return Row{"Тип": "Адрес", "Вид_Key": KindGUID("Фактический адрес"), "Представление": text, "Город": city, "Страна": "РОССИЯ"}
}

// KindGUID is the key of a kind of contact information.
func KindGUID(label string) string { return NewGUID("вид", label) }

// kinds are the kinds of contact information that the demo base knows.
var kinds = [][2]string{
	{"Мобильный", "Телефон"}, {"Рабочий", "Телефон"}, {"Телефон", "Телефон"}, {"Факс", "Факс"},
	{"Электронная почта", "АдресЭлектроннойПочты"}, {"Фактический адрес", "Адрес"},
}

// AddKinds puts the kinds of contact information into a base.
func AddKinds(b *Base) {
	for _, k := range kinds {
		b.Add(SetContactKinds, Row{"Ref_Key": KindGUID(k[0]), "Description": k[0], "Тип": k[1]})
	}
}

// Kinds says in which field a base keeps the names of predefined kinds of contact information.
type Kinds string

// The fields: that of the platform, and that of newer versions of the standard library, whose kinds are ordinary records.
const (
	KindsOfPlatform Kinds = "PredefinedDataName"
	KindsOfLibrary  Kinds = "ИмяПредопределенногоВида"
)

// AddPredefinedKinds puts the predefined kinds of partners and counterparties into a base.
func AddPredefinedKinds(b *Base, where Kinds) {
	for _, owner := range []string{"Партнера", "Контрагента"} {
		for _, k := range [][3]string{{"Телефон", "Телефон", "Телефон"}, {"Email", "Электронная почта", "АдресЭлектроннойПочты"}} {
			name := k[0] + owner
			b.Add(SetContactKinds, Row{"Ref_Key": KindGUID(name), "Description": k[1], "Тип": k[2], string(where): name})
		}
	}
}
