package linkmend

import (
	"fmt"

	lifecycle "github.com/linkmend/linkmend/guest/go/internal/wit/export_linkmend_rule_lifecycle"
	exported "github.com/linkmend/linkmend/guest/go/internal/wit/export_linkmend_rule_spans"
	witIndex "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_index"
	spans "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_spans"
	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
	// Its exports are those of the component.
	_ "github.com/linkmend/linkmend/guest/go/internal/wit/wit_exports"
	witTypes "go.bytecodealliance.org/pkg/wit/types"
)

// Export makes the rule that the component is. To be called in an init function.
func Export(rule func() Rule) {
	driver := &driver{make: rule, index: hostIndex{}}
	lifecycle.Describe = func() types.About {
		about := driver.describe()
		return types.About{Name: about.Name, Version: about.Version, Summary: about.Summary}
	}
	lifecycle.Configure = func(config string) witTypes.Result[types.Plan, string] {
		plan, err := driver.configure(config)
		return result(plan, err)
	}
	exported.Process = func(tasks types.Tasks, traces spans.Traces) witTypes.Result[types.Verdict, string] {
		verdict, err := driver.process(tasks, &traces)
		return result(verdict, err)
	}
}

func result[T any](value T, err error) witTypes.Result[T, string] {
	if err != nil {
		return witTypes.Err[T, string](err.Error())
	}
	return witTypes.Ok[T, string](value)
}

// hostIndex is the message index of the host.
type hostIndex struct{}

func (hostIndex) hash(messages [][]string) []types.MessageKey { return witIndex.Hash(messages) }

func (hostIndex) remember(producers []remembered, texts []byte) error {
	records := make([]witIndex.Producer, len(producers))
	for number, producer := range producers {
		span := producer.span
		records[number] = witIndex.Producer{
			Key: producer.key, TraceIdHigh: span.TraceHigh, TraceIdLow: span.TraceLow,
			SpanId: span.IDs.Span, Start: span.Start(), End: span.End(),
			TraceState: producer.state, Flags: span.raw.Flags, Rank: producer.rank,
		}
	}
	answer := witIndex.Remember(records, texts)
	if answer.IsErr() {
		return fmt.Errorf("the index does not remember: error %d", answer.Err())
	}
	return nil
}

func (hostIndex) recall(keys []types.MessageKey) ([][]*Source, error) {
	answer := witIndex.Recall(keys)
	if answer.IsErr() {
		return nil, fmt.Errorf("the index does not recall: error %d", answer.Err())
	}
	recalled := answer.Ok()
	sources := make([][]*Source, len(recalled.Counts))
	next := 0
	for number, count := range recalled.Counts {
		// 5 stands for more than the 4 that are given.
		for range min(count, 4) {
			producer := recalled.Producers[next]
			next++
			state := producer.TraceState
			sources[number] = append(sources[number], &Source{
				IDs:   IDs{producer.TraceIdHigh, producer.TraceIdLow, producer.SpanId},
				Start: producer.Start, End: producer.End, Rank: producer.Rank,
				TraceState: string(recalled.Texts[state.Offset:][:state.Length]),
				Flags:      producer.Flags,
			})
		}
	}
	return sources, nil
}
