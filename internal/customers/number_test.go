package customers

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

func russian(t testing.TB, area string) *Normalizer {
	t.Helper()
	n, err := NewNormalizer("ru", area)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestParse(t *testing.T) {
	n := russian(t, "")
	for raw, want := range map[string]Number{
		"8 916 123-45-67":                  {E164: "+79161234567"},
		"9161234567":                       {E164: "+79161234567"},
		"+7 (916) 123 45 67":               {E164: "+79161234567"},
		"79161234567":                      {E164: "+79161234567"},
		"89161234567":                      {E164: "+79161234567"},
		"+8 916 123-45-67":                 {E164: "+79161234567"},
		"0079161234567":                    {E164: "+79161234567"},
		"810 44 20 7946 0958":              {E164: "+442079460958"},
		"810442079460958":                  {E164: "+442079460958"},
		"8-10-375-29-123-45-67":            {E164: "+375291234567"},
		"375291234567":                     {E164: "+375291234567"},
		"+375 (29) 123-45-67":              {E164: "+375291234567"},
		"12025550123":                      {E164: "+12025550123"},
		"7 701 234 5678":                   {E164: "+77012345678"},
		"8-800-555-35-35":                  {E164: "+78005553535"},
		"+7 495 123-45-67 доб. 123":        {E164: "+74951234567", Ext: "123"},
		"8 (495) 123-45-67 (доб.12)":       {E164: "+74951234567", Ext: "12"},
		"8 (495) 123-45-67 вн. 12":         {E164: "+74951234567", Ext: "12"},
		"8 (495) 123-45-67, добавочный 12": {E164: "+74951234567", Ext: "12"},
		"+74951234567 ext. 7":              {E164: "+74951234567", Ext: "7"},
		"+74951234567#7":                   {E164: "+74951234567", Ext: "7"},
		"т. 8-975-012-77-88 (Света, после 10)":    {E164: "+79750127788"},
		"sip:+79161234567@sip.example;user=phone": {E164: "+79161234567"},
		"tel:+7-916-123-45-67;ext=5":              {E164: "+79161234567", Ext: "5"},
		"\"Мария\" <sip:89161234567@x>":           {E164: "+79161234567"},
		"８９１６１２３４５６７":                             {E164: "+79161234567"},
		"8\u00a0(916)\u00a0123‑45–67":             {E164: "+79161234567"},
		"84842012345":                             {E164: "+74842012345"},
		"+800 1234 5678":                          {E164: "+80012345678"},
	} {
		want.Kind = NumberPublic
		got := n.Parse(raw)
		display := got.Display
		got.Display = ""
		if got != want {
			t.Errorf("%q: %+v, want %+v", raw, got, want)
		}
		if digitsOf(display) != digitsOf(want.E164)+want.Ext {
			t.Errorf("%q is displayed as %q", raw, display)
		}
	}
	for raw, want := range map[string]Number{
		"": {Kind: NumberAnonymous}, "  ": {Kind: NumberAnonymous}, "anonymous": {Kind: NumberAnonymous}, "Unknown": {Kind: NumberAnonymous},
		"sip:anonymous@anonymous.invalid": {Kind: NumberAnonymous}, "<unknown>": {Kind: NumberAnonymous}, "No caller ID": {Kind: NumberAnonymous},
		"Скрытый": {Kind: NumberAnonymous}, "-": {Kind: NumberAnonymous},
		"101": {E164: "101", Display: "101", Kind: NumberInternal}, "112": {E164: "112", Display: "112", Kind: NumberInternal},
		"alice": {E164: "alice", Display: "alice", Kind: NumberInternal}, "sip:201@pbx": {E164: "201", Display: "201", Kind: NumberInternal},
		// No valid number, but somebody's: stays as it came and is asked about.
		"123-45-67":         {E164: "1234567", Display: "1234567", Kind: NumberPublic},
		"8 (000) 123-45-67": {E164: "80001234567", Display: "80001234567", Kind: NumberPublic}, // and no universal freephone +800 0123 4567
		"+7 000 000-00-00":  {E164: "70000000000", Display: "70000000000", Kind: NumberPublic},
	} {
		if got := n.Parse(raw); got != want {
			t.Errorf("%q: %+v, want %+v", raw, got, want)
		}
	}
}

// TestPlusEightOfATownIsNotVietnam: "+8 (495)" was read as +84, Vietnam.
func TestPlusEightOfATownIsNotVietnam(t *testing.T) {
	n := russian(t, "")
	for raw, want := range map[string]string{
		"+8 (495) 123-45-67": "+74951234567", "+8-495-123-45-67": "+74951234567", "+8 4951234567": "+74951234567", "+84 95 123 4567": "+84951234567",
		"+84951234567": "+84951234567", "+8 916 123-45-67": "+79161234567", "+89161234567": "+79161234567",
	} {
		if got := n.Parse(raw).E164; got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestDisplay(t *testing.T) {
	n := russian(t, "")
	for raw, want := range map[string]string{
		"89161234567": "+7 916 123-45-67", "84951234567 доб 12": "+7 495 123-45-67 доб. 12", "+442079460958": "+44 20 7946 0958",
	} {
		if got := n.Parse(raw).Display; got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
	gb, err := NewNormalizer("GB", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := gb.Parse("020 7946 0958 ext 3").Display; got != "+44 20 7946 0958 ext. 3" {
		t.Errorf("got %q", got)
	}
}

func TestAreaCode(t *testing.T) {
	if got := russian(t, "495").Parse("123-45-67"); got.E164 != "+74951234567" {
		t.Errorf("a Moscow office: %+v", got)
	}
	if got := russian(t, "4842").Parse("20-12-34"); got.Kind != NumberInternal {
		t.Errorf("six digits stay internal: %+v", got)
	}
}

func TestNewNormalizerRefuses(t *testing.T) {
	for _, c := range [][2]string{{"XX", ""}, {"", ""}, {"RU", "+7"}} {
		if _, err := NewNormalizer(c[0], c[1]); !errs.Is(err, errs.Invalid) {
			t.Errorf("%v: %v, want Invalid", c, err)
		}
	}
}

func TestParseAll(t *testing.T) {
	n := russian(t, "")
	for field, want := range map[string]string{
		"+7 916 123-45-67, +7 916 123-45-68":                     "+79161234567 +79161234568",
		"8 (495) 123-45-67; 8 (495) 123-45-68 / 8-495-123-45-69": "+74951234567 +74951234568 +74951234569",
		"89161234567 и 89161234568":                              "+79161234567 +79161234568",
		"89161234567 89161234568":                                "+79161234567 +79161234568",
		"8 916 123 45 67 8 916 123 45 68":                        "+79161234567 +79161234568",
		"+79161234567+79161234568":                               "+79161234567 +79161234568",
		"89161234567\n89161234567":                               "+79161234567",
		"8 (495) 123-45-67 доб. 12, 8 (495) 123-45-67 доб. 14":   "+74951234567#12 +74951234567#14",
		"8 (495) 123-45-67, доб. 12":                             "+74951234567#12",
		"тел./факс 8 (495) 123-45-67, Света, с 9 до 18":          "+74951234567",
		"8 10 7 700 000 12 34":                                   "+77000001234",
		"123-45-67":                                              "1234567",
		"8 (495) 123-45-67/68":                                   "+74951234567",
		"029 123-45-67":                                          "0291234567",
		"+7 8 916 123-45-67":                                     "+79161234567",
		"+7 (8916) 123-45-67":                                    "+79161234567",
		"+07 916 123-45-67":                                      "+79161234567",
		"+ 7 916 123 45 67":                                      "+79161234567",
		"моб.89161234567":                                        "+79161234567",
		"89161234567моб":                                         "+79161234567",
		"8.916.123.45.67":                                        "+79161234567",
		"8_916_123_45_67":                                        "+79161234567",
		"(8-916) 123-45-67":                                      "+79161234567",
		"8-495-123-45-67-доб.12":                                 "+74951234567#12",
		"8(495)1234567*12":                                       "+74951234567#12",
		"8 495 123-45-67 9:00-18:00":                             "+74951234567",
		"8 495 123-45-67 с 9:00 до 18:00":                        "+74951234567",
		"8 495 123 45 67 - 69":                                   "+74951234567",
		"8 916 123-45-678":                                       "891612345678", // a digit too many: nobody knows which
		"8-916-123-45-67/8-916-123-45-68":                        "+79161234567 +79161234568",
		"8 (495) 123-45-67 или 765-43-21":                        "+74951234567",
		"8(916)1234567 89161234568":                              "+79161234567 +79161234568",
		"Тел.: 8 (495) 123-45-67 Факс: 8 (495) 123-45-68":        "+74951234567 +74951234568",
		"79161234567.0":                                          "+79161234567",
		"79161234560.00":                                         "+79161234560",
		"7.9161234567e10":                                        "+79161234567",
		"7.916123456E+10":                                        "+79161234560",
		"7.91612E+10":                                            "791612", // rounded, and not 7 916 120-00-00
		"495.1234567":                                            "+74951234567",
		"нет телефона":                                           "",
		"":                                                       "",
		"42":                                                     "42",
		strings.Repeat("8 916 123-45-67, ", 200):                 "+79161234567",
	} {
		var got []string
		for _, num := range n.ParseAll(field) {
			s := num.E164
			if num.Ext != "" {
				s += "#" + num.Ext
			}
			got = append(got, s)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %q", field, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	n := russian(t, "")
	for raw, want := range map[string]connectors.LookupQuery{
		"89161234567":      {E164: "+79161234567", National: "9161234567", Region: "RU"},
		"+442079460958":    {E164: "+442079460958", National: "2079460958", Region: "GB"},
		"+7 700 000-12-34": {E164: "+77000001234", National: "7000001234", Region: "KZ"},
		"123-45-67":        {National: "1234567", Region: "RU"},
	} {
		if got := n.Query(n.Parse(raw)); got != want {
			t.Errorf("%s: %+v, want %+v", raw, got, want)
		}
	}
}

func TestParseDialed(t *testing.T) {
	n := russian(t, "")
	for text, want := range map[string]Number{
		"8 (916) 123-45-67":       {E164: "+79161234567", Kind: NumberPublic},
		" +7 916 123 45 67 ":      {E164: "+79161234567", Kind: NumberPublic},
		"8~":                      {},
		"810 375 29 123-45-67":    {E164: "+375291234567", Kind: NumberPublic},
		"+44 20 7946 0958":        {E164: "+442079460958", Kind: NumberPublic},
		"8 495 123-45-67 доб. 12": {E164: "+74951234567", Ext: "12", Kind: NumberPublic},
		"101":                     {E164: "101", Kind: NumberInternal},
		"112":                     {E164: "112", Kind: NumberInternal},
		"tel:+79161234567":        {E164: "+79161234567", Kind: NumberPublic},
	} {
		got, err := n.ParseDialed(text)
		if want.E164 == "" {
			if err == nil {
				t.Errorf("%q was accepted: %+v", text, got)
			}
			continue
		}
		got.Display = ""
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"": "enter", "   ": "enter", "12ab": "letters", "мама": "letters", "*97#": "service codes", "8 916 123": "too short",
		"+7916123": "too short", "8 916 123-45-678": "not a valid", "0000000000000000000000": "too long", "8+7916": "beginning",
		"()-": "no digits", "8916123456!": "characters", "+7 000 000-00-00": "not a valid", "123-45-67": "area code", "++79161234567": "beginning",
		"+71": "too short",
	} {
		_, err := n.ParseDialed(text)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.FieldsOf(err)["number"], says) {
			t.Errorf("%q: %v, want %q about the number", text, err, says)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, ref := range []connectors.Ref{
		{Connector: "1c", Type: "Catalog_Контрагенты", ID: "9d5c422d-8c4c-11db-a9b0-00055d49b45e"}, {Connector: "a", ID: "?/+ &"},
	} {
		id := EncodeID(ref)
		if strings.ContainsAny(string(id), "+/=?& ") {
			t.Errorf("%s is not safe in addresses", id)
		}
		if back, err := DecodeID(id); err != nil || back != ref {
			t.Errorf("%+v comes back as %+v, %v", ref, back, err)
		}
	}
	for _, bad := range []ID{"", "!", "YQ", "YQBi", "AABh", "YQAA", EncodeID(connectors.Ref{Connector: "a", Type: "b\x00c", ID: "d"}), "YQBiAP8"} {
		if ref, err := DecodeID(bad); !errs.Is(err, errs.NotFound) {
			t.Errorf("%q: %+v, %v, want NotFound", bad, ref, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"8 916 123-45-67", "+7 495 123-45-67 доб. 123", "+7…, +7…", "anonymous", "", "((((", "+", "x1", "доб. 1", "\x01", "１２３", "89161234567 89161234568",
		"sip:@", "<>", "00", "8", "+7 (", "9999999999999999999999999999999999999999",
	} {
		f.Add(s)
	}
	n := russian(f, "495")
	f.Fuzz(func(t *testing.T, s string) {
		p := n.Parse(s)
		switch p.Kind {
		case NumberAnonymous:
			if p.E164 != "" {
				t.Errorf("%q: anonymous with number %q", s, p.E164)
			}
		case NumberInternal, NumberPublic:
			if p.E164 == "" || p.Display == "" {
				t.Errorf("%q: %+v", s, p)
			}
		default:
			t.Errorf("%q: kind %q", s, p.Kind)
		}
		if isE164(p.E164) && (p.Kind != NumberPublic || len(p.E164) > maxDigits+1 || n.Parse(p.E164).E164 != p.E164) {
			t.Errorf("%q: %+v is not stable", s, p)
		}
		for _, num := range n.ParseAll(s) {
			if num.E164 == "" || digitsOf(num.E164) != strings.TrimPrefix(num.E164, "+") {
				t.Errorf("%q: field has %+v", s, num)
			}
		}
		if d, err := n.ParseDialed(s); err == nil && digitsOf(d.E164) == "" {
			t.Errorf("%q: dials %+v", s, d)
		} else if err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", s, err)
		}
		_ = n.Query(p)
	})
}

// TestShortWayReadsAsTheParser: numbers as carriers write them, of every country, are read past the library's parser.
func TestShortWayReadsAsTheParser(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for region := range phonenumbers.GetSupportedRegions() {
		n, err := NewNormalizer(region, "")
		if err != nil {
			t.Fatal(err)
		}
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.UAN; kind++ {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			text := []byte(phonenumbers.Format(example, phonenumbers.E164))
			for range 4 {
				want, err := phonenumbers.Parse(string(text), region)
				valid := err == nil && phonenumbers.IsValidNumber(want)
				if got, ok := n.read(string(text)); ok != valid || ok && phonenumbers.IsNumberMatchWithNumbers(got, want) != phonenumbers.EXACT_MATCH {
					t.Errorf("%s in %s: %v %v, want %v %v", text, region, got, ok, want, valid)
				}
				text[len(text)-1-random.IntN(len(text)-len(n.code)-1)] = '0' + byte(random.IntN(10))
			}
		}
	}
}

// TestShortWayOfNationalNumbers: Russian and Kazakh numbers as people write them, the country left out or an eight before them.
func TestShortWayOfNationalNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, region := range []string{"RU", "KZ"} {
		n, err := NewNormalizer(region, "")
		if err != nil {
			t.Fatal(err)
		}
		for range 4_000 {
			national := fmt.Sprintf("%010d", random.Int64N(1e10))
			if random.IntN(2) == 0 {
				national = "9" + national[1:]
			}
			text := []string{"", "8", "7"}[random.IntN(3)] + national
			want, err := phonenumbers.Parse(text, region)
			valid := err == nil && phonenumbers.IsValidNumber(want)
			if !valid && text[0] == '7' && len(text) == 11 { // the next thing that is tried
				want, err = phonenumbers.Parse("+"+text, region)
				valid = err == nil && phonenumbers.IsValidNumber(want)
			}
			if got, ok := n.read(text); ok != valid || ok && phonenumbers.IsNumberMatchWithNumbers(got, want) != phonenumbers.EXACT_MATCH {
				t.Fatalf("%s in %s: %v %v, want %v %v", text, region, got, ok, want, valid)
			}
		}
	}
}

// TestGroupsOfRussianNumbersAreTheLibrarys: numbers with the same first digits are written alike.
func TestGroupsOfRussianNumbersAreTheLibrarys(t *testing.T) {
	n := russian(t, "")
	random := rand.New(rand.NewPCG(7, 8))
	seen := 0
	for range 12_000 {
		prefix := []string{"9", "495", "4842", "71", "7123", "7134", "72", "7102", "7214", "7133", "80", "800", "34", "301", "7"}[random.IntN(15)]
		e164 := "+7" + prefix + fmt.Sprintf("%010d", random.Int64N(1e10))[len(prefix):]
		num, err := phonenumbers.Parse(e164, "RU")
		if err != nil || !phonenumbers.IsValidNumber(num) {
			continue
		}
		seen++
		if got, want := n.display(num), phonenumbers.Format(num, phonenumbers.INTERNATIONAL); got != want {
			t.Fatalf("%s: %q, want %q", e164, got, want)
		}
	}
	if seen < 2_000 {
		t.Errorf("only %d valid numbers", seen)
	}
}

// TestPlainFieldsAreReadAsOthers: a field without words takes the short way, the same field in brackets of words the long one.
func TestPlainFieldsAreReadAsOthers(t *testing.T) {
	n := russian(t, "")
	random := rand.New(rand.NewPCG(5, 6))
	const letters = "0123456789()-+. 0123456789 8 7 9"
	for range 1_000 {
		field := make([]byte, random.IntN(30))
		for i := range field {
			field[i] = letters[random.IntN(len(letters))]
		}
		short, long := n.ParseAll(string(field)), n.ParseAll("тел: "+string(field)+" да")
		if fmt.Sprint(short) != fmt.Sprint(long) {
			t.Fatalf("%q: %v, among words %v", field, short, long)
		}
	}
}

func BenchmarkParseNew(b *testing.B) {
	n := russian(b, "")
	for i := 0; b.Loop(); i++ {
		if !n.parseNew(fmt.Sprintf("+7916%07d", i%10_000_000)).valid() {
			b.Fatal("nothing")
		}
	}
}

func BenchmarkParseKnown(b *testing.B) {
	n := russian(b, "")
	for b.Loop() {
		if n.Parse("8 (916) 123-45-67").E164 == "" {
			b.Fatal("nothing")
		}
	}
}
