package phoneindex

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
)

// A record is a customer in about a hundred bytes: what many have in common (types, labels, managers, the beginning of links, the
// shape of numbers) is a word of a list that is kept beside; identifiers and numbers are binary; Cyrillic takes one
// byte a letter. Reference and numbers come first, because they are compared before anything else is read.
//
//	reference | numbers | flags | name | company? | tax number? | manager | link? | stands for? | addresses of mail

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
