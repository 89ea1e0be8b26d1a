package rule

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"
)

// This file is the canonical ABI of the component model, as far as the interface
// linkmend:rule takes it: where the fields of its records lie, and what the host has
// to check of them. Offsets follow from wit/rule.wit; a test compares them with what
// the tools make of it.

// list is a range of the memory of a rule: a list or a string.
type list struct{ at, length uint32 }

// Sizes of the records of a verdict, in the order in which it lists them: edits,
// attributes, notes, deferrals, keys, texts, explanations.
var verdictSizes = [VerdictLists]uint32{64, 32, 12, 12, 16, 1, 12}

// Alignments of these records.
var verdictAligns = [VerdictLists]uint32{8, 8, 4, 4, 8, 1, 4}

// VerdictLists is how many lists a verdict has.
const VerdictLists = 7

const (
	sizeOfList     = 8
	sizeOfAbout    = 3 * sizeOfList
	sizeOfSelector = 24
	sizeOfPlan     = 48
	sizeOfVerdict  = VerdictLists * sizeOfList
	sizeOfRecalled = 3 * sizeOfList
	sizeOfKey      = 16
	sizeOfProducer = 72
	// padding is where a producer ends and its last byte follows.
	padding = 71
	// payload is where the value of a result begins, all of ours are aligned to four.
	payload     = 4
	sizeOfError = 2
	numberSize  = 8
)

// Numbers of a producer and of a key that is looked up, where they come as numbers.
const (
	numbersOfProducer = sizeOfProducer / numberSize
	numbersOfKey      = 3
)

// guest reads and writes the memory of an instance; after the first range that does
// not fit it reads nothing more. A view of the memory is good until the next call of
// the rule.
type guest struct {
	memory api.Memory
	fault  *Fault
}

// bytes is a view of some of the memory, at an address of that alignment.
func (g *guest) bytes(at, length, align uint32) []byte {
	if g.fault != nil {
		return nil
	}
	if at%align != 0 {
		g.fault = unfit("a pointer is not aligned (%#x)", at)
		return nil
	}
	bytes, ok := g.memory.Read(at, length)
	if !ok {
		g.fault = unfit("a range reaches past the end of its memory (%d bytes from %#x on)", length, at)
	}
	return bytes
}

// items is a view of a list of records.
func (g *guest) items(l list, size, align uint32) []byte {
	bytes := uint64(l.length) * uint64(size)
	if l.length == 0 {
		return nil
	}
	if bytes > math.MaxUint32 {
		if g.fault == nil {
			g.fault = unfit("a list reaches past the end of its memory (%d items)", l.length)
		}
		return nil
	}
	return g.bytes(l.at, uint32(bytes), align)
}

func (g *guest) list(record []byte, at uint32) list {
	if g.fault != nil {
		return list{}
	}
	return list{
		at:     binary.LittleEndian.Uint32(record[at:]),
		length: binary.LittleEndian.Uint32(record[at+4:]),
	}
}

func (g *guest) text(l list) string {
	text := string(g.items(l, 1, 1))
	if g.fault == nil && !utf8.ValidString(text) {
		g.fault = unfit("a text is not UTF-8")
	}
	return text
}

func (g *guest) texts(l list) []string {
	records := g.items(l, sizeOfList, 4)
	texts := make([]string, 0, len(records)/sizeOfList)
	for at := 0; at < len(records) && g.fault == nil; at += sizeOfList {
		texts = append(texts, g.text(g.list(records, uint32(at))))
	}
	return texts
}

// result tells whether a result is a success, and where its value lies.
func (g *guest) result(at, size uint32) (ok bool, value []byte) {
	record := g.bytes(at, payload+size, 4)
	if g.fault != nil {
		return false, nil
	}
	if record[0] > 1 {
		g.fault = unfit("a result is neither a success nor an error (%d)", record[0])
	}
	return record[0] == 0, record[payload:]
}

func (g *guest) about(at uint32) About {
	record := g.bytes(at, sizeOfAbout, 4)
	return About{
		Name:    g.text(g.list(record, 0)),
		Version: g.text(g.list(record, 8)),
		Summary: g.text(g.list(record, 16)),
	}
}

// plan reads the answer of configure.
func (g *guest) plan(at uint32) (plan *Plan, refusal string) {
	ok, record := g.result(at, sizeOfPlan)
	if g.fault != nil {
		return nil, ""
	}
	if !ok {
		return nil, g.text(g.list(record, 0))
	}
	kinds := record[0] & (1<<6 - 1)
	return &Plan{
		Selector: Selector{
			Kinds:             uint32(kinds),
			AttributeKeys:     g.texts(g.list(record, 4)),
			AttributePrefixes: g.texts(g.list(record, 12)),
			WithLinks:         record[20] != 0,
		},
		UsesIndex:     record[sizeOfSelector] != 0,
		TypeAttribute: g.text(g.list(record, sizeOfSelector+4)),
		CountAllDrops: record[sizeOfSelector+12] != 0,
		Reads:         g.texts(g.list(record, sizeOfSelector+16)),
	}, ""
}

// verdict reads the answer of process: views of its lists.
func (g *guest) verdict(at uint32) (lists [VerdictLists][]byte, refusal *string) {
	ok, record := g.result(at, sizeOfVerdict)
	if g.fault != nil {
		return lists, nil
	}
	if !ok {
		text := g.text(g.list(record, 0))
		return lists, &text
	}
	for n := range lists {
		lists[n] = g.items(g.list(record, uint32(n)*sizeOfList), verdictSizes[n], verdictAligns[n])
	}
	return lists, nil
}

// messages reads the argument of index.hash, and lays it out as the kernel takes it:
// for each message the number of its parts, and each part behind its length.
func (g *guest) messages(l list) []byte {
	records := g.items(l, sizeOfList, 4)
	var laid []byte
	for at := 0; at < len(records) && g.fault == nil; at += sizeOfList {
		parts := g.texts(g.list(records, uint32(at)))
		laid = binary.LittleEndian.AppendUint32(laid, uint32(len(parts)))
		for _, part := range parts {
			laid = binary.LittleEndian.AppendUint32(laid, uint32(len(part)))
			laid = append(laid, part...)
		}
	}
	return laid
}

// putError writes the result of a function of the index that failed.
func (g *guest) putError(at uint32, status Status) {
	if record := g.bytes(at, sizeOfError, 1); g.fault == nil {
		record[0], record[1] = 1, byte(status-1)
	}
}

// putDone writes the result of index.remember.
func (g *guest) putDone(at uint32) {
	if record := g.bytes(at, sizeOfError, 1); g.fault == nil {
		record[0] = 0
	}
}

// putLists writes lists one behind the other.
func (g *guest) putLists(at uint32, lists ...list) {
	record := g.bytes(at, uint32(len(lists))*sizeOfList, 4)
	if g.fault != nil {
		return
	}
	for n, l := range lists {
		binary.LittleEndian.PutUint32(record[n*sizeOfList:], l.at)
		binary.LittleEndian.PutUint32(record[n*sizeOfList+4:], l.length)
	}
}
