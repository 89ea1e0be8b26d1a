package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"
)

// Blocks are how bytes go in and out: the kernel allocates those that come in, and
// what it answers with is to be read before it is called again. Two numbers that tell
// where a block is come as one, the address in its upper half.

var errPastEnd = errors.New("it answers with a range that reaches past the end of its memory")

// put copies bytes into a block of the kernel.
func (k *Kernel) put(ctx context.Context, allocate api.Function, content []byte) (at uint64, err error) {
	if len(content) > math.MaxUint32 {
		return 0, fmt.Errorf("%d bytes are more than the kernel can be given", len(content))
	}
	results, err := allocate.Call(ctx, uint64(len(content)))
	if err != nil {
		return 0, err
	}
	if !k.memory.Write(api.DecodeU32(results[0]), content) {
		return 0, errPastEnd
	}
	return results[0], nil
}

// callWith calls an export that takes a block, and what follows it.
func (k *Kernel) callWith(ctx context.Context, f api.Function, content []byte, more ...uint64) ([]byte, error) {
	at, err := k.put(ctx, k.allocate, content)
	if err != nil {
		return nil, err
	}
	return k.call(ctx, f, append([]uint64{at, uint64(len(content))}, more...)...)
}

// call calls an export, and copies the block that it answers with.
func (k *Kernel) call(ctx context.Context, f api.Function, arguments ...uint64) ([]byte, error) {
	results, err := f.Call(ctx, arguments...)
	if err != nil || len(results) == 0 || results[0] == 0 {
		return nil, err
	}
	block, err := k.view(results[0])
	return bytes.Clone(block), err
}

// view is a block where it lies: good until the kernel is called again.
func (k *Kernel) view(block uint64) ([]byte, error) {
	content, ok := k.memory.Read(uint32(block>>32), uint32(block))
	if !ok {
		return nil, errPastEnd
	}
	return content, nil
}
