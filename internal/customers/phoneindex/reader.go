package phoneindex

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"golang.org/x/text/encoding/charmap"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
)

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
