package onecsim

import (
	"encoding/base64"
	bin "encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Writing, as probes of a real base show it (P8, P9) and clients of real bases do it. 1C accepts more than it should: an unknown field
// is ignored, a text that is too long is cut, a reference to nothing is stored, a stale If-Match is no obstacle, and fill checks do not
// run. What no source tells: the lengths of texts (Set.Sizes is ours), and that a Ref_Key of the client's is ignored.

// maxBody is more than any record here.
const maxBody = 1 << 20

// write makes or changes a record and answers with the whole of it.
func (s *Sim) write(header http.Header, r *http.Request, set *Set, key string, o options, root string) (status int, body []byte, contentType string, p *problem) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	var in map[string]any
	if err != nil || json.Unmarshal(raw, &in) != nil {
		return 0, nil, "", &problem{http.StatusBadRequest, "1", "Ошибка при разборе тела запроса"}
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return 0, nil, "", &problem{http.StatusBadRequest, "1", "Ошибка при разборе тела запроса"} // else the body is read as Atom (P8)
	}
	var row Row
	status = http.StatusOK
	switch {
	case r.Method == http.MethodPost && key == "":
		s.made++
		row, status = Row{"Ref_Key": NewGUID("made", fmt.Sprint(s.made))}, http.StatusCreated
	case r.Method == http.MethodPatch && key != "":
		if row = s.o.Base.byKey(set.Name, key); row == nil {
			return 0, nil, "", &problem{http.StatusNotFound, "9", "Экземпляр сущности не найден"}
		}
	default:
		return 0, nil, "", &problem{http.StatusMethodNotAllowed, "6", "Метод не найден"}
	}
	changed := Row{}
	for name, value := range row {
		changed[name] = value
	}
	if p := set.assign(changed, in); p != nil {
		return 0, nil, "", p
	}
	if s.o.Handler != nil { // ПриЗаписи: the configuration's own code may refuse (P9)
		if refusal := s.o.Handler(set.Name, changed); refusal != "" {
			return 0, nil, "", &problem{http.StatusInternalServerError, "-1", refusal}
		}
	}
	s.versions++
	changed["DataVersion"] = base64.StdEncoding.EncodeToString(bin.BigEndian.AppendUint64(nil, s.versions))
	if status == http.StatusCreated {
		if _, dated := set.field("Date"); dated && changed["Date"] == nil {
			changed["Date"] = time.Now().Format("2006-01-02T15:04:05")
		}
		set.rows = append(set.rows, changed)
		header.Set("Location", fmt.Sprintf("%s%s(guid'%s')", root, url.PathEscape(set.Name), changed["Ref_Key"]))
	} else {
		for name, value := range changed {
			row[name] = value
		}
	}
	if !o.json {
		return status, s.o.Base.atom(set, []Row{changed}, root), "application/atom+xml;type=entry;charset=utf-8", nil
	}
	meta := root + "$metadata#" + set.Name + "/@Element"
	return status, s.o.Base.entity(set, changed, selection{all: true}, meta), jsonType, nil
}

var wholeDate = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`)

// assign takes over the fields of a body: partially, silently.
func (set *Set) assign(row Row, in map[string]any) *problem {
	for name, value := range in {
		if part := set.part(name); part != nil {
			lines, p := part.read(row, value)
			if p != nil {
				return p
			}
			row[name] = lines // replaced entirely (P8)
			continue
		}
		f, known := set.field(name)
		if !known || name == "Ref_Key" || name == "DataVersion" {
			continue // ignored, and 200 (P8)
		}
		v, p := f.read(value, set.Sizes[name])
		if p != nil {
			return p
		}
		row[name] = v
	}
	return nil
}

// read reads a field's value; a text that is longer than the base keeps is cut (P8).
func (f Field) read(value any, size int) (any, *problem) {
	bad := &problem{http.StatusBadRequest, "1", fmt.Sprintf("Не удалось разобрать строку '%v' как значение типа %s!", value, f.Type)}
	switch f.Type {
	case Boolean:
		if b, ok := value.(bool); ok {
			return b, nil
		}
		return nil, bad
	case Int64:
		switch n := value.(type) {
		case float64:
			return int(n), nil
		case string:
			var i int
			if _, err := fmt.Sscan(n, &i); err == nil {
				return i, nil
			}
		}
		return nil, bad
	}
	text, ok := value.(string)
	switch {
	case !ok && value != nil,
		f.Type == GUID && !guidForm.MatchString(text),
		f.Type == DateTime && !wholeDate.MatchString(text): // a zone is no part of it
		return nil, bad
	}
	if r := []rune(text); size > 0 && len(r) > size {
		text = string(r[:size])
	}
	return text, nil
}

// read reads the lines of a tabular part, which must be numbered from 1 without a gap (P8: a missing LineNumber is a 500).
func (p *Part) read(row Row, value any) ([]Row, *problem) {
	list, ok := value.([]any)
	if !ok {
		return nil, &problem{http.StatusBadRequest, "1", "Ошибка при разборе тела запроса"}
	}
	set := p.asSet()
	var out []Row
	for i, v := range list {
		in, _ := v.(map[string]any)
		if fmt.Sprint(in["LineNumber"]) != fmt.Sprint(i+1) {
			return nil, &problem{http.StatusInternalServerError, "-1", "Неверный номер строки табличной части"}
		}
		line := Row{}
		if p := set.assign(line, in); p != nil {
			return nil, p
		}
		line["Ref_Key"], line["LineNumber"] = row["Ref_Key"], i+1
		out = append(out, line)
	}
	return out, nil
}

// Written returns copies of the rows of a set, also while the simulator serves.
func (s *Sim) Written(set string) []Row {
	s.base.RLock()
	defer s.base.RUnlock()
	var out []Row
	for _, r := range s.o.Base.Rows(set) {
		own := Row{}
		for name, value := range r {
			own[name] = value
		}
		out = append(out, own)
	}
	return out
}

// Insert adds a row, as somebody who works in the base does while the simulator serves.
func (s *Sim) Insert(set string, row Row) {
	s.base.Lock()
	defer s.base.Unlock()
	s.o.Base.Add(set, row)
}

// Mark marks a row for deletion, as somebody who works in the base does while the simulator serves.
func (s *Sim) Mark(set, key string) {
	s.base.Lock()
	defer s.base.Unlock()
	if row := s.o.Base.byKey(set, key); row != nil {
		row["DeletionMark"] = true
	}
}
