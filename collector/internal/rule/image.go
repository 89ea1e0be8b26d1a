package rule

import (
	"context"
	"encoding/binary"
)

// image is the argument of a rule of the world span-rule, laid out by the kernel in
// pieces: blocks, each of which the rule allocates, and places in them where the
// addresses of others go. The first block is the arguments themselves.
type image struct {
	blocks []imageBlock
	fixups []imageFixup
}

type imageBlock struct {
	align   uint32
	content []byte
}

type imageFixup struct{ block, offset, target uint32 }

const (
	sizeOfBlockHead = 8
	sizeOfFixup     = 12
	flatArguments   = 16
)

// readImage reads what the kernel lays out: it is ours, and yet nothing is taken on
// trust that would be a panic here.
func readImage(bytes []byte) (*image, bool) {
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(bytes[at:]) }
	if len(bytes) < 8 {
		return nil, false
	}
	blocks, fixups := uint64(word(0)), uint64(word(4))
	heads := 8 + blocks*sizeOfBlockHead + fixups*sizeOfFixup
	if blocks == 0 || heads > uint64(len(bytes)) {
		return nil, false
	}
	read := &image{blocks: make([]imageBlock, blocks), fixups: make([]imageFixup, fixups)}
	at, rest := 8, bytes[heads:]
	for n := range read.blocks {
		length := uint64(word(at + 4))
		if length > uint64(len(rest)) {
			return nil, false
		}
		read.blocks[n] = imageBlock{align: max(word(at), 1), content: rest[:length]}
		rest = rest[length:]
		at += sizeOfBlockHead
	}
	for n := range read.fixups {
		f := imageFixup{word(at), word(at + 4), word(at + 8)}
		if uint64(f.block) >= blocks || uint64(f.target) >= blocks ||
			uint64(f.offset)+4 > uint64(len(read.blocks[f.block].content)) {
			return nil, false
		}
		read.fixups[n] = f
		at += sizeOfFixup
	}
	return read, len(read.blocks[0].content) == flatArguments
}

// ProcessImage shows records to a rule of the world span-rule.
func (i *Instance) ProcessImage(
	ctx context.Context, index Index, tasks Tasks, take func(*Verdict), laid []byte,
) error {
	read, ok := readImage(laid)
	if !ok {
		return unfit("the records that it is to be shown are not laid out as they should be")
	}
	return i.process(ctx, index, 0, take, func() []uint64 { return i.lower(tasks, read) })
}

// lower copies an image into the memory of the rule.
func (i *Instance) lower(tasks Tasks, from *image) []uint64 {
	flat := append([]byte(nil), from.blocks[0].content...)
	addresses := make([]uint32, len(from.blocks))
	for n, block := range from.blocks[1:] {
		addresses[n+1] = i.put(block.content, block.align).at
	}
	// An empty list has an address, too: that of nothing.
	for _, f := range from.fixups {
		if f.block == 0 {
			binary.LittleEndian.PutUint32(flat[f.offset:], addresses[f.target])
			continue
		}
		if at := i.host.bytes(addresses[f.block]+f.offset, 4, 4); i.host.fault == nil {
			binary.LittleEndian.PutUint32(at, addresses[f.target])
		}
	}
	arguments := []uint64{uint64(tasks)}
	for at := 0; at < flatArguments; at += 4 {
		arguments = append(arguments, uint64(binary.LittleEndian.Uint32(flat[at:])))
	}
	return arguments
}
