package phoneindex

import (
	"encoding/binary"
	"sync/atomic"
)

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
