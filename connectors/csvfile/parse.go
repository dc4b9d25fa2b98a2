package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	uni "golang.org/x/text/encoding/unicode"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/internal/conf"
	"github.com/pult-cc/pult/connectors/internal/number"
	"github.com/pult-cc/pult/connectors/internal/table"
)

// content is a file as it was read.
type content struct {
	list  []connectors.Candidate // by id
	names []string               // in small letters, beside list
	tails map[string][]int       // last seven digits of a number to places in list
	at    map[connectors.Ref]int
}

// parse makes content of a file's bytes.
func parse(raw []byte, c Config, shape table.Shape) (*content, error) {
	text, err := decode(raw, c.Encoding)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = delimiter(text, c.Delimiter)
	r.LazyQuotes, r.ReuseRecord = true, true
	headings, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line must be headings")
	}
	if err != nil {
		return nil, broken(err)
	}
	meanings, err := meaningsOf(slices.Clone(headings), c)
	if err != nil {
		return nil, err
	}
	rows := table.New(shape)
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		row := map[string]string{}
		for i, cell := range cells {
			if m := meanings[i]; m != "" {
				row[m] = strings.TrimSpace(strings.ReplaceAll(cell, "\u00a0", " "))
			}
		}
		if err := rows.Add(row); err != nil {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	return index(rows.Candidates()), nil
}

// broken says where a file is broken and repeats nothing of it.
func broken(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return errors.New("the file cannot be read as CSV")
	}
	if errors.Is(p.Err, csv.ErrFieldCount) {
		return fmt.Errorf("line %d has another number of cells than the headings", p.Line)
	}
	return fmt.Errorf("line %d: %w", p.Line, p.Err)
}

// meaningsOf tells for each column what it means, "" for one that is not wanted.
func meaningsOf(headings []string, c Config) ([]string, error) {
	out := make([]string, len(headings))
	for i, h := range headings {
		headings[i] = strings.TrimSpace(h)
	}
	if len(c.Columns) == 0 {
		for i, h := range headings {
			h = strings.ToLower(h)
			if !table.Known(h) {
				return nil, errors.New(table.Unknown(h) + " Map the file's headings by columns.")
			}
			out[i] = h
		}
		if !slices.Contains(out, "id") {
			return nil, errors.New("there is no column id")
		}
		return out, nil
	}
	for meaning, heading := range c.Columns {
		i := slices.Index(headings, heading)
		if i < 0 {
			return nil, fmt.Errorf("there is no column %q%s", heading, conf.DidYouMean(heading, slices.Clone(headings)))
		}
		if out[i] != "" {
			return nil, fmt.Errorf("column %q is mapped twice", heading)
		}
		out[i] = meaning
	}
	return out, nil
}

// decode makes text of bytes. auto goes by the byte order mark, then takes what is valid UTF-8 for that, and anything else for
// Windows-1251, in which 1C and Excel write CSV.
func decode(raw []byte, name string) (string, error) {
	if name == "auto" {
		switch {
		case bytes.HasPrefix(raw, []byte{0xff, 0xfe}), bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
			name = "utf-16"
		case utf8.Valid(raw):
			name = "utf-8"
		default:
			name = "windows-1251"
		}
	}
	codecs := map[string]encoding.Encoding{
		"utf-16": uni.UTF16(uni.LittleEndian, uni.UseBOM), "windows-1251": charmap.Windows1251, "koi8-r": charmap.KOI8R,
	}
	if codec, ok := codecs[name]; ok {
		out, err := codec.NewDecoder().Bytes(raw)
		if err != nil {
			return "", fmt.Errorf("the file is not %s", name)
		}
		return string(out), nil
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if !utf8.Valid(raw) {
		return "", errors.New("the file is not utf-8")
	}
	return string(raw), nil
}

// delimiter returns the character that the first line has most of.
func delimiter(text, given string) rune {
	if given != "auto" {
		r, _ := utf8.DecodeRuneInString(given)
		return r
	}
	line, _, _ := strings.Cut(text, "\n")
	best, most := ',', 0
	for _, r := range []rune{';', ',', '\t', '|'} {
		if n := strings.Count(line, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

// index makes the list quick to ask.
func index(list []connectors.Candidate) *content {
	slices.SortFunc(list, func(a, b connectors.Candidate) int {
		return strings.Compare(a.Ref.Type+"\x00"+a.Ref.ID, b.Ref.Type+"\x00"+b.Ref.ID)
	})
	c := &content{list: list, tails: map[string][]int{}, at: map[connectors.Ref]int{}}
	for i, r := range list {
		c.at[r.Ref] = i
		c.names = append(c.names, strings.ToLower(strings.Join([]string{r.Name, r.Company, r.TaxID}, " ")))
		for _, p := range r.Phones {
			for _, t := range tailsOf(p.Raw) {
				if at := c.tails[t]; len(at) == 0 || at[len(at)-1] != i {
					c.tails[t] = append(at, i)
				}
			}
		}
	}
	return c
}

// tail is how many digits of a number's end are compared; the host compares the rest.
const tail = 7

// tailsOf returns the ends of the numbers in a field: it may hold several, and extensions behind a word.
func tailsOf(field string) []string {
	var out []string
	for _, one := range strings.FieldsFunc(field, func(r rune) bool { return r == ',' || r == ';' || r == '/' || r == '\n' || r == '|' }) {
		if i := strings.IndexFunc(one, unicode.IsLetter); i > 0 && number.Digits(one[:i]) != "" {
			one = one[:i]
		}
		if d := number.Digits(one); d != "" {
			out = append(out, d[max(0, len(d)-tail):])
		}
	}
	return out
}
