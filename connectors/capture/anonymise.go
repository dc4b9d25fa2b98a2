package capture

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode"
)

// Anonymiser replaces what tells of people, companies and systems by pseudonyms of the same shape: the same original always becomes
// the same pseudonym, and nothing leads back without the key, which is thrown away. Numbers keep all but their last six digits, so
// that they stay valid and numbers of one customer still are.
type Anonymiser struct {
	key     []byte
	words   map[string]bool   // that stay
	tails   map[string]string // last digits of numbers
	taken   map[string]bool
	hosts   map[string]string
	address string // in whose place hosts are put
}

// NewAnonymiser makes one. Words of the vocabulary stay; hosts become host.
func NewAnonymiser(key []byte, vocabulary []string, host string) *Anonymiser {
	a := &Anonymiser{key: key, words: map[string]bool{}, tails: map[string]string{}, taken: map[string]bool{}, hosts: map[string]string{}, address: host}
	for _, w := range append(beside, vocabulary...) {
		a.words[w] = true
		for _, part := range wordForm.FindAllString(w, -1) {
			a.words[part] = true
		}
	}
	return a
}

var (
	guidForm   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	numberForm = regexp.MustCompile(`[0-9](?:[ \x{a0}\x{2009}\x{202f}().\-\x{2010}-\x{2015}/_]{0,3}[0-9]){4,}`)
	wordForm   = regexp.MustCompile(`[\pL\pN_]+`)
	codeForm   = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)
	dateForm   = regexp.MustCompile(`[12][0-9]{3}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?(Z|[+-][0-9:]{4,6})?)?`)
	urlForm    = regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://[^\s"'<>]+`)
	hostForm   = regexp.MustCompile(`^([a-z][a-z0-9+.-]*://)(?:[^/@]*@)?([^/?#]*)(.*)$`)
	mailForm   = regexp.MustCompile(`[\pL\pN._+-]+@([\pL\pN-]+\.)+[\pL\pN]+`)
)

// beside are words that people write next to numbers: without them an extension is none.
var beside = []string{
	"доб", "Доб", "ДОБ", "доп", "вн", "внутр", "добавочный", "внутренний", "тел", "Тел", "моб", "Моб", "сот", "раб", "дом", "факс", "Факс",
	"ext", "Ext", "EXT", "extension", "x", "tel", "Tel", "phone", "mob", "fax",
}

// noOne are ids and dates that stand for nothing.
var noOne = map[string]bool{"00000000-0000-0000-0000-000000000000": true, "0001-01-01T00:00:00": true, "true": true, "false": true, "null": true}

// Text returns a text with pseudonyms.
func (a *Anonymiser) Text(s string) string {
	switch {
	case s == "" || noOne[s] || a.words[s] || codeForm.MatchString(s) && !numberForm.MatchString(s):
		return s
	case guidForm.MatchString(s):
		return a.hexadecimal(s)
	}
	return a.outside(urlForm, s, a.url, func(s string) string {
		return a.outside(mailForm, s, a.mail, func(s string) string {
			return a.outside(dateForm, s, a.date, func(s string) string {
				return a.outside(numberForm, s, a.Number, a.plain)
			})
		})
	})
}

// outside replaces what a form finds by one function and what lies between by another.
func (a *Anonymiser) outside(form *regexp.Regexp, s string, found, between func(string) string) string {
	var out strings.Builder
	at := 0
	for _, m := range form.FindAllStringIndex(s, -1) {
		out.WriteString(between(s[at:m[0]]))
		out.WriteString(found(s[m[0]:m[1]]))
		at = m[1]
	}
	out.WriteString(between(s[at:]))
	return out.String()
}

// plain replaces words. A single letter says nothing, nor do a few digits.
func (a *Anonymiser) plain(s string) string {
	return wordForm.ReplaceAllStringFunc(s, func(w string) string {
		if a.words[w] || len([]rune(w)) < 2 || strings.Trim(w, "0123456789") == "" && len(w) < 5 {
			return w
		}
		return a.word(w)
	})
}

// alphabets are whose letters stand in for each other, so that a pseudonym can be read out.
var alphabets = [][]rune{
	[]rune("аеиоуыэюя"), []rune("бвгджзклмнпрстфхцчшщ"), []rune("ьъйё"), []rune("aeiouy"), []rune("bcdfghjklmnpqrstvwxz"), []rune("0123456789"),
}

// word replaces the letters and digits of a word by others of their kind; case stays.
func (a *Anonymiser) word(w string) string {
	lower := []rune(strings.ToLower(w))
	stream := a.stream("word", string(lower))
	out := []rune(w)
	for i, r := range lower {
		if i >= len(out) {
			break
		}
		p := swap(r, stream())
		if unicode.IsUpper(out[i]) {
			p = unicode.ToUpper(p)
		}
		out[i] = p
	}
	return string(out)
}

// swap returns another letter of the same kind; what is of no known kind stays.
func swap(r rune, by uint32) rune {
	for _, letters := range alphabets {
		for i, l := range letters {
			if l == r {
				return letters[(i+1+int(by)%(len(letters)-1))%len(letters)]
			}
		}
	}
	if unicode.IsLetter(r) {
		return 'x'
	}
	return r
}

// stream yields numbers that depend on the key, a purpose and an original.
func (a *Anonymiser) stream(purpose, original string) func() uint32 {
	var block []byte
	n := uint32(0)
	return func() uint32 {
		if len(block) < 4 {
			mac := hmac.New(sha256.New, a.key)
			_, _ = mac.Write([]byte(purpose + "\x00" + original)) // never fails
			_, _ = mac.Write(binary.BigEndian.AppendUint32(nil, n))
			n++
			block = mac.Sum(nil)
		}
		v := binary.BigEndian.Uint32(block) >> 1
		block = block[4:]
		return v
	}
}

// hexadecimal replaces the digits of a key; letters stay letters.
func (a *Anonymiser) hexadecimal(s string) string {
	stream := a.stream("hex", strings.ToLower(s))
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '0' + rune(stream()%10) //nolint:gosec // below 10
		case r >= 'a' && r <= 'f':
			return 'a' + rune(stream()%6) //nolint:gosec // below 6
		case r >= 'A' && r <= 'F':
			return 'A' + rune(stream()%6) //nolint:gosec // below 6
		}
		return r
	}, s)
}

// date replaces a date by one of the same length in another month and year; the time of day stays.
func (a *Anonymiser) date(s string) string {
	stream := a.stream("date", s[:10])
	year, month, day := 2000+stream()%20, 1+stream()%12, 1+stream()%28
	digits := []byte(s)
	for at, v := range map[int]uint32{2: year % 100, 5: month, 8: day} {
		digits[at], digits[at+1] = byte('0'+v/10), byte('0'+v%10) //nolint:gosec // two digits
	}
	digits[0], digits[1] = '2', '0'
	return string(digits)
}

func (a *Anonymiser) mail(s string) string {
	local, host, _ := strings.Cut(s, "@")
	name, _, _ := strings.Cut(host, ".")
	return a.word(local) + "@" + a.word(name) + ".example"
}

// url replaces the host and the words of the rest.
func (a *Anonymiser) url(s string) string {
	m := hostForm.FindStringSubmatch(s)
	if m == nil {
		return a.plain(s)
	}
	scheme := m[1]
	if scheme == "https://" {
		scheme = "http://" // where it is replayed
	}
	return scheme + a.address + a.outside(numberForm, m[3], a.Number, a.plain)
}

// Number replaces the last digits of numbers in a text of digits and what people put between them.
func (a *Anonymiser) Number(s string) string {
	digits := []int{}
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits = append(digits, i)
		}
	}
	if len(digits) == 0 {
		return s
	}
	out := []byte(s)
	for _, part := range split(s, digits) {
		kept := min(len(part), max(1, len(part)-changed))
		tail := make([]byte, 0, changed)
		for _, at := range part[kept:] {
			tail = append(tail, s[at])
		}
		next := a.tail(string(tail))
		for i, at := range part[kept:] {
			out[at] = next[i]
		}
	}
	return string(out)
}

// changed is how many last digits of a number are replaced.
const changed = 6

// longest is how many digits a number has at most (E.164).
const longest = 15

// split tells several numbers in one text apart: behind ten or eleven digits, at a space or where there are more than a number has. A
// few digits behind a whole Russian number are its extension, which stays.
func split(s string, digits []int) [][]int {
	var out [][]int
	from := 0
	for i := range digits {
		whole := 10
		if first := s[digits[from]]; first == '7' || first == '8' {
			whole = 11
		}
		behind := i+1 < len(digits) && strings.ContainsAny(s[digits[i]+1:digits[i+1]], " \u00a0")
		rest := len(digits) - i - 1
		if i-from+1 == 11 && whole == 11 && rest > 0 && rest < 5 {
			return append(out, digits[from:i+1])
		}
		if i-from+1 >= whole && rest >= 5 && (behind || len(digits)-from > longest) {
			out = append(out, digits[from:i+1])
			from = i + 1
		}
	}
	return append(out, digits[from:])
}

// tail is the pseudonym of last digits, and nobody else's. Digits that fill a field stay.
func (a *Anonymiser) tail(s string) string {
	if s == "" || strings.Trim(s, s[:1]) == "" {
		return s
	}
	if t, ok := a.tails[s]; ok {
		return t
	}
	stream := a.stream("tail", s)
	for {
		next := []byte(s)
		for i := range next {
			next[i] = '0' + byte(stream()%10)
		}
		t := string(next)
		if t != s && !a.taken[t] && strings.Trim(t, t[:1]) != "" {
			a.tails[s], a.taken[t] = t, true
			return t
		}
	}
}
