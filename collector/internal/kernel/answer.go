package kernel

import (
	"encoding/binary"
	"errors"
)

// Status is what became of a batch.
type Status uint32

// What becomes of a batch.
const (
	// Unchanged is for a batch that stays as it is.
	Unchanged Status = 0
	// Changed is for a batch of which something changes.
	Changed Status = 1
	// Dropped is for a batch that is dropped, since a rule failed (on_error: drop).
	Dropped Status = 2
	// Rejected is for a batch whose sender is to try again (on_error: reject).
	Rejected Status = 3
	// NotWellFormed is for a batch that is none.
	NotWellFormed Status = 4
)

// Answer is what the kernel makes of a batch.
type Answer struct {
	Status Status
	// Changed are the places of spans whose links change, among those of the batch.
	Changed []uint32
	// Held are the places of spans that are taken out.
	Held []uint32
	// Links is OTLP: a span for each that changes, with the links it has from now on.
	Links []byte
	// Text says why a batch is rejected.
	Text string
	// Overflow are batches of held spans that had to make room, as OTLP.
	Overflow [][]byte
}

var errAnswer = errors.New("the kernel answers with less than it says")

// readAnswer reads the block of an answer.
func readAnswer(block []byte) (*Answer, error) {
	r := reader{rest: block}
	answer := &Answer{Status: Status(r.word())}
	changed, held, overflow, links, text := r.word(), r.word(), r.word(), r.word(), r.word()
	answer.Changed = r.words(changed)
	answer.Held = r.words(held)
	answer.Links = r.bytes(links)
	answer.Text = string(r.bytes(text))
	for range overflow {
		if r.isShort {
			break
		}
		answer.Overflow = append(answer.Overflow, r.bytes(r.word()))
	}
	if r.isShort {
		return nil, errAnswer
	}
	return answer, nil
}

// reader reads words and bytes; after what is not there it reads nothing.
type reader struct {
	rest    []byte
	isShort bool
}

func (r *reader) bytes(length uint32) []byte {
	if uint64(length) > uint64(len(r.rest)) {
		r.isShort = true
		r.rest = nil
		return nil
	}
	taken := r.rest[:length:length]
	r.rest = r.rest[length:]
	return taken
}

func (r *reader) word() uint32 {
	if taken := r.bytes(4); taken != nil {
		return binary.LittleEndian.Uint32(taken)
	}
	return 0
}

func (r *reader) words(count uint32) []uint32 {
	if uint64(count)*4 > uint64(len(r.rest)) {
		r.isShort = true
		return nil
	}
	words := make([]uint32, count)
	for n := range words {
		words[n] = r.word()
	}
	return words
}
