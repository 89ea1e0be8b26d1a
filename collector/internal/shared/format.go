package shared

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"
)

// What stands in the store, byte for byte: docs/index-format.md.

const (
	version = ":2:"
	// longestTraceState is that of a trace state that is kept.
	longestTraceState = 512
	// mostOfAKey is how many producers of a message are kept.
	mostOfAKey = 17
	// A value that is longer is made short again by whoever adds to it, if that makes it
	// half as long at least.
	longValue = 2 << 10
	sizeOfKey = 16
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

// member is the producer as a member of the value of its message, with its length: the
// same producer has the same bytes, whoever writes it.
func (p *producer) member(state []byte) []byte {
	m := make([]byte, 0, 64+len(state))
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
	return append(binary.AppendUvarint(make([]byte, 0, len(m)+2), uint64(len(m))), m...)
}

// nextMember takes the first member off a value, without its length; there is none in what
// is cut off at the end.
func nextMember(value []byte) (member, rest []byte, ok bool) {
	length, size := binary.Uvarint(value)
	if size <= 0 || length > uint64(len(value)-size) {
		return nil, nil, false
	}
	return value[size:][:length], value[size:][length:], true
}

// readMember is what a member says; not ok when it is none.
func readMember(high, low uint64, m []byte) (p producer, state []byte, ok bool) {
	const fixed = 4*8 + 1
	if len(m) < fixed {
		return p, nil, false
	}
	word := binary.BigEndian.Uint64
	p = producer{
		high: high, low: low,
		traceHigh: word(m), traceLow: word(m[8:]), span: word(m[16:]), start: word(m[24:]), rank: m[32],
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

// ranked is a member, and what it is ordered by.
type ranked struct {
	rank   uint8
	start  uint64
	member []byte
}

// best are the best members of some values, each of them once, and no more than are kept:
// by rank, and then the latest start.
func best(values ...[]byte) []ranked {
	var all []ranked
	for _, value := range values {
		for member, rest, ok := nextMember(value); ok; member, rest, ok = nextMember(rest) {
			if p, _, ok := readMember(0, 0, member); ok {
				all = append(all, ranked{p.rank, p.start, member})
			}
		}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.start, a.start), bytes.Compare(a.member, b.member))
	})
	all = slices.CompactFunc(all, func(a, b ranked) bool { return bytes.Equal(a.member, b.member) })
	return all[:min(len(all), mostOfAKey)]
}

func valueOf(members []ranked) (value []byte) {
	for _, m := range members {
		value = append(binary.AppendUvarint(value, uint64(len(m.member))), m.member...)
	}
	return value
}

// missing are those of the best of two values that are not in the first one.
func missing(there, added []byte) []byte {
	isThere := map[string]bool{}
	for member, rest, ok := nextMember(there); ok; member, rest, ok = nextMember(rest) {
		isThere[string(member)] = true
	}
	members := slices.DeleteFunc(best(there, added), func(m ranked) bool { return isThere[string(m.member)] })
	return valueOf(members)
}

// change says what has to be done to a value so that what is added is in it, as far as it is
// among the best: bytes are to be appended to it, or to take its place.
func change(there, added []byte) (missed []byte, replaces bool) {
	missed = missing(there, added)
	if whole := len(there) + len(missed); len(missed) > 0 && whole > longValue {
		if short := valueOf(best(there, added)); len(short) <= whole/2 {
			return short, true
		}
	}
	return missed, false
}
