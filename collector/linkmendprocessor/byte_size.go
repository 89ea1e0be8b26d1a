package linkmendprocessor

import (
	"encoding"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// ByteSize is a number of bytes, as 67108864 or as 64MiB.
type ByteSize uint64

var _ encoding.TextUnmarshaler = (*ByteSize)(nil)

// units are those of `linkmend run`; the longest are looked for first.
var units = []struct {
	name  string
	bytes uint64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1},
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *ByteSize) UnmarshalText(text []byte) error {
	number, unit := strings.TrimSpace(string(text)), uint64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	count, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no number of bytes, like 67108864 or 64MiB", text)
	}
	high, bytes := bits.Mul64(count, unit)
	if high != 0 || bytes > math.MaxInt64 {
		return fmt.Errorf("%q is more bytes than there are", text)
	}
	*s = ByteSize(bytes)
	return nil
}

// String is the size as it would be written.
func (s ByteSize) String() string {
	if s > 0 && s%(1<<20) == 0 {
		return strconv.FormatUint(uint64(s>>20), 10) + "MiB"
	}
	return strconv.FormatUint(uint64(s), 10)
}
