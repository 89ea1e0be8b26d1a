package shared

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// What stands in the store, byte for byte: docs/index-format.md.

const (
	version = ":1:"
	layout  = 1
	// longestTraceState is that of a trace state that is kept.
	longestTraceState = 512
	// mostOfAKey is how many producers of a message are kept.
	mostOfAKey = 17
	timeBits   = 45
	sizeOfKey  = 16
	// sizeOfProducer is that of a producer in the kernel's ABI, little-endian: nine
	// numbers, see wit/rule.wit, index.remember-numbers.
	sizeOfProducer = 72
)

// producer is a span that produced a message.
type producer struct {
	high, low           uint64
	traceHigh, traceLow uint64
	span, start, end    uint64
	stateAt, stateLen   uint32
	flags               uint32
	hint                uint16
	rank                uint8
}

func readProducer(b []byte) producer {
	word, half := binary.LittleEndian.Uint64, binary.LittleEndian.Uint32
	return producer{
		high: word(b), low: word(b[8:]),
		traceHigh: word(b[16:]), traceLow: word(b[24:]),
		span: word(b[32:]), start: word(b[40:]), end: word(b[48:]),
		stateAt: half(b[56:]), stateLen: half(b[60:]),
		flags: half(b[64:]), hint: binary.LittleEndian.Uint16(b[68:]), rank: b[70],
	}
}

func (p *producer) append(to []byte) []byte {
	for _, number := range []uint64{p.high, p.low, p.traceHigh, p.traceLow, p.span, p.start, p.end} {
		to = binary.LittleEndian.AppendUint64(to, number)
	}
	to = binary.LittleEndian.AppendUint32(to, p.stateAt)
	to = binary.LittleEndian.AppendUint32(to, p.stateLen)
	to = binary.LittleEndian.AppendUint32(to, p.flags)
	to = binary.LittleEndian.AppendUint16(to, p.hint)
	return append(to, p.rank, 0)
}

// key is the key of a message.
func key(prefix string, high, low uint64) string {
	name := append([]byte(prefix), version...)
	name = binary.BigEndian.AppendUint64(name, high)
	return string(binary.BigEndian.AppendUint64(name, low))
}

// score says in which order the producers of a message stand: by rank, and then the
// latest start. A whole number below 2^53.
func (p *producer) score() float64 {
	earliestLast := uint64(1)<<timeBits - 1 - p.start>>(64-timeBits)
	return float64(uint64(p.rank)<<timeBits | earliestLast)
}

// member is the producer as a member of the set of its message: the same producer has
// the same bytes, whoever writes it.
func (p *producer) member(state []byte) string {
	m := make([]byte, 0, 64+len(state))
	m = append(m, layout)
	for _, number := range []uint64{p.traceHigh, p.traceLow, p.span, p.start} {
		m = binary.BigEndian.AppendUint64(m, number)
	}
	m = append(m, p.rank)
	m = binary.AppendUvarint(m, uint64(p.hint))
	m = binary.AppendUvarint(m, uint64(p.flags))
	m = binary.AppendUvarint(m, p.end-p.start)
	if len(state) <= longestTraceState {
		m = append(m, state...)
	}
	return string(m)
}

// readMember is what a member says; not ok when it is of a layout that is not known.
func readMember(high, low uint64, m []byte) (p producer, state []byte, ok bool) {
	const fixed = 1 + 4*8 + 1
	if len(m) < fixed || m[0] != layout {
		return p, nil, false
	}
	word := binary.BigEndian.Uint64
	p = producer{
		high: high, low: low,
		traceHigh: word(m[1:]), traceLow: word(m[9:]), span: word(m[17:]), start: word(m[25:]), rank: m[33],
	}
	rest := m[fixed:]
	var numbers [3]uint64
	for n := range numbers {
		number, length := binary.Uvarint(rest)
		if length <= 0 {
			return p, nil, false
		}
		numbers[n], rest = number, rest[length:]
	}
	if numbers[0] > math.MaxUint16 || numbers[1] > math.MaxUint32 || len(rest) > longestTraceState || !utf8.Valid(rest) {
		return p, nil, false
	}
	p.hint, p.flags, p.end = uint16(numbers[0]), uint32(numbers[1]), p.start+numbers[2]
	return p, rest, true
}
