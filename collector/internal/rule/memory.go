package rule

import "github.com/tetratelabs/wazero/experimental"

// memory is the linear memory of one instance, and grants no more than its limit.
type memory struct {
	bytes   []byte
	limit   uint64
	shown   uint64 // what the call that is under way brings: there is room for that besides
	refused bool
}

// Allocate implements experimental.MemoryAllocator.
func (m *memory) Allocate(capacity, _ uint64) experimental.LinearMemory {
	m.bytes = make([]byte, 0, min(capacity, m.limit))
	return m
}

// Reallocate implements experimental.LinearMemory: nil refuses.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit+m.shown {
		m.refused = true
		return nil
	}
	if size > uint64(cap(m.bytes)) {
		// Twice as much, so that memory that grows page by page is not copied for each.
		grown := make([]byte, size, min(max(size, 2*uint64(cap(m.bytes))), m.limit+m.shown))
		copy(grown, m.bytes)
		m.bytes = grown
	}
	m.bytes = m.bytes[:size]
	return m.bytes
}

// Free implements experimental.LinearMemory.
func (m *memory) Free() { m.bytes = nil }
