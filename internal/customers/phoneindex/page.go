package phoneindex

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"

	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
)

// format is the version of records and pages. It is part of a scan's stamp: what is written otherwise is read anew.
const format = "1"

// pageWords bounds the list of words of a page.
const pageWords = 1 << 16

// EncodePage writes customers as a page's data: the words and then the records, compressed.
func EncodePage(cs []customers.Customer) ([]byte, error) {
	w := newWords(pageWords)
	var records []byte
	for i := range cs {
		records = appendRecord(records, w, &cs[i])
	}
	list := *w.list.Load()
	head := binary.AppendUvarint(nil, uint64(len(list)))
	for _, s := range list {
		head = appendText(head, s)
	}
	head = binary.AppendUvarint(head, uint64(len(cs)))
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	if err == nil {
		_, err = z.Write(append(head, records...))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, errs.With(errs.Internal, "writing a page of an index", err)
	}
	return out.Bytes(), nil
}

// maxPage bounds what a page may unpack to.
const maxPage = 256 << 20

// DecodePage reads what EncodePage wrote, as a connector's customers. Data that is broken is errs.Invalid.
func DecodePage(data []byte, connector string) ([]customers.Customer, error) {
	broken := errs.E(errs.Invalid, "reading a page of an index", "the page is broken")
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), maxPage))
	if err != nil {
		return nil, broken
	}
	r := reader{b: raw}
	n := r.uvarint()
	if n > pageWords {
		return nil, broken
	}
	list := make([]string, n)
	for i := range list {
		list[i] = r.text()
	}
	r.w = list
	n = r.uvarint()
	if n > uint64(len(r.b)) {
		return nil, broken
	}
	out := make([]customers.Customer, 0, n)
	for range n {
		out = append(out, r.customer(connector))
		if r.bad {
			return nil, broken
		}
	}
	if len(r.b) > 0 {
		return nil, broken
	}
	return out, nil
}
