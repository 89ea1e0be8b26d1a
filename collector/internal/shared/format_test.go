package shared

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The example of docs/index-format.md.
func TestTheExampleOfTheFormat(t *testing.T) {
	const start = 1_764_192_600_000_000_000
	p := producer{
		high: 0x0102030405060708, low: 0x090a0b0c0d0e0f10,
		traceHigh: 0x4bf92f3577b34da6, traceLow: 0xa3ce929d0e0e4736, span: 0x00f067aa0ba902b7,
		start: start, end: start + 1_500_000, flags: 0x101, hint: 300, rank: 2,
	}
	assert.Equal(t, "6c696e6b6d656e643a323a0102030405060708090a0b0c0d0e0f10",
		hex.EncodeToString([]byte(key("linkmend", p.high, p.low))))
	value := p.member([]byte("a=b"))
	assert.Equal(t, "2b4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7187babd2965f700002ac028102e0c65b613d62",
		hex.EncodeToString(value))

	member, rest, ok := nextMember(value)
	assert.True(t, ok)
	assert.Empty(t, rest)
	read, state, ok := readMember(p.high, p.low, member)
	assert.True(t, ok)
	assert.Equal(t, p, read)
	assert.Equal(t, "a=b", string(state))
	assert.Equal(t, p, readProducer(p.append(nil)))
	for cut := range len(value) {
		_, _, ok := nextMember(value[:cut])
		assert.False(t, ok, cut)
	}
	for cut := range 39 {
		_, _, ok := readMember(p.high, p.low, member[:cut])
		assert.False(t, ok, cut)
	}
}

// Whatever the order in which producers come, and however often, the best are in the value,
// and it is short.
func TestTheBestAreKept(t *testing.T) {
	chance := rand.New(rand.NewPCG(14, 14))
	for range 300 {
		var value, all []byte
		for range chance.IntN(60) {
			var added []byte
			for range 1 + chance.IntN(20) {
				p := producer{start: chance.Uint64N(60), rank: uint8(chance.IntN(3)), end: 100}
				added = append(added, p.member(nil)...)
			}
			all = append(all, added...)
			if bytes, replaces := change(value, added); replaces {
				value = bytes
			} else {
				value = append(value, bytes...)
			}
			require.Equal(t, valueOf(best(all)), valueOf(best(value)))
			require.LessOrEqual(t, len(value), longValue)
			require.Empty(t, missing(value, added))
		}
	}
}

// Whatever stands in a store, or is put there by somebody else.
func FuzzValue(f *testing.F) {
	f.Add([]byte("\x01"), []byte{})
	one := producer{start: 1, end: 2}
	f.Add(one.member(nil), one.member([]byte("a=b")))
	f.Fuzz(func(t *testing.T, there, added []byte) {
		for _, m := range best(there, added) {
			p, state, ok := readMember(1, 2, m.member)
			require.True(t, ok)
			member, _, ok := nextMember(p.member(state))
			require.True(t, ok)
			again, _, ok := readMember(1, 2, member)
			require.True(t, ok)
			assert.Equal(t, p, again)
		}
		if bytes, replaces := change(there, added); replaces {
			assert.Equal(t, valueOf(best(there, added)), valueOf(best(bytes)))
		}
	})
}
