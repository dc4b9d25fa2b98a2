package onecsim

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The demo base: some seventy companies with their partners and contact persons and a few private customers, the same at every
// start. The numbers cannot be anybody's: the mobile code 975 was never given out in Russia, no Russian local number begins with 0,
// and +44 20 7946 0xxx is Ofcom's range for fiction. The first digits of the tax numbers, 00, are no region.

// Caller is somebody who can call in the demonstration.
type Caller struct {
	Name    string
	Company string
	Number  string // E.164
	Case    string // what it shows: exact, company, extension, several, private, partner, words, local, abroad, twin, deleted, unknown
}

// Demo lists the callers of the demo base, the plainest first.
func Demo() []Caller {
	return []Caller{
		{"Котова Мария Сергеевна", "Василёк", "+79750124567", "exact"},
		{"Василёк", "Василёк", "+74950123450", "company"},
		{"Громов Степан Ильич", "Три богатыря / Богатырь-Авто", "+79750127700", "several"},
		{"Бизнес-центр «Причал»", "Причал / Ладья", "+74840012300", "several"},
		{"Лебедева Нина Павловна", "", "+79750121905", "private"},
		{"Сибирский кедр", "Сибирский кедр", "+73830012345", "partner"},
		{"Панкратова Светлана", "Пекарня на углу", "+79750127788", "words"},
		{"Тихонов Роман Олегович", "Окская верфь", "+79750124321", "local"},
		{"Есимов Арман", "Степной экспресс", "+77000001234", "abroad"},
		{"Emily Watson", "Thames Paper", "+442079460958", "abroad"},
		{"Фонтан", "Фонтан", "+78120012300", "twin"},
		{"Старый клиент", "", "+79750120013", "deleted"},
		{"Неизвестный номер", "", "+79750129999", "unknown"},
	}
}

// NewDemo makes the demo base.
func NewDemo() *Base {
	d := &demo{Base: NewUT11(), rnd: rand.New(rand.NewPCG(1, 3))}
	AddKinds(d.Base)
	AddPredefinedKinds(d.Base, KindsOfPlatform)
	for _, m := range managers {
		d.Add(SetUsers, Row{"Ref_Key": NewGUID("менеджер", m), "Description": m})
	}
	d.special()
	d.ordinary()
	return d.Base
}

type demo struct {
	*Base
	rnd      *rand.Rand
	tax      int
	landline int
	mobile   int
}

// firm is a company: a counterparty and the partner that it belongs to.
type firm struct {
	partner, legal string // names: "Василёк", "ООО «Василёк»"
	manager        int
	onPartner      []Row // contact information of the partner
	onLegal        []Row // and of the counterparty
	deleted        bool
	noLegal        bool // the partner only
}

func (d *demo) firm(f firm) string {
	partner := NewGUID("партнёр", f.partner, f.legal)
	d.Add(SetPartners, Row{
		"Ref_Key": partner, "Description": f.partner, "НаименованиеПолное": f.legal, "Code": fmt.Sprintf("%09d", d.tax+1),
		"ОсновнойМенеджер_Key": NewGUID("менеджер", managers[f.manager%len(managers)]), "ДатаРегистрации": "2019-03-11T00:00:00",
		"ЮрФизЛицо": "Компания", "Клиент": true, "DeletionMark": f.deleted, "DataVersion": "AAAAAAAETag=", PartContactInfo: f.onPartner,
	})
	inn := d.inn()
	if !f.noLegal {
		d.Add(SetCounterparties, Row{
			"Ref_Key": NewGUID("контрагент", f.partner, f.legal), "Description": f.legal, "НаименованиеПолное": f.legal, "ИНН": inn,
			"КПП": inn[:4] + "01001", "Партнер_Key": partner, "ЮрФизЛицо": "ЮрЛицо", "DeletionMark": f.deleted,
			"DataVersion": "AAAAAAAETag=", PartContactInfo: f.onLegal,
		})
	}
	return partner
}

func (d *demo) person(partner, name, position string, lines ...Row) {
	d.Add(SetContacts, Row{
		"Ref_Key": NewGUID("лицо", partner, name), "Owner_Key": partner, "Description": name, "ДолжностьПоВизитке": position,
		"DataVersion": "AAAAAAAETag=", PartContactInfo: lines,
	})
}

func (d *demo) private(name string, manager int, deleted bool, lines ...Row) {
	partner := NewGUID("партнёр", name)
	d.Add(SetPartners, Row{
		"Ref_Key": partner, "Description": name, "НаименованиеПолное": name, "ЮрФизЛицо": "ЧастноеЛицо", "Клиент": true,
		"ОсновнойМенеджер_Key": NewGUID("менеджер", managers[manager%len(managers)]), "DeletionMark": deleted,
	})
	d.Add(SetCounterparties, Row{
		"Ref_Key": NewGUID("контрагент", name), "Description": name, "НаименованиеПолное": name, "Партнер_Key": partner,
		"ЮрФизЛицо": "ФизЛицо", "DeletionMark": deleted, PartContactInfo: lines,
	})
}

// special are the customers that show something.
func (d *demo) special() {
	p := d.firm(firm{
		partner: "Василёк", legal: "ООО «Василёк»", manager: 0,
		onLegal: []Row{
			Phone("Телефон", "8 (495) 012-34-50, 8 (495) 012-34-51", DigitsFull),
			Email("office@vasilek.example"), Address("г. Москва", "109012, г. Москва, ул. Луговая, д. 5"),
		},
	})
	d.person(p, "Котова Мария Сергеевна", "бухгалтер",
		Phone("Мобильный", "8 (975) 012-45-67", DigitsFull), Phone("Рабочий", "8 (495) 012-34-50 доб. 14", DigitsEmpty),
		Email("maria@vasilek.example"))
	d.person(p, "Орехов Денис Львович", "кладовщик", Phone("Рабочий", "+7 495 012-34-50 доб. 12", DigitsFull))

	// The same director in two companies: two persons with one number.
	for _, name := range []string{"Три богатыря", "Богатырь-Авто"} {
		p := d.firm(firm{
			partner: name, legal: "ООО «" + name + "»", manager: 1,
			onLegal: []Row{Phone("Телефон", d.office("8 (4842) %s", 2), DigitsFull)},
		})
		d.person(p, "Громов Степан Ильич", "директор", Phone("Мобильный", "+79750127700", DigitsFull))
	}
	// Two companies behind one office number.
	for i, name := range []string{"Причал", "Ладья"} {
		d.firm(firm{
			partner: name, legal: "АО «" + name + "»", manager: 2 + i,
			onLegal: []Row{Phone("Телефон", []string{"8 (4840) 01-23-00", "+7 484 001-23-00"}[i], DigitsFull)},
		})
	}
	d.private("Лебедева Нина Павловна", 3, false, Phone("Мобильный", "8-975-012-19-05", DigitsFull))
	d.firm(firm{
		partner: "Сибирский кедр", legal: "ООО «Сибирский кедр»", manager: 4,
		onPartner: []Row{Phone("Телефон", "83830012345", DigitsFull)},
	})
	p = d.firm(firm{partner: "Пекарня на углу", legal: "ИП Панкратова С. В.", manager: 5})
	d.person(p, "Панкратова Светлана", "хозяйка", Phone("Мобильный", "т. 8-975-012-77-88 (Света, после 10)", DigitsEmpty))
	p = d.firm(firm{
		partner: "Окская верфь", legal: "АО «Окская верфь»", manager: 6,
		onLegal: []Row{Phone("Телефон", "(4912) 01-44-55", DigitsFull), Phone("Факс", "(4912) 01-44-56", DigitsFull)},
	})
	d.person(p, "Тихонов Роман Олегович", "менеджер по закупкам", Phone("Мобильный", "975 012 43 21", DigitsFull))
	p = d.firm(firm{partner: "Степной экспресс", legal: "ТОО «Степной экспресс»", manager: 7})
	d.person(p, "Есимов Арман", "логист", Phone("Мобильный", "8 10 7 700 000 12 34", DigitsEmpty), Phone("Рабочий", "+7 (700) 000-12-34", DigitsFull))
	p = d.firm(firm{partner: "Thames Paper", legal: "Thames Paper Ltd", manager: 0})
	d.person(p, "Emily Watson", "sales manager", Phone("Рабочий", "+44 20 7946 0958", DigitsFull))
	// One living record and its twin that is marked for deletion.
	d.firm(firm{partner: "Фонтан", legal: "ООО «Фонтан»", manager: 1, onLegal: []Row{Phone("Телефон", "8 (812) 001-23-00", DigitsFull)}})
	d.firm(firm{
		partner: "Фонтан (дубль)", legal: "ООО Фонтан", manager: 1, deleted: true,
		onLegal: []Row{Phone("Телефон", "88120012300", DigitsFull)},
	})
	d.private("Старый клиент", 2, true, Phone("Мобильный", "8 975 012 00 13", DigitsFull))
}

// ordinary are the others: companies with messy numbers, most with a contact person or two.
func (d *demo) ordinary() {
	for i, word := range companyWords {
		f := firm{partner: word, legal: fmt.Sprintf(companyForms[i%len(companyForms)], word), manager: i, deleted: i%17 == 16}
		line := Phone("Телефон", d.office(officeStyles[i%len(officeStyles)], 1+i%2), Digits(btoi(i%5 == 4)))
		if i%4 == 3 {
			f.onPartner = []Row{line}
		} else {
			f.onLegal = []Row{line, Address(cities[i%len(cities)], cities[i%len(cities)]+", ул. Полевая, д. "+fmt.Sprint(i+1))}
		}
		partner := d.firm(f)
		for j := range i % 3 {
			woman := d.rnd.IntN(2)
			lines := []Row{Phone("Мобильный", d.cell(cellStyles[(i+j)%len(cellStyles)]), Digits(btoi((i+j)%7 == 6)))}
			if j == 1 {
				lines = append(lines, Email(fmt.Sprintf("contact%d@firm%d.example", j, i)))
			}
			d.person(partner, d.name(woman), positions[d.rnd.IntN(len(positions))], lines...)
		}
	}
	for i := range 18 {
		d.private(d.name(i%2), i, i%9 == 8, Phone("Мобильный", d.cell(cellStyles[i%len(cellStyles)]), Digits(btoi(i%6 == 5))))
	}
}

// The ways in which people write numbers. %s is the local number of an office: 01-23-45 with a four-digit code, 012-34-56 with a
// three-digit one; 1 to 3 of a cell phone are its groups.
var (
	officeStyles = []string{
		"8 (495) 0%s", "+7 (495) 0%s", "8495 0%s", "8 (4912) %s", "(495) 0%s", "8-4842-%s", "+7 495 0%s доб. 10", "тел./факс 8 (495) 0%s",
	}
	cellStyles = []string{
		"8 (975) %s-%s-%s", "+7 975 %s-%s-%s", "8975%s%s%s", "+7975%s%s%s", "975 %s %s %s", "8-975-%s-%s-%s", "8 975 %s %s %s", "7975%s%s%s",
	}
)

// office writes n successive office numbers into one field.
func (d *demo) office(style string, n int) string {
	var out []string
	for range n {
		d.landline++
		local := fmt.Sprintf("0%d-%02d-%02d", 2+d.landline/5000%8, d.landline/100%100, d.landline%100)
		if strings.Contains(style, "0%s") { // three-digit code: one digit more
			local = local[1:2] + fmt.Sprint(d.landline%10) + local[2:]
		}
		out = append(out, fmt.Sprintf(style, local))
	}
	return strings.Join(out, ", ")
}

// cell writes the next mobile number; 020 and up, below are the special ones.
func (d *demo) cell(style string) string {
	d.mobile++
	return fmt.Sprintf(style, fmt.Sprintf("%03d", 20+d.mobile/100), fmt.Sprintf("%02d", d.mobile%100), fmt.Sprintf("%02d", d.mobile*7%100))
}

func (d *demo) name(woman int) string {
	first := menNames
	if woman == 1 {
		first = womenNames
	}
	return surnames[d.rnd.IntN(len(surnames))][woman] + " " + first[d.rnd.IntN(len(first))] + " " + patronymics[d.rnd.IntN(len(patronymics))][woman]
}

// inn makes the next tax number of a company, with its check digit.
func (d *demo) inn() string {
	d.tax++
	digits := fmt.Sprintf("00%07d", d.tax*137)
	sum := 0
	for i, w := range []int{2, 4, 10, 3, 5, 9, 4, 6, 8} {
		sum += w * int(digits[i]-'0')
	}
	return digits + fmt.Sprint(sum%11%10)
}
