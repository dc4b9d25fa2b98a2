package customers

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Normalizer turns telephone numbers as people and carriers write them into Numbers. It may be used by many goroutines and
// remembers what it has parsed.
type Normalizer struct {
	region string
	area   string
	code   string // calling code of the region: "7"
	trunk  string // what is dialled before numbers within it: "8"

	mu     sync.RWMutex
	known  map[string]parsed
	groups sync.Map // first digits of Russian numbers to the display of one of them
}

// parsed is a number with what connectors want to know of it.
type parsed struct {
	Number
	national string
}

// NewNormalizer makes a normalizer for numbers that are written in a region (ISO 3166: "RU") without their country. area, which may
// be empty, is the code of the town whose local numbers are written without it ("495").
func NewNormalizer(region, area string) (*Normalizer, error) {
	const op = "making number normalizer"
	region = strings.ToUpper(strings.TrimSpace(region))
	code := phonenumbers.GetCountryCodeForRegion(region)
	if code == 0 {
		return nil, errs.Field(op, "region", "is no country; write it like RU")
	}
	if digitsOf(area) != area {
		return nil, errs.Field(op, "area", "must be digits")
	}
	return &Normalizer{
		region: region, area: area, code: itoa(code), known: map[string]parsed{},
		trunk: phonenumbers.GetNddPrefixForRegion(phonenumbers.GetRegionCodeForCountryCode(code), true),
	}, nil
}

// Region returns the region of numbers without country.
func (n *Normalizer) Region() string { return n.region }

// The bounds of numbers: up to six digits are internal or a service (112), E.164 has at most fifteen.
const (
	maxInternal = 6
	maxDigits   = 15
)

// Parse normalises the number of one caller. It never fails: what is no number is anonymous or internal, and digits that are no
// valid number stay as they came.
func (n *Normalizer) Parse(raw string) Number { return n.parse(raw).Number }

// Query makes the question to connectors about a number that Parse returned.
func (n *Normalizer) Query(num Number) connectors.LookupQuery {
	p := n.parse(num.E164)
	if !p.valid() {
		return connectors.LookupQuery{National: digitsOf(p.E164), Region: n.region}
	}
	q := connectors.LookupQuery{E164: p.E164, National: p.national}
	if num, ok := n.read(p.E164); ok {
		q.Region = phonenumbers.GetRegionCodeForNumber(num)
	}
	return q
}

// maxKnown bounds the memory of parsed numbers; a full one is emptied, which costs microseconds per number later.
const maxKnown = 8192

// maxNumber is how much of a caller's number is read.
const maxNumber = 256

func (n *Normalizer) parse(raw string) parsed {
	if len(raw) > maxNumber {
		raw = strings.ToValidUTF8(raw[:maxNumber], "")
	}
	n.mu.RLock()
	p, ok := n.known[raw]
	n.mu.RUnlock()
	if ok {
		return p
	}
	p = n.parseNew(raw)
	n.mu.Lock()
	if len(n.known) >= maxKnown {
		clear(n.known)
	}
	n.known[raw] = p
	n.mu.Unlock()
	return p
}

// withheld are the words that stand for a caller who does not want to be known, or whose carrier does not tell.
var withheld = map[string]bool{
	"": true, "anonymous": true, "anonym": true, "unknown": true, "withheld": true, "restricted": true, "private": true,
	"unavailable": true, "hidden": true, "blocked": true, "nocallerid": true, "nonumber": true, "invalid": true, "null": true,
	"аноним": true, "анонимный": true, "скрыт": true, "скрытый": true, "неизвестен": true, "неизвестный": true,
}

func (n *Normalizer) parseNew(raw string) parsed {
	s := ascii(bare(raw))
	word := strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s))
	if withheld[word] {
		return parsed{Number: Number{Kind: NumberAnonymous}}
	}
	digits := digitsOf(s)
	if digits == "" {
		return parsed{Number: Number{E164: s, Display: s, Kind: NumberInternal}}
	}
	if strings.TrimPrefix(s, "+") == digits { // as carriers write it: nothing to search for
		if p := n.number(s, ""); p.valid() {
			return p
		}
	}
	all := n.scan(s)
	for _, p := range all {
		if p.valid() {
			return p
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return n.number(s, "")
}

// bare takes the number out of what protocols put around it: sip:+7916...@host;user=phone, tel:+7916..., <...>.
func bare(s string) string {
	s = strings.TrimSpace(s)
	if i, j := strings.IndexByte(s, '<'), strings.IndexByte(s, '>'); i >= 0 && j > i {
		s = s[i+1 : j]
	}
	lower := strings.ToLower(s)
	for _, scheme := range []string{"sip:", "sips:", "tel:"} {
		if strings.HasPrefix(lower, scheme) {
			s = strings.Replace(s[len(scheme):], ";ext=", " ext ", 1)
			s, _, _ = strings.Cut(s, ";")
			break
		}
	}
	s, _, _ = strings.Cut(s, "@")
	return strings.TrimSpace(s)
}

// ascii replaces digits, spaces and pluses of other scripts.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_':
			return ' '
		case r < utf8Start:
			return r
		case unicode.IsDigit(r):
			if d := r - '０'; d >= 0 && d <= 9 {
				return '0' + d
			}
			return ' '
		case unicode.IsSpace(r), r == '\u200b', r == '\ufeff', r == '\u2060':
			return ' '
		case r == '＋':
			return '+'
		}
		return r
	}, s)
}

const utf8Start = 0x80

// number normalises one number without words. It tries, in this order: as the region writes it, after the international prefix 00,
// as international digits without plus (375291234567), as a local number of the configured town.
func (n *Normalizer) number(body, ext string) parsed {
	digits := digitsOf(body)
	plus := strings.HasPrefix(strings.TrimLeft(body, " ("), "+")
	var tries []string
	switch {
	case plus:
		tries = []string{"+" + digits}
		if len(digits) == 11 && digits[0] == '8' && n.code == "7" { // "+8 916 ...", a mistake made often
			tries = append(tries, digits)
			if standsAlone(body) { // "+8 (495) 123-45-67" and not +84 951 234 567 of Vietnam
				slices.Reverse(tries)
			}
		}
		if strings.HasPrefix(digits, "0") {
			tries = append(tries, "+"+strings.TrimLeft(digits, "0"))
		}
	case len(digits) > maxInternal:
		tries = []string{digits}
		if rest, ok := strings.CutPrefix(digits, "00"); ok {
			tries = append(tries, "+"+rest)
		}
		// Eleven digits behind the trunk prefix are a number of the own country, if a wrong one, and none of +80 or +81.
		if len(digits) >= 11 && (len(digits) > 11 || n.trunk == "" || !strings.HasPrefix(digits, n.trunk)) {
			tries = append(tries, "+"+digits)
		}
		if n.area != "" && len(digits) < 10 {
			tries = append(tries, n.area+digits)
		}
	}
	for _, t := range tries {
		num, ok := n.read(t)
		if !ok {
			continue
		}
		return parsed{
			Number: Number{
				E164:    phonenumbers.Format(num, phonenumbers.E164),
				Display: n.withExt(n.display(num), ext),
				Ext:     ext,
				Kind:    NumberPublic,
			},
			national: phonenumbers.GetNationalSignificantNumber(num),
		}
	}
	if rest, ok := strings.CutPrefix(digits, n.code+n.trunk); ok && n.trunk != "" && len(rest) == nationalDigits && n.code == "7" {
		return n.number("+"+n.code+rest, ext) // "+7 8 916 ...", country and trunk prefix both
	}
	kind := NumberPublic
	if len(digits) <= maxInternal {
		kind = NumberInternal
	}
	return parsed{Number: Number{E164: digits, Display: n.withExt(digits, ext), Ext: ext, Kind: kind}}
}

// display writes a number as people do. Where the groups of a Russian number end depends on its first five digits, so it is found out
// once for all that have them in common.
func (n *Normalizer) display(num *phonenumbers.PhoneNumber) string {
	national := strconv.FormatUint(num.GetNationalNumber(), 10)
	if num.GetCountryCode() != 7 || len(national) != nationalDigits {
		return phonenumbers.Format(num, phonenumbers.INTERNATIONAL)
	}
	digits := "7" + national
	if pattern, ok := n.groups.Load(national[:5]); ok {
		out := []byte(pattern.(string))
		at := 0
		for i, c := range out {
			if c >= '0' && c <= '9' {
				out[i] = digits[at]
				at++
			}
		}
		return string(out)
	}
	out := phonenumbers.Format(num, phonenumbers.INTERNATIONAL)
	if digitsOf(out) == digits {
		n.groups.Store(national[:5], out)
	}
	return out
}

// standsAlone reports whether the first digit is written apart from the others.
func standsAlone(body string) bool {
	i := strings.IndexAny(body, "0123456789")
	return i >= 0 && i+1 < len(body) && (body[i+1] < '0' || body[i+1] > '9')
}

// read reads a valid number. The library's parser looks for all that people write, which takes half of the time that a number does; one
// of the own country as carriers write it has nothing to look for, unless it begins with what the parser might strip.
func (n *Normalizer) read(s string) (*phonenumbers.PhoneNumber, bool) {
	rest, own := strings.CutPrefix(s, "+"+n.code)
	if !own && n.code == "7" { // eight or seven in front of ten digits, or ten digits
		switch {
		case len(s) == nationalDigits && s[0] != '+':
			rest, own = s, true
		case len(s) == nationalDigits+1 && (s[0] == '8' || s[0] == '7'):
			rest, own = s[1:], true
		}
	}
	if own && !strings.HasPrefix(rest, "0") && (n.trunk == "" || !strings.HasPrefix(rest, n.trunk)) {
		code := int32(phonenumbers.GetCountryCodeForRegion(n.region)) //nolint:gosec // at most three digits
		national, err := strconv.ParseUint(rest, 10, 64)
		num := &phonenumbers.PhoneNumber{CountryCode: &code, NationalNumber: &national}
		if err == nil && phonenumbers.IsValidNumber(num) {
			return num, true
		}
		if err == nil && n.code == "7" && len(rest) == nationalDigits && rest[0] != '1' { // 8-10 leads abroad
			return nil, false // nor does the parser make another number of it
		}
	}
	num, err := phonenumbers.Parse(s, n.region)
	return num, err == nil && phonenumbers.IsValidNumber(num)
}

func (n *Normalizer) withExt(display, ext string) string {
	switch {
	case ext == "":
		return display
	case n.region == "RU":
		return display + " доб. " + ext
	}
	return display + " ext. " + ext
}

// valid reports whether a number is a valid public one: only those begin with a plus.
func (p parsed) valid() bool { return isE164(p.E164) }

func isE164(s string) bool { return len(s) > 1 && s[0] == '+' && s[1] >= '0' && s[1] <= '9' }

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
