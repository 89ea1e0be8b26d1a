package shared

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The example of docs/index-format.md.
func TestTheExampleOfTheFormat(t *testing.T) {
	const start = 1_764_192_600_000_000_000
	p := producer{
		high: 0x0102030405060708, low: 0x090a0b0c0d0e0f10,
		traceHigh: 0x4bf92f3577b34da6, traceLow: 0xa3ce929d0e0e4736, span: 0x00f067aa0ba902b7,
		start: start, end: start + 1_500_000, flags: 0x101, hint: 300, rank: 2,
	}
	assert.Equal(t, "6c696e6b6d656e643a313a0102030405060708090a0b0c0d0e0f10",
		hex.EncodeToString([]byte(key("linkmend", p.high, p.low))))
	member := p.member([]byte("a=b"))
	assert.Equal(t, "014bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7187babd2965f700002ac028102e0c65b613d62",
		hex.EncodeToString([]byte(member)))
	assert.InDelta(t, 102_188_185_922_868, p.score(), 0)

	read, state, ok := readMember(p.high, p.low, []byte(member))
	assert.True(t, ok)
	assert.Equal(t, p, read)
	assert.Equal(t, "a=b", string(state))
	assert.Equal(t, p, readProducer(p.append(nil)))
	for cut := range 37 {
		_, _, ok := readMember(p.high, p.low, []byte(member[:cut]))
		assert.False(t, ok, cut)
	}
}

// Whatever stands in a store, or is put there by somebody else.
func FuzzReadMember(f *testing.F) {
	f.Add([]byte("\x01"))
	f.Fuzz(func(t *testing.T, member []byte) {
		if p, state, ok := readMember(1, 2, member); ok {
			again, _, ok := readMember(1, 2, []byte(p.member(state)))
			assert.True(t, ok)
			assert.Equal(t, p, again)
		}
	})
}
