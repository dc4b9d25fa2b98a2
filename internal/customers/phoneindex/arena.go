package phoneindex

import (
	"encoding/binary"
	"sync/atomic"
)

// arena keeps records, each behind its length. Places are in units of four bytes, from 1.
type arena struct {
	chunks atomic.Pointer[[][]byte]
	fill   int   // of the last chunk
	live   []int // bytes of each chunk that are no garbage
	dead   int   // bytes of garbage in all
}

const (
	chunkSize = 1 << 20
	unit      = 4
	perChunk  = chunkSize / unit
)

func (a *arena) init() {
	chunks := [][]byte{make([]byte, chunkSize)}
	a.chunks.Store(&chunks)
	a.fill, a.live = unit, []int{0}
}

func (a *arena) read(place uint32) []byte {
	chunks := *a.chunks.Load()
	if place == 0 || int(place/perChunk) >= len(chunks) {
		return nil
	}
	chunk := chunks[place/perChunk]
	if chunk == nil {
		return nil
	}
	b := chunk[place%perChunk*unit:]
	n, head := binary.Uvarint(b)
	if head <= 0 || n > uint64(len(b)-head) {
		return nil
	}
	return b[head : head+int(n) : head+int(n)] //nolint:gosec // below len(b)
}

func sizeOf(record []byte) int {
	n := len(binary.AppendUvarint(nil, uint64(len(record)))) + len(record)
	return (n + unit - 1) / unit * unit
}

func (a *arena) write(record []byte) uint32 {
	size := sizeOf(record)
	if a.fill+size > chunkSize {
		chunks := append(append([][]byte{}, *a.chunks.Load()...), make([]byte, chunkSize))
		a.chunks.Store(&chunks)
		a.live = append(a.live, 0)
		a.fill = 0
	}
	chunks := *a.chunks.Load()
	last := len(chunks) - 1
	place := uint32(last*perChunk + a.fill/unit) //nolint:gosec // 16 GB of records are more than the memory
	b := chunks[last][a.fill:a.fill:chunkSize]
	b = binary.AppendUvarint(b, uint64(len(record)))
	_ = append(b, record...) // in place
	a.fill += size
	a.live[last] += size
	return place
}

func (a *arena) release(place uint32) {
	size := sizeOf(a.read(place))
	a.live[place/perChunk] -= size
	a.dead += size
}

func (a *arena) size() int {
	n := 0
	for _, c := range *a.chunks.Load() {
		n += len(c)
	}
	return n
}

// maxDead is how much garbage is not worth sweeping.
const maxDead = 4 << 20

// sweep moves the records out of chunks that are largely garbage, when a quarter of all is.
func (a *arena) sweep(x *Index) {
	if a.dead < maxDead || a.dead < a.size()/4 {
		return
	}
	chunks := *a.chunks.Load()
	sparse := make([]bool, len(chunks))
	for i, c := range chunks[:len(chunks)-1] {
		sparse[i] = c != nil && a.live[i] < chunkSize*7/8
	}
	for i := range x.slotCount {
		s := x.slot(i)
		if at := s.record.Load(); at != 0 && sparse[at/perChunk] {
			s.record.Store(a.write(a.read(at)))
		}
	}
	swept := append([][]byte{}, *a.chunks.Load()...)
	for i, is := range sparse {
		if is {
			a.dead -= chunkSize - a.live[i]
			swept[i], a.live[i] = nil, 0
		}
	}
	a.dead = max(0, a.dead)
	a.chunks.Store(&swept)
}
