package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pult-cc/pult/connectors"
)

// A base of customers with numbers as people type them into 1C. It knows the truth: whose each number is. How a number is written is
// drawn from the classes below, by their shares; the seed decides everything else.

// class is a way to write a number. write gets the significant digits of a Russian number: "9161234567", "4951234567".
type class struct {
	name  string
	share int
	// sure: whoever calls from the number can be told from what is written. In the other classes part of the number is lost or wrong.
	sure  bool
	write func(r *rand.Rand, d string) string
}

// The classes. Of every class: what is lost, and why people write so.
var classes = []class{
	{"international", 12, true, func(_ *rand.Rand, d string) string {
		return "+7 (" + d[:3] + ") " + d[3:6] + "-" + d[6:8] + "-" + d[8:]
	}},
	{"international, bare", 8, true, func(_ *rand.Rand, d string) string { return "+7" + d }},
	{"trunk eight", 14, true, func(r *rand.Rand, d string) string { return "8" + gap(r) + grouped(r, d) }},
	{"trunk eight, bare", 8, true, func(_ *rand.Rand, d string) string { return "8" + d }},
	{"no plus", 5, true, func(r *rand.Rand, d string) string { return "7" + gap(r) + grouped(r, d) }},
	{"neither plus nor eight", 6, true, func(r *rand.Rand, d string) string { return grouped(r, d) }},
	{"plus and eight", 2, true, func(r *rand.Rand, d string) string { return "+8 " + grouped(r, d) }},
	{"seven and eight", 1, true, func(r *rand.Rand, d string) string { return "+7 8 " + grouped(r, d) }},
	{"long distance 8-10-7", 1, true, func(r *rand.Rand, d string) string { return "8-10-7-" + grouped(r, d) }},
	{"dialled 00", 1, true, func(r *rand.Rand, d string) string { return "007 " + grouped(r, d) }},
	{"typographic", 4, true, func(r *rand.Rand, d string) string { // copied from a web page or a letter
		s := "8 (" + d[:3] + ") " + d[3:6] + "-" + d[6:8] + "-" + d[8:]
		s = strings.ReplaceAll(s, "-", pick(r, "‑", "–", "—", "−"))
		return strings.ReplaceAll(s, " ", pick(r, "\u00a0", "\u2009", " "))
	}},
	{"word before", 6, true, func(r *rand.Rand, d string) string {
		return pick(r, "тел. ", "тел.: ", "т.", "Моб. ", "сот.", "раб. ", "Тел/факс: ", "м.т. ", "WhatsApp ") + "8" + gap(r) + grouped(r, d)
	}},
	{"name behind", 6, true, func(r *rand.Rand, d string) string {
		return "8" + gap(r) + grouped(r, d) + pick(r, " Ольга", " (Иван Петрович)", ", бухгалтерия", " - Сергей", " директор", "; звонить утром")
	}},
	{"hours behind", 3, true, func(r *rand.Rand, d string) string {
		return "8 " + grouped(r, d) + pick(r, " с 9 до 18", " (пн-пт 9:00-18:00)", ", после 15 ч.", " до 20.00")
	}},
	{"extension", 6, true, func(r *rand.Rand, d string) string {
		return pick(r, "+7 ", "8 ") + grouped(r, d) + pick(r, " доб. ", ", доб.", " (доб. ", " вн. ", " #", " ext. ", " добавочный ") + fmt.Sprint(1+r.IntN(999))
	}},
	{"second of a field", 7, true, func(r *rand.Rand, d string) string {
		return decoy(r) + pick(r, ", ", "; ", " / ", "\n", " и ", " или ", " ") + "8" + gap(r) + grouped(r, d)
	}},
	{"first of a field", 5, true, func(r *rand.Rand, d string) string {
		return "8" + gap(r) + grouped(r, d) + pick(r, ", ", "; ", " / ", "\n", " и ", " ") + decoy(r)
	}},
	{"fax beside", 2, true, func(r *rand.Rand, d string) string {
		return "тел. 8 " + grouped(r, d) + pick(r, ", факс ", " ф. ", "; факс: ") + decoy(r)
	}},
	{"local, the town's code is left out", 1, false, func(_ *rand.Rand, d string) string { return d[3:6] + "-" + d[6:8] + "-" + d[8:] }},
	{"a digit is wrong", 1, false, func(r *rand.Rand, d string) string {
		i := 3 + r.IntN(7)
		return "8 " + grouped(r, d[:i]+string('0'+(d[i]-'0'+1+byte(r.IntN(9)))%10)+d[i+1:])
	}},
	{"a digit is missing", 1, false, func(r *rand.Rand, d string) string {
		i := 3 + r.IntN(7)
		return "8 " + d[:i] + d[i+1:]
	}},
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func gap(r *rand.Rand) string { return pick(r, " ", "-", "", " ", "(") }

// grouped writes ten digits in groups.
func grouped(r *rand.Rand, d string) string {
	switch r.IntN(7) {
	case 0:
		return d
	case 1:
		return d[:3] + " " + d[3:6] + " " + d[6:8] + " " + d[8:]
	case 2:
		return d[:3] + "-" + d[3:6] + "-" + d[6:8] + "-" + d[8:]
	case 3:
		return d[:3] + ") " + d[3:6] + "-" + d[6:8] + "-" + d[8:]
	case 4:
		return d[:3] + " " + d[3:6] + "-" + d[6:]
	case 5:
		return d[:3] + "." + d[3:6] + "." + d[6:8] + "." + d[8:]
	}
	return d[:3] + " " + d[3:]
}

// decoy is another number of the same customer, of a range (code 958) that no caller of the corpus has.
func decoy(r *rand.Rand) string {
	return "8 " + grouped(r, fmt.Sprintf("958%07d", 2_000_000+r.IntN(7_000_000)))
}

// The codes of the base's numbers: mobile ones, and of towns.
var codes = []string{"903", "905", "909", "910", "915", "916", "925", "926", "962", "977", "985", "495", "499", "812", "343", "383", "846", "861"}

// kind is what the truth about a number is.
type kind string

const (
	single    kind = "one customer"
	person    kind = "a person and their company"
	ambiguous kind = "several customers"
	unknown   kind = "nobody"
	lost      kind = "one customer, written so that nobody can tell"
)

// call is a number that calls, and who it is.
type call struct {
	number string // as the carrier writes it
	class  string // how the customer system has it
	kind   kind
	owners []string // names of those who have it
}

// base is the customer system and the calls.
type base struct {
	customers []connectors.Candidate
	calls     []call
}

// company and person names; the number behind keeps them apart.
var (
	firms    = []string{"ООО «Вектор-%d»", "АО «Прогресс %d»", "ИП Соколов %d", "ТД «Меридиан-%d»", "ООО «Северный путь %d»"}
	people   = []string{"Смирнов Алексей %d", "Кузнецова Ирина %d", "Попов Дмитрий %d", "Васильева Наталья %d", "Новиков Павел %d"}
	managers = []string{"Орлов Игорь Дмитриевич", "Мухина Татьяна Юрьевна", "Рощина Елена Борисовна", "Белов Константин Львович"}
)

// generate makes a base of n customers and at least calls calls.
func generate(seed uint64, n, calls int) base {
	r := rand.New(rand.NewPCG(seed, 0x70756c74))
	g := generator{r: r, used: map[string]bool{}}
	for len(g.b.customers) < n {
		switch p := r.IntN(1000); {
		case p < 15:
			g.shared()
		case p < 60:
			g.employee()
		default:
			g.one()
		}
	}
	all := g.b.calls
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	g.b.calls = all[:min(calls, len(all))]
	for range calls / 5 {
		g.b.calls = append(g.b.calls, call{number: g.carrier(g.number()), class: "-", kind: unknown})
	}
	return g.b
}

type generator struct {
	r    *rand.Rand
	used map[string]bool
	b    base
}

// number draws ten digits that nobody has yet.
func (g *generator) number() string {
	for {
		d := codes[g.r.IntN(len(codes))] + fmt.Sprintf("%07d", 2_000_000+g.r.IntN(7_999_999))
		if !g.used[d] {
			g.used[d] = true
			return d
		}
	}
}

func (g *generator) class() class {
	total := 0
	for _, c := range classes {
		total += c.share
	}
	at := g.r.IntN(total)
	for _, c := range classes {
		if at -= c.share; at < 0 {
			return c
		}
	}
	return classes[0]
}

// carrier writes a number as carriers send it.
func (g *generator) carrier(d string) string {
	return pick(g.r, "+7"+d, "8"+d, "7"+d, d, "sip:+7"+d+"@sip.example;user=phone")
}

// add puts a customer into the base and returns the name.
func (g *generator) add(kind connectors.Kind, name, company string, phones ...string) string {
	i := len(g.b.customers)
	name = fmt.Sprintf(name, i)
	c := connectors.Candidate{
		Ref:  connectors.Ref{Connector: "1c", Type: "Catalog_Контрагенты", ID: fmt.Sprintf("%08x-8c4c-11db-a9b0-%012x", g.r.Uint32(), i)},
		Kind: kind, Name: name, Company: company, Owner: connectors.Person{Name: managers[g.r.IntN(len(managers))]},
	}
	c.URL = "https://1c.example.com/base/#e1cib/data/Справочник.Контрагенты?ref=" + strings.ReplaceAll(c.Ref.ID, "-", "")
	if kind == connectors.KindCompany {
		c.TaxID = fmt.Sprintf("77%08d", i)
	}
	if i%3 == 0 {
		c.Emails = []string{fmt.Sprintf("contact%d@firm%d.example", i, i/2)}
	}
	for _, p := range phones {
		c.Phones = append(c.Phones, connectors.Phone{Raw: p, Label: pick(g.r, "Мобильный", "Рабочий", "Телефон")})
	}
	g.b.customers = append(g.b.customers, c)
	return name
}

// one adds a customer with a number of their own, some with a second one.
func (g *generator) one() {
	d, c := g.number(), g.class()
	phones := []string{c.write(g.r, d)}
	if g.r.IntN(4) == 0 {
		phones = append(phones, decoy(g.r))
	}
	kind, name := connectors.KindCompany, firms[g.r.IntN(len(firms))]
	if g.r.IntN(2) == 0 {
		kind, name = connectors.KindPerson, people[g.r.IntN(len(people))]
	}
	owner := g.add(kind, name, "", phones...)
	k := single
	if !c.sure {
		k = lost
	}
	g.b.calls = append(g.b.calls, call{g.carrier(d), c.name, k, []string{owner}})
}

// sureClass draws a class by which the owner can be told. An extension would make one of two owners the better.
func (g *generator) sureClass() class {
	for {
		if c := g.class(); c.sure && c.name != "extension" {
			return c
		}
	}
}

// employee adds a company and one of its people with the same number, written in two ways: the person is who calls.
func (g *generator) employee() {
	d, a, b := g.number(), g.sureClass(), g.sureClass()
	firm := g.add(connectors.KindCompany, firms[g.r.IntN(len(firms))], "", a.write(g.r, d))
	who := g.add(connectors.KindPerson, people[g.r.IntN(len(people))], firm, b.write(g.r, d))
	g.b.calls = append(g.b.calls, call{g.carrier(d), a.name + " + " + b.name, person, []string{who}})
}

// shared adds customers who have nothing in common but the number.
func (g *generator) shared() {
	d := g.number()
	var owners []string
	for range 2 + g.r.IntN(2) {
		c := g.sureClass()
		owners = append(owners, g.add(connectors.KindCompany, firms[g.r.IntN(len(firms))], "", c.write(g.r, d)))
	}
	g.b.calls = append(g.b.calls, call{g.carrier(d), "shared", ambiguous, owners})
}
