package phoneindex

import "sync/atomic"

// table finds slots by keys of 32 bits, several slots of one key among them: open addressing with linear probing. One goroutine
// changes it, any may read it at the same time, without locks; a reader sees every pair that is there throughout.
type table struct {
	cells atomic.Pointer[[]atomic.Uint64]
	used  int // cells that are not empty, removed ones among them
	live  int
}

// A cell is empty, removed, or a key above a slot counted from 1.
const (
	emptyCell   = 0
	removedCell = 1<<64 - 1
)

const minCells = 64

func newTable() *table {
	t := &table{}
	cells := make([]atomic.Uint64, minCells)
	t.cells.Store(&cells)
	return t
}

// start is where the search for a key begins: Fibonacci hashing, scaled to any number of cells.
func start(key uint32, cells int) int {
	h := uint64(key) * 0x9E3779B97F4A7C15 >> 32
	return int(h * uint64(cells) >> 32) //nolint:gosec // below cells
}

// each calls f for the slots of a key until f returns false.
func (t *table) each(key uint32, f func(slot uint32) bool) {
	cells := *t.cells.Load()
	for i := start(key, len(cells)); ; {
		c := cells[i].Load()
		if c == emptyCell || c != removedCell && uint32(c>>32) == key && !f(uint32(c)-1) {
			return
		}
		if i++; i == len(cells) {
			i = 0
		}
	}
}

// add adds a pair that is not there yet. It reports false when the key has maxSlots slots already.
func (t *table) add(key, slot uint32, maxSlots int) bool {
	if cells := len(*t.cells.Load()); t.used >= cells/5*4 {
		t.rebuild(max(minCells, t.live*8/5))
	}
	cells := *t.cells.Load()
	pair := uint64(key)<<32 | uint64(slot+1)
	free, same := -1, 0
	for i := start(key, len(cells)); ; {
		switch c := cells[i].Load(); {
		case c == pair:
			return true
		case c == removedCell:
			if free < 0 {
				free = i
			}
		case c == emptyCell:
			if free < 0 {
				free = i
				t.used++
			}
			t.live++
			cells[free].Store(pair)
			return true
		case uint32(c>>32) == key:
			if same++; same == maxSlots {
				return false
			}
		}
		if i++; i == len(cells) {
			i = 0
		}
	}
}

// remove removes a pair, if it is there.
func (t *table) remove(key, slot uint32) {
	cells := *t.cells.Load()
	pair := uint64(key)<<32 | uint64(slot+1)
	for i := start(key, len(cells)); ; {
		switch cells[i].Load() {
		case emptyCell:
			return
		case pair:
			cells[i].Store(removedCell)
			t.live--
			return
		}
		if i++; i == len(cells) {
			i = 0
		}
	}
}

// rebuild makes cells anew, without the removed ones.
func (t *table) rebuild(size int) {
	old := *t.cells.Load()
	cells := make([]atomic.Uint64, size)
	for o := range old {
		c := old[o].Load()
		if c == emptyCell || c == removedCell {
			continue
		}
		i := start(uint32(c>>32), size)
		for cells[i].Load() != emptyCell {
			if i++; i == size {
				i = 0
			}
		}
		cells[i].Store(c)
	}
	t.cells.Store(&cells)
	t.used = t.live
}
