package linkmend

import (
	"fmt"
	"math"

	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
)

// MostLinks is how many links an edited span may have (`LinkCountLimit` of
// OpenTelemetry).
const MostLinks = 128

// Reason says why a link is dropped.
type Reason uint8

// The reasons.
const (
	Invalid   = Reason(types.DropReasonInvalid)
	Duplicate = Reason(types.DropReasonDuplicate)
	OverLimit = Reason(types.DropReasonOverLimit)
	Unwanted  = Reason(types.DropReasonUnwanted)
)

// Note says why a link is not there.
type Note uint8

// The notes.
const (
	Unresolved = Note(types.NoteKindUnresolved)
	TooLate    = Note(types.NoteKindTooLate)
	TooMany    = Note(types.NoteKindTooMany)
	Ambiguous  = Note(types.NoteKindAmbiguous)
	NoRoom     = Note(types.NoteKindNoRoom)
	Incomplete = Note(types.NoteKindIncomplete)
	Unnamed    = Note(types.NoteKindUnnamed)
)

// Attribute is one of a link.
type Attribute struct {
	Key  string
	kind types.ValueKind
	text string
	bits uint64
}

// String is an attribute that is a text.
func String(key, value string) Attribute {
	return Attribute{Key: key, kind: types.ValueKindText, text: value}
}

// Int is an attribute that is an integer.
func Int(key string, value int64) Attribute {
	return Attribute{Key: key, kind: types.ValueKindInteger, bits: uint64(value)}
}

// Bool is an attribute that is true or false.
func Bool(key string, value bool) Attribute {
	attribute := Attribute{Key: key, kind: types.ValueKindBoolean}
	if value {
		attribute.bits = 1
	}
	return attribute
}

// Float is an attribute that is a number with a fraction.
func Float(key string, value float64) Attribute {
	return Attribute{Key: key, kind: types.ValueKindDouble, bits: math.Float64bits(value)}
}

// Edits are what a rule answers for one span. Whatever is asked for, and however
// often, linkmend can do it, and doing it to its own output changes nothing.
type Edits struct {
	// Somebody asks why: Explain is read.
	Explaining bool
	span       *Span
	sees       func(key string) bool
	added      []addition
	changes    map[uint32]*change
	// Numbers of links, in the order in which they were changed first.
	order []uint32
	notes [Unnamed + 1]uint32
	lines []string
}

type addition struct {
	context    Context
	attributes []Attribute
}

type change struct {
	isDropped  bool
	reason     Reason
	context    *Context
	attributes []Attribute
}

func (change *change) isAny() bool {
	return change.isDropped || change.context != nil || len(change.attributes) > 0
}

// Link appends a link. It does nothing when the span is linked to the target already,
// when the target is the span itself, nil or not valid.
func (edits *Edits) Link(target Target, attributes ...Attribute) {
	context, ok := contextOf(target)
	if !ok || context.IDs == edits.span.IDs || edits.isLinked(context.IDs) {
		return
	}
	if edits.count() >= MostLinks {
		edits.Note(NoRoom, 1)
		return
	}
	checkKeys(attributes)
	edits.added = append(edits.added, addition{context, attributes})
}

// Replace lets a link point elsewhere. Its attributes stay, and it gets those that it
// does not have.
func (edits *Edits) Replace(link *Link, target Target, attributes ...Attribute) {
	context, ok := contextOf(target)
	change := edits.change(link)
	if !ok || change.isDropped || context.IDs == edits.span.IDs {
		return
	}
	if context.IDs != link.IDs {
		change.context = &context
	}
	for _, attribute := range attributes {
		edits.Annotate(link, attribute)
	}
}

// Drop removes a link.
func (edits *Edits) Drop(link *Link, reason Reason) {
	change := edits.change(link)
	if !change.isDropped {
		change.isDropped, change.reason = true, reason
	}
}

// Annotate adds an attribute to a link, unless the link has one of this key.
func (edits *Edits) Annotate(link *Link, attribute Attribute) {
	if !edits.sees(attribute.Key) {
		panic(fmt.Sprintf(
			"whether a link has `%s` already is not known: add it to Reads of Wants", attribute.Key))
	}
	checkKeys([]Attribute{attribute})
	change := edits.change(link)
	if link.has(attribute.Key) {
		return
	}
	for _, other := range change.attributes {
		if other.Key == attribute.Key {
			return
		}
	}
	change.attributes = append(change.attributes, attribute)
}

// Note counts a reason why a link is not there; linkmend reports how often.
func (edits *Edits) Note(kind Note, count int) { edits.notes[kind] += uint32(count) }

// Explain says why, when somebody asks (`linkmend process --explain`).
func (edits *Edits) Explain(format string, arguments ...any) {
	if edits.Explaining {
		edits.lines = append(edits.lines, fmt.Sprintf(format, arguments...))
	}
}

func contextOf(target Target) (Context, bool) {
	if target == nil {
		return Context{}, false
	}
	return target.target()
}

func checkKeys(attributes []Attribute) {
	for _, attribute := range attributes {
		if attribute.Key == "" {
			panic("the key of an attribute is a text that is not empty")
		}
	}
}

func (edits *Edits) change(link *Link) *change {
	known, ok := edits.changes[link.number]
	if !ok {
		known = &change{}
		if edits.changes == nil {
			edits.changes = map[uint32]*change{}
		}
		edits.changes[link.number] = known
		edits.order = append(edits.order, link.number)
	}
	return known
}

func (edits *Edits) count() int {
	count := len(edits.span.raw.Links) + len(edits.added)
	for _, change := range edits.changes {
		if change.isDropped {
			count--
		}
	}
	return count
}

func (edits *Edits) isLinked(ids IDs) bool {
	for _, added := range edits.added {
		if added.context.IDs == ids {
			return true
		}
	}
	for _, link := range edits.span.Links() {
		change := edits.changes[link.number]
		switch {
		case change == nil:
			if link.IDs == ids {
				return true
			}
		case change.isDropped:
		case change.context != nil:
			if change.context.IDs == ids {
				return true
			}
		case link.IDs == ids:
			return true
		}
	}
	return false
}

// settle leaves out what changes nothing. A span that would keep more links than it
// may have cannot be edited at all.
func (edits *Edits) settle() {
	var order []uint32
	for _, number := range edits.order {
		if edits.changes[number].isAny() {
			order = append(order, number)
		}
	}
	edits.order = order
	if len(order) > 0 && edits.count() > MostLinks {
		edits.order = nil
		edits.Note(NoRoom, 1)
	}
}
