package linkmend

import (
	"fmt"
	"strconv"

	raw "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_spans"
)

// Kind is the kind of a span, with OTLP's numbers.
type Kind int32

// The kinds.
const (
	Unspecified Kind = iota
	Internal
	Server
	Client
	Producer
	Consumer
)

// OTLP flags: it is known whether the context is remote, and it is; and those of
// W3C Trace Context.
const (
	remote     = 0x300
	traceFlags = 0xff
)

// How much later than the span its producer may seem to start, in nanoseconds.
const clockSkew = 5_000_000_000

// IDs are the ids of a span, as numbers.
type IDs struct{ TraceHigh, TraceLow, Span uint64 }

// IsValid says whether neither id is all 0.
func (ids IDs) IsValid() bool { return ids.Span != 0 && ids.TraceHigh|ids.TraceLow != 0 }

// TraceID has 32 hex digits.
func (ids IDs) TraceID() string { return fmt.Sprintf("%016x%016x", ids.TraceHigh, ids.TraceLow) }

// SpanID has 16 hex digits.
func (ids IDs) SpanID() string { return fmt.Sprintf("%016x", ids.Span) }

// Target is what a link can point at: a [Span], a [Link], a [Source] or a [Context].
type Target interface{ target() (Context, bool) }

// Context is what a link points at.
type Context struct {
	IDs
	TraceState string
	Flags      uint32
}

func (context Context) target() (Context, bool) { return context, context.IsValid() }

// ParseContext makes a context of ids as they may be stored, in hex digits of either
// case. False when an id is not valid.
func ParseContext(traceID, spanID string) (Context, bool) {
	if len(traceID) != 32 || len(spanID) != 16 {
		return Context{}, false
	}
	numbers := [3]uint64{}
	for place, digits := range []string{traceID[:16], traceID[16:], spanID} {
		number, err := strconv.ParseUint(digits, 16, 64)
		if err != nil {
			return Context{}, false
		}
		numbers[place] = number
	}
	context := Context{IDs: IDs{numbers[0], numbers[1], numbers[2]}, Flags: remote}
	return context, context.IsValid()
}

// Value is the value of an attribute.
type Value struct{ raw raw.Value }

// Text is false where it is another sort of value.
func (value Value) Text() (string, bool) {
	if value.raw.Tag() != raw.ValueText {
		return "", false
	}
	return value.raw.Text(), true
}

// Integer is false where it is another sort of value.
func (value Value) Integer() (int64, bool) {
	if value.raw.Tag() != raw.ValueInteger {
		return 0, false
	}
	return value.raw.Integer(), true
}

// Boolean is false where it is another sort of value.
func (value Value) Boolean() (is, ok bool) {
	if value.raw.Tag() != raw.ValueBoolean {
		return false, false
	}
	return value.raw.Boolean(), true
}

// Double is false where it is another sort of value.
func (value Value) Double() (float64, bool) {
	if value.raw.Tag() != raw.ValueDouble {
		return 0, false
	}
	return value.raw.Double(), true
}

// IDs are the ids in a value, be it one or an array: texts and integers.
func (value Value) IDs() []string {
	switch value.raw.Tag() {
	case raw.ValueText:
		return []string{value.raw.Text()}
	case raw.ValueInteger:
		return []string{strconv.FormatInt(value.raw.Integer(), 10)}
	case raw.ValueTexts:
		return value.raw.Texts()
	case raw.ValueIntegers:
		var ids []string
		for _, number := range value.raw.Integers() {
			ids = append(ids, strconv.FormatInt(number, 10))
		}
		return ids
	}
	return nil
}

// Of a key that comes twice the first counts.
func find(attributes []raw.KeyValue, key string) (Value, bool) {
	for _, attribute := range attributes {
		if attribute.Key == key {
			return Value{attribute.Value}, attribute.Value.Tag() != raw.ValueOther
		}
	}
	return Value{}, false
}

// Link is a link of a span, as it came in.
type Link struct {
	IDs
	raw    *raw.Link
	number uint32
}

// Attribute is one that the rule reads.
func (link *Link) Attribute(key string) (Value, bool) { return find(link.raw.Attributes, key) }

func (link *Link) has(key string) bool {
	for _, attribute := range link.raw.Attributes {
		if attribute.Key == key {
			return true
		}
	}
	return false
}

func (link *Link) target() (Context, bool) {
	if link == nil {
		return Context{}, false
	}
	return Context{link.IDs, link.raw.TraceState, link.raw.Flags}, link.IsValid()
}

// Span is a span. Times are nanoseconds since the Unix epoch.
type Span struct {
	IDs
	raw    *raw.Span
	origin *raw.Origin
	number uint32
	links  []*Link
}

func newSpan(traces *raw.Traces, number int) *Span {
	span := &traces.Spans[number]
	return &Span{
		IDs:    IDs{span.TraceIdHigh, span.TraceIdLow, span.SpanId},
		raw:    span,
		origin: &traces.Origins[span.Origin],
		number: uint32(number),
	}
}

// Name is the span's name.
func (span *Span) Name() string { return span.raw.Name }

// Kind is the span's kind.
func (span *Span) Kind() Kind { return Kind(span.raw.Kind) }

// Start is when it began.
func (span *Span) Start() uint64 { return span.raw.StartTimeUnixNano }

// End is when it ended.
func (span *Span) End() uint64 { return span.raw.EndTimeUnixNano }

// ParentSpanID has 16 hex digits; all 0 on a root.
func (span *Span) ParentSpanID() string { return IDs{Span: span.raw.ParentSpanId}.SpanID() }

// Attribute is one that the rule reads; false where the span does not have it.
func (span *Span) Attribute(key string) (Value, bool) { return find(span.raw.Attributes, key) }

// IDsOf are the ids in an attribute, be it one, an array or none.
func (span *Span) IDsOf(key string) []string {
	value, ok := span.Attribute(key)
	if !ok {
		return nil
	}
	return value.IDs()
}

// Resource is an attribute of the resource that the rule reads.
func (span *Span) Resource(key string) (Value, bool) {
	return find(span.origin.ResourceAttributes, key)
}

// ScopeName is the name of the instrumentation.
func (span *Span) ScopeName() string { return span.origin.ScopeName }

// Links are its links, as they came in.
func (span *Span) Links() []*Link {
	if span.links == nil {
		for number := range span.raw.Links {
			link := &span.raw.Links[number]
			ids := IDs{link.TraceIdHigh, link.TraceIdLow, link.SpanId}
			span.links = append(span.links, &Link{ids, link, uint32(number)})
		}
	}
	return span.links
}

// The upper bits of a span's flags are about its parent.
func (span *Span) target() (Context, bool) {
	if span == nil {
		return Context{}, false
	}
	flags := span.raw.Flags&traceFlags | remote
	return Context{span.IDs, span.raw.TraceState, flags}, span.IsValid()
}

// Source is a span that produced a message, as it was remembered.
type Source struct {
	IDs
	Start, End uint64
	TraceState string
	Flags      uint32
	Rank       uint8
}

func (source *Source) target() (Context, bool) {
	if source == nil {
		return Context{}, false
	}
	flags := source.Flags&traceFlags | remote
	return Context{source.IDs, source.TraceState, flags}, source.IsValid()
}

// Message is a key that a span awaits, and the producers that are known of it, best
// first: those of the best rank, of these the one that started last.
type Message struct {
	Key     Key
	Sources []*Source
	span    *Span
	edits   *Edits
}

// Nearest is the producer that started last, but not after the span (and a little, for
// clocks). Nil when there is none.
func (message Message) Nearest() *Source {
	var nearest *Source
	for _, source := range message.Sources {
		isEarly := source.Start <= message.span.Start()+clockSkew
		if isEarly && (nearest == nil || source.Start > nearest.Start) {
			nearest = source
		}
	}
	if nearest == nil && len(message.Sources) > 0 {
		message.edits.Note(TooLate, 1)
	}
	return nearest
}
