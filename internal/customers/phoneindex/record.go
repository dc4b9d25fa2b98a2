package phoneindex

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/charmap"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
)

// A record is a customer in about a hundred bytes: what many have in common (types, labels, managers, the beginning of links, the
// shape of numbers) is a word of a list that is kept beside; identifiers and numbers are binary; Cyrillic takes one
// byte a letter. Reference and numbers come first, because they are compared before anything else is read.
//
//	reference | numbers | flags | name | company? | tax number? | manager | link? | stands for? | addresses of mail

// words is a growing list of texts. One goroutine adds, any may read.
type words struct {
	at   map[string]uint64
	list atomic.Pointer[[]string]
	max  int
}

func newWords(most int, list ...string) *words {
	w := &words{at: map[string]uint64{}, max: most}
	w.list.Store(&list)
	for i, s := range list {
		w.at[s] = uint64(i)
	}
	return w
}

// Before the number of a word come these: nothing, and a text that found no more place in the list.
const (
	noWord = iota
	ownText
	firstWord
)

func (w *words) append(b []byte, s string) []byte {
	if s == "" {
		return append(b, noWord)
	}
	i, known := w.at[s]
	if !known {
		list := *w.list.Load()
		if len(list) >= w.max {
			return appendText(append(b, ownText), s)
		}
		i = uint64(len(list))
		list = append(list, s) // readers see no further than their own list is long
		w.at[s] = i
		w.list.Store(&list)
	}
	return binary.AppendUvarint(b, firstWord+i)
}

const (
	flagOpen = 1 << iota
	flagCompany
	flagTaxID
	flagURL
	flagStandsFor
	kindShift = iota // two bits
)

var kinds = []connectors.Kind{connectors.KindPerson, connectors.KindCompany, connectors.KindLead, ""}

func kindIndex(k connectors.Kind) byte {
	for i, known := range kinds {
		if k == known {
			return byte(i)
		}
	}
	return byte(len(kinds) - 1)
}

func appendRef(b []byte, w *words, ref connectors.Ref) []byte {
	b = w.append(b, ref.Type)
	return appendID(b, ref.ID)
}

// appendRecord writes a customer.
func appendRecord(b []byte, w *words, c *customers.Customer) []byte {
	b = appendRef(b, w, c.Ref)
	b = binary.AppendUvarint(b, uint64(len(c.Numbers)))
	for i := range c.Numbers {
		b = appendNumber(b, w, &c.Numbers[i])
	}
	flags := kindIndex(c.Kind) << kindShift
	for _, f := range [...]struct {
		flag byte
		is   bool
	}{
		{flagOpen, c.Open}, {flagCompany, c.Company != ""}, {flagTaxID, c.TaxID != ""}, {flagURL, c.URL != ""}, {flagStandsFor, c.StandsFor != ""},
	} {
		if f.is {
			flags |= f.flag
		}
	}
	b = append(b, flags)
	b = appendText(b, c.Name)
	if c.Company != "" {
		b = appendText(b, c.Company)
	}
	if c.TaxID != "" {
		b = appendText(b, c.TaxID)
	}
	b = w.append(b, c.Owner)
	if c.URL != "" {
		at := strings.LastIndexAny(strings.TrimRight(c.URL, "/"), "/=") + 1
		b = w.append(b, c.URL[:at])
		b = appendID(b, c.URL[at:])
	}
	if c.StandsFor != "" {
		ref, _ := customers.DecodeID(c.StandsFor) // one that is no id stands for nobody
		b = appendRef(b, w, ref)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Emails)))
	for _, e := range c.Emails {
		b = appendText(b, e)
	}
	return b
}

const (
	numberValid   = 1 << iota // E.164
	numberExt                 // has an extension
	numberPattern             // its display is a pattern of its digits
	numberKind                // two bits
)

var numberKinds = []customers.NumberKind{customers.NumberPublic, customers.NumberInternal, customers.NumberAnonymous}

func appendNumber(b []byte, w *words, l *customers.LabeledNumber) []byte {
	n := &l.Number
	head := byte(0)
	for i, k := range numberKinds {
		if k == n.Kind {
			head |= byte(i) * numberKind
		}
	}
	value, valid := e164(n.E164)
	if valid {
		head |= numberValid
	}
	if n.Ext != "" {
		head |= numberExt
	}
	pattern, fits := patternOf(n)
	if fits {
		head |= numberPattern
	}
	b = append(b, head)
	if valid {
		b = binary.AppendUvarint(b, value)
	} else {
		b = appendText(b, n.E164)
	}
	if n.Ext != "" {
		b = appendText(b, n.Ext)
	}
	if fits {
		b = w.append(b, pattern)
	} else {
		b = appendText(b, n.Display)
	}
	return w.append(b, l.Label)
}

// e164 reads "+79161234567" as a value.
func e164(s string) (uint64, bool) {
	if len(s) < 2 || s[0] != '+' || s[1] == '0' || s[1] == '+' || s[1] == '-' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[1:], 10, 64)
	return v, err == nil
}

// patternOf writes a number's display with '\x00' for its digits: "+\x00 \x00\x00\x00 …". Few differ in anything else.
func patternOf(n *customers.Number) (string, bool) {
	digits := strings.TrimPrefix(n.E164, "+") + n.Ext
	at := 0
	pattern := []byte(n.Display)
	for i, c := range pattern {
		if c < '0' || c > '9' {
			continue
		}
		if at == len(digits) || digits[at] != c {
			return "", false
		}
		pattern[i] = 0
		at++
	}
	return string(pattern), at == len(digits)
}

func fill(pattern, digits string) string {
	out := []byte(pattern)
	at := 0
	for i, c := range out {
		if c == 0 && at < len(digits) {
			out[i] = digits[at]
			at++
		}
	}
	return string(out)
}

// The forms of identifiers.
const (
	idText = iota
	idGUID // 9d5c422d-8c4c-11db-a9b0-00055d49b45e
	idHex  // an even number of them, lower case
	idForms
)

func appendID(b []byte, id string) []byte {
	compact := id
	form := idText
	switch {
	case isGUID(id):
		form, compact = idGUID, strings.ReplaceAll(id, "-", "")
	case len(id) >= 8 && len(id)%2 == 0 && isHex(id):
		form = idHex
	}
	if form != idText {
		if raw, err := hex.DecodeString(compact); err == nil {
			b = binary.AppendUvarint(b, uint64(len(raw)*idForms+form))
			return append(b, raw...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(id)*idForms+idText))
	return append(b, id...)
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func isGUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && isHex(strings.ReplaceAll(s, "-", "")) && strings.Count(s, "-") == 4
}

// appendText writes a text, in Windows-1251 where that can be: names are Cyrillic or Latin almost always.
func appendText(b []byte, s string) []byte {
	start := len(b)
	runes := 0
	for range s {
		runes++
	}
	b = binary.AppendUvarint(b, uint64(runes)*2+1)
	for _, r := range s {
		c, ok := encodeRune(r)
		if !ok {
			b = binary.AppendUvarint(b[:start], uint64(len(s))*2)
			return append(b, s...)
		}
		b = append(b, c)
	}
	return b
}

// cyrillic are the bytes of the runes up to Cyrillic, which is nearly all that names have; 0 for those that have none.
var cyrillic = func() (out [0x460]byte) {
	for r := rune(1); int(r) < len(out); r++ {
		if c, ok := charmap.Windows1251.EncodeRune(r); ok {
			out[r] = c
		}
	}
	return out
}()

func encodeRune(r rune) (byte, bool) {
	if int(r) < len(cyrillic) {
		return cyrillic[r], cyrillic[r] != 0
	}
	if r == '\ufffd' { // also what a broken text reads as
		return 0, false
	}
	return charmap.Windows1251.EncodeRune(r)
}

// reader reads a record. Past its end it reads zeros, and says so in bad.
type reader struct {
	b   []byte
	w   []string
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) text() string {
	head := r.uvarint()
	raw := r.bytes(head / 2)
	if head%2 == 0 {
		return string(raw)
	}
	out := make([]byte, 0, 2*len(raw))
	for _, c := range raw {
		out = appendRune(out, c)
	}
	return string(out)
}

func appendRune(b []byte, c byte) []byte {
	if c < 0x80 {
		return append(b, c)
	}
	return append(b, string(charmap.Windows1251.DecodeByte(c))...)
}

func (r *reader) word() string {
	switch i := r.uvarint(); {
	case i == noWord:
		return ""
	case i == ownText:
		return r.text()
	case i-firstWord < uint64(len(r.w)):
		return r.w[i-firstWord]
	}
	r.bad = true
	return ""
}

func (r *reader) id() string {
	head := r.uvarint()
	raw := r.bytes(head / idForms)
	switch head % idForms {
	case idGUID:
		h := hex.EncodeToString(raw)
		if len(h) != 32 {
			r.bad = true
			return ""
		}
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case idHex:
		return hex.EncodeToString(raw)
	}
	return string(raw)
}

func (r *reader) number() customers.LabeledNumber {
	var l customers.LabeledNumber
	head := r.byte()
	l.Number.Kind = numberKinds[min(int(head/numberKind), len(numberKinds)-1)]
	digits := ""
	if head&numberValid != 0 {
		digits = strconv.FormatUint(r.uvarint(), 10)
		l.Number.E164 = "+" + digits
	} else {
		digits = r.text()
		l.Number.E164 = digits
	}
	if head&numberExt != 0 {
		l.Number.Ext = r.text()
	}
	if head&numberPattern != 0 {
		l.Number.Display = fill(r.word(), digits+l.Number.Ext)
	} else {
		l.Number.Display = r.text()
	}
	l.Label = r.word()
	return l
}

// maxList bounds what is believed of a record that is broken.
const maxList = math.MaxUint16

// customer reads a record of a connector.
func (r *reader) customer(connector string) customers.Customer {
	c := customers.Customer{Ref: connectors.Ref{Connector: connector, Type: r.word(), ID: r.id()}}
	c.ID = customers.EncodeID(c.Ref)
	n := min(r.uvarint(), maxList)
	for i := uint64(0); i < n && !r.bad; i++ {
		c.Numbers = append(c.Numbers, r.number())
	}
	flags := r.byte()
	c.Kind = kinds[flags>>kindShift&3]
	c.Open = flags&flagOpen != 0
	c.Name = r.text()
	if flags&flagCompany != 0 {
		c.Company = r.text()
	}
	if flags&flagTaxID != 0 {
		c.TaxID = r.text()
	}
	c.Owner = r.word()
	if flags&flagURL != 0 {
		c.URL = r.word()
		c.URL += r.id()
	}
	if flags&flagStandsFor != 0 {
		c.StandsFor = customers.EncodeID(connectors.Ref{Connector: connector, Type: r.word(), ID: r.id()})
	}
	n = min(r.uvarint(), maxList)
	for i := uint64(0); i < n && !r.bad; i++ {
		c.Emails = append(c.Emails, r.text())
	}
	return c
}
