package selection

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/linkmend/linkmend/collector/internal/rule"
)

var consumers = rule.Selector{
	Kinds: 1 << ptrace.SpanKindConsumer, WithLinks: true,
	AttributeKeys: []string{"messaging.message.id"}, AttributePrefixes: []string{"celery."},
}

// batch makes a batch by chance.
func batch(random *rand.Rand) ptrace.Traces {
	traces := ptrace.NewTraces()
	for range random.IntN(4) {
		resource := traces.ResourceSpans().AppendEmpty()
		resource.Resource().Attributes().PutInt("service", random.Int64N(9))
		resource.SetSchemaUrl("of-resource")
		for range random.IntN(4) {
			scope := resource.ScopeSpans().AppendEmpty()
			scope.Scope().SetName("scope")
			scope.SetSchemaUrl("of-scope")
			for range random.IntN(6) {
				fill(scope.Spans().AppendEmpty(), random)
			}
		}
	}
	return traces
}

func fill(span ptrace.Span, random *rand.Rand) {
	span.SetTraceID(pcommon.TraceID{byte(random.IntN(3)), 1})
	span.SetSpanID(pcommon.SpanID{byte(random.IntN(200)), byte(random.IntN(2))})
	span.SetKind(ptrace.SpanKind(random.IntN(6)))
	key := []string{"messaging.message.id", "celery.action", "http.route", "", "c", "messaging.message.ix"}[random.IntN(6)]
	span.Attributes().PutStr(key, "x")
	for range random.IntN(3) / 2 {
		link := span.Links().AppendEmpty()
		link.SetTraceID(pcommon.TraceID{2})
		link.SetSpanID(pcommon.SpanID{byte(random.IntN(2))})
	}
}

func marshal(t testing.TB, traces ptrace.Traces) []byte {
	t.Helper()
	bytes, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	require.NoError(t, err)
	return bytes
}

// wanted is what a rule is to be shown, made in the plainest way.
func wanted(traces ptrace.Traces) ptrace.Traces {
	wanted := ptrace.NewTraces()
	traces.CopyTo(wanted)
	wanted.ResourceSpans().RemoveIf(func(resource ptrace.ResourceSpans) bool {
		resource.ScopeSpans().RemoveIf(func(scope ptrace.ScopeSpans) bool {
			scope.Spans().RemoveIf(func(span ptrace.Span) bool {
				_, hasID := span.Attributes().Get("messaging.message.id")
				_, isCelery := span.Attributes().Get("celery.action")
				return !hasID && !isCelery && span.Kind() != ptrace.SpanKindConsumer && span.Links().Len() == 0
			})
			return scope.Spans().Len() == 0
		})
		return resource.ScopeSpans().Len() == 0
	})
	return wanted
}

// TestMarshal: a rule is shown what concerns it inside of its resource and scope, and
// the batch is what it was.
func TestMarshal(t *testing.T) {
	selector := New(consumers)
	for seed := range uint64(2000) {
		traces := batch(rand.New(rand.NewPCG(seed, 1)))
		before, want := marshal(t, traces), wanted(traces)
		picked := selector.Pick(traces)
		shown, err := picked.Marshal()
		require.NoError(t, err)
		require.Equal(t, marshal(t, want), shown, seed)
		require.Equal(t, want.SpanCount(), picked.Len())
		require.Equal(t, before, marshal(t, traces), seed)
	}
}

// TestRemove: what is held is taken out, with scopes and resources that have nothing
// left; those that were empty before stay.
func TestRemove(t *testing.T) {
	selector := New(consumers)
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 2))
		traces := batch(random)
		picked := selector.Pick(traces)
		held := map[uint32]bool{}
		var places []uint32
		for at := range picked.Len() {
			if random.IntN(2) == 0 {
				held[uint32(at)] = true
				places = append(places, uint32(at))
			}
		}
		want := without(traces, selector, held)
		require.NoError(t, picked.Remove(places))
		require.Equal(t, marshal(t, want), marshal(t, traces), seed)
	}
}

func without(traces ptrace.Traces, selector *Selector, held map[uint32]bool) ptrace.Traces {
	left := ptrace.NewTraces()
	at := uint32(0)
	for _, resource := range traces.ResourceSpans().All() {
		toResource := ptrace.NewResourceSpans()
		resource.Resource().CopyTo(toResource.Resource())
		toResource.SetSchemaUrl(resource.SchemaUrl())
		for _, scope := range resource.ScopeSpans().All() {
			toScope := ptrace.NewScopeSpans()
			scope.Scope().CopyTo(toScope.Scope())
			toScope.SetSchemaUrl(scope.SchemaUrl())
			for _, span := range scope.Spans().All() {
				if selector.Takes(span) {
					at++
					if held[at-1] {
						continue
					}
				}
				span.CopyTo(toScope.Spans().AppendEmpty())
			}
			if toScope.Spans().Len() > 0 || scope.Spans().Len() == 0 {
				toScope.MoveTo(toResource.ScopeSpans().AppendEmpty())
			}
		}
		if toResource.ScopeSpans().Len() > 0 || resource.ScopeSpans().Len() == 0 {
			toResource.MoveTo(left.ResourceSpans().AppendEmpty())
		}
	}
	return left
}

func oneSpan() (ptrace.Traces, ptrace.Span) {
	traces := ptrace.NewTraces()
	span := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetKind(ptrace.SpanKindConsumer)
	return traces, span
}

func links(count int, trace byte) ptrace.Traces {
	traces, span := oneSpan()
	for range count {
		link := span.Links().AppendEmpty()
		link.SetTraceID(pcommon.TraceID{trace})
		link.SetSpanID(pcommon.SpanID{1})
	}
	return traces
}

// TestApply: links are given to the span that is named, and nothing else of it changes.
func TestApply(t *testing.T) {
	traces, span := oneSpan()
	span.SetName("name")
	span.Links().AppendEmpty().SetTraceID(pcommon.TraceID{9})
	span.SetDroppedLinksCount(3)
	given := links(2, 7)
	given.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetDroppedLinksCount(4)
	require.NoError(t, New(consumers).Pick(traces).Apply([]uint32{0}, given, 128))
	assert.Equal(t, 2, span.Links().Len())
	assert.Equal(t, pcommon.TraceID{7}, span.Links().At(1).TraceID())
	assert.Equal(t, uint32(4), span.DroppedLinksCount())
	assert.Equal(t, "name", span.Name())
	assert.Equal(t, ptrace.SpanKindConsumer, span.Kind())
}

// TestDroppedCountStays: links come with a count of dropped ones where it changes.
func TestDroppedCountStays(t *testing.T) {
	traces, span := oneSpan()
	span.SetDroppedLinksCount(3)
	require.NoError(t, New(consumers).Pick(traces).Apply([]uint32{0}, links(1, 7), 128))
	assert.Equal(t, 1, span.Links().Len())
	assert.Equal(t, uint32(3), span.DroppedLinksCount())
}

func dropped(links ptrace.Traces, count uint32) ptrace.Traces {
	links.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetDroppedLinksCount(count)
	return links
}

// TestWhatIsRefused: a kernel that answers what no rule may do changes nothing.
func TestWhatIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		places []uint32
		links  ptrace.Traces
		text   string
	}{
		"no such span":      {[]uint32{1}, links(1, 1), "there are 1"},
		"too many links":    {[]uint32{0}, links(4, 1), "limits.max_links = 3"},
		"an invalid link":   {[]uint32{0}, links(1, 0), "invalid context"},
		"too few spans":     {[]uint32{0}, ptrace.NewTraces(), "given for 0"},
		"fewer are dropped": {[]uint32{0}, dropped(links(1, 1), 1), "dropped_links_count"},
	} {
		t.Run(name, func(t *testing.T) {
			traces, span := oneSpan()
			if name == "fewer are dropped" {
				span.SetDroppedLinksCount(2)
			}
			before := marshal(t, traces)
			require.ErrorContains(t, New(consumers).Pick(traces).Apply(test.places, test.links, 3), test.text)
			assert.Equal(t, before, marshal(t, traces))
		})
	}
	traces, _ := oneSpan()
	require.ErrorContains(t, New(consumers).Pick(traces).Remove([]uint32{1}), "there are 1")
}
