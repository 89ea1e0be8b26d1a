package linkmend

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	spans "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_spans"
	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
)

// Bench runs a rule in an ordinary test, with an index of its own. What it answers is
// what the rule asks for; whether linkmend takes it, `linkmend rule test` says.
type Bench struct{ driver *driver }

// TestSpan is a span for a Bench. Ids and times that are missing are made up.
type TestSpan struct {
	Name       string
	Kind       Kind
	Attributes map[string]any
	Links      []TestLink
	Context    Context
	Start      uint64
}

// TestLink is a link of a TestSpan.
type TestLink struct {
	Context    Context
	Attributes map[string]any
}

// Mended is what a rule answered for a span.
type Mended struct {
	// Links that it adds.
	Added []TestLink
	// Numbers of links that it drops.
	Dropped []int
	// It waits for a producer.
	Deferred bool
	// How often each note was made.
	Notes map[Note]int
}

// NewBench configures a rule. The error is what its user would be told.
func NewBench(rule func() Rule, config map[string]any) (*Bench, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	if config == nil {
		text = []byte("{}")
	}
	driver := &driver{make: rule, index: &memory{known: map[types.MessageKey][]*Source{}}}
	_, err = driver.configure(string(text))
	return &Bench{driver}, err
}

// Process shows spans to the rule as one batch, all of them. With deferring, spans may
// wait.
func (bench *Bench) Process(shown []*TestSpan, deferring bool) ([]Mended, error) {
	traces := spans.Traces{Origins: []spans.Origin{{}}}
	for number, span := range shown {
		traces.Spans = append(traces.Spans, bench.raw(number, span))
	}
	tasks := types.TasksRemember | types.TasksMend
	if deferring {
		tasks |= types.TasksDefer
	}
	verdict, err := bench.driver.process(tasks, &traces)
	if err != nil {
		return nil, err
	}
	return mended(len(shown), &verdict), nil
}

func (bench *Bench) raw(number int, span *TestSpan) spans.Span {
	if !span.Context.IsValid() {
		digest := sha256.Sum256(fmt.Appendf(nil, "%p", span))
		span.Context.IDs = IDs{binary.BigEndian.Uint64(digest[:]), 1, uint64(number) + 1}
	}
	if span.Start == 0 {
		span.Start = 1_760_000_000_000_000_000 + uint64(number)*1_000_000
	}
	raw := spans.Span{
		TraceIdHigh: span.Context.TraceHigh, TraceIdLow: span.Context.TraceLow,
		SpanId: span.Context.Span, Name: span.Name, Kind: int32(span.Kind),
		StartTimeUnixNano: span.Start, EndTimeUnixNano: span.Start + 1_000_000, Flags: 0x100,
		Attributes: bench.attributes(span.Attributes),
	}
	for _, link := range span.Links {
		raw.Links = append(raw.Links, spans.Link{
			TraceIdHigh: link.Context.TraceHigh, TraceIdLow: link.Context.TraceLow,
			SpanId: link.Context.Span, Flags: link.Context.Flags,
			Attributes: bench.attributes(link.Attributes),
		})
	}
	return raw
}

// Those that the rule reads.
func (bench *Bench) attributes(given map[string]any) []spans.KeyValue {
	var all []spans.KeyValue
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if bench.driver.sees(key) {
			all = append(all, spans.KeyValue{Key: key, Value: rawValue(given[key])})
		}
	}
	return all
}

func rawValue(value any) spans.Value {
	switch value := value.(type) {
	case string:
		return spans.MakeValueText(value)
	case bool:
		return spans.MakeValueBoolean(value)
	case int:
		return spans.MakeValueInteger(int64(value))
	case float64:
		return spans.MakeValueDouble(value)
	case []string:
		return spans.MakeValueTexts(value)
	case []int64:
		return spans.MakeValueIntegers(value)
	}
	return spans.MakeValueOther()
}

func mended(count int, verdict *types.Verdict) []Mended {
	all := make([]Mended, count)
	text := func(text types.Text) string {
		return string(verdict.Texts[text.Offset:][:text.Length])
	}
	for _, edit := range verdict.Edits {
		of := &all[edit.Span]
		switch edit.Action {
		case types.ActionDropLink:
			of.Dropped = append(of.Dropped, int(edit.Link))
		case types.ActionAddLink:
			link := TestLink{Attributes: map[string]any{}}
			link.Context.IDs = IDs{edit.Context.TraceIdHigh, edit.Context.TraceIdLow, edit.Context.SpanId}
			for _, attribute := range verdict.Attributes[edit.FirstAttribute:][:edit.AttributeCount] {
				link.Attributes[text(attribute.Key)] = text(attribute.Text)
			}
			of.Added = append(of.Added, link)
		}
	}
	for _, note := range verdict.Notes {
		of := &all[note.Span]
		if of.Notes == nil {
			of.Notes = map[Note]int{}
		}
		of.Notes[Note(note.Kind)] += int(note.Count)
	}
	for _, deferral := range verdict.Deferrals {
		all[deferral.Span].Deferred = true
	}
	return all
}

// memory is the index of a test.
type memory struct {
	known map[types.MessageKey][]*Source
}

func (*memory) hash(messages [][]string) []types.MessageKey {
	keys := make([]types.MessageKey, len(messages))
	for number, message := range messages {
		digest := sha256.Sum256(fmt.Appendf(nil, "%q", message))
		keys[number] = types.MessageKey{
			High: binary.BigEndian.Uint64(digest[:]), Low: binary.BigEndian.Uint64(digest[8:]),
		}
	}
	return keys
}

func (memory *memory) remember(producers []remembered, _ []byte) error {
	for _, producer := range producers {
		span := producer.span
		memory.known[producer.key] = append(memory.known[producer.key], &Source{
			IDs: span.IDs, Start: span.Start(), End: span.End(),
			TraceState: span.raw.TraceState, Flags: span.raw.Flags, Rank: producer.rank,
		})
	}
	return nil
}

func (memory *memory) recall(keys []types.MessageKey) ([][]*Source, error) {
	all := make([][]*Source, len(keys))
	for number, key := range keys {
		known := slices.Clone(memory.known[key])
		slices.SortStableFunc(known, func(one, other *Source) int {
			if one.Rank != other.Rank {
				return int(one.Rank) - int(other.Rank)
			}
			return -1 * compare(one.Start, other.Start)
		})
		all[number] = known[:min(len(known), 4)]
	}
	return all, nil
}

func compare(one, other uint64) int {
	switch {
	case one < other:
		return -1
	case one > other:
		return 1
	}
	return 0
}
