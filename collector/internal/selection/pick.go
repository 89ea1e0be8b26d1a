package selection

import (
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Picked are the spans of a batch that concern a rule, in its order.
type Picked struct {
	traces ptrace.Traces
	spans  []place
	// Others are what the spans have that concern no rule.
	Others Others
}

// Others is what is counted of spans that no rule is shown.
type Others struct {
	Spans, Links, Invalid int64
}

// place is where a span is: numbers of its resource, scope and span.
type place struct {
	resource, scope, span int
	it                    ptrace.Span
}

// Pick finds the spans of a batch that concern a rule.
func (s *Selector) Pick(traces ptrace.Traces) *Picked {
	p := &Picked{traces: traces}
	takes := s.taker()
	for r, resource := range traces.ResourceSpans().All() {
		for c, scope := range resource.ScopeSpans().All() {
			for n, span := range scope.Spans().All() {
				if takes(span) {
					p.spans = append(p.spans, place{r, c, n, span})
					continue
				}
				p.Others.count(span)
			}
		}
	}
	return p
}

func (o *Others) count(span ptrace.Span) {
	o.Spans++
	o.Links += int64(span.Links().Len())
	if span.TraceID().IsEmpty() || span.SpanID().IsEmpty() {
		o.Invalid++
	}
}

// Len is how many there are.
func (p *Picked) Len() int { return len(p.spans) }

// Parts are the picked spans in parts of at most so many.
func (p *Picked) Parts(most int) (parts []*Picked) {
	for spans := range slices.Chunk(p.spans, most) {
		parts = append(parts, &Picked{traces: p.traces, spans: spans})
	}
	return parts
}

// Marshal is the picked spans inside of their resources and scopes, as OTLP. They are
// moved into a batch of their own for it, and back: moving is cheap, and copying is not.
func (p *Picked) Marshal() ([]byte, error) {
	shown := ptrace.NewTraces()
	p.move(shown, false)
	bytes, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(shown)
	p.move(shown, true)
	return bytes, err
}

// move moves the picked spans, with the resources and scopes around them, to another
// batch, or back from it. Where the batch is empty it grows.
func (p *Picked) move(to ptrace.Traces, back bool) {
	resources := to.ResourceSpans()
	resource, scope := -1, -1
	lastResource, lastScope := -1, -1
	span := 0
	for _, at := range p.spans {
		if at.resource != lastResource {
			resource, scope, lastScope = resource+1, -1, -1
			lastResource = at.resource
			moveResource(p.traces.ResourceSpans().At(at.resource), resources, resource, back)
		}
		scopes := resources.At(resource).ScopeSpans()
		if at.scope != lastScope {
			scope, span = scope+1, 0
			lastScope = at.scope
			moveScope(p.traces.ResourceSpans().At(at.resource).ScopeSpans().At(at.scope), scopes, scope, back)
		}
		spans := scopes.At(scope).Spans()
		if back {
			spans.At(span).MoveTo(at.it)
		} else {
			at.it.MoveTo(spans.AppendEmpty())
		}
		span++
	}
}

func moveResource(from ptrace.ResourceSpans, to ptrace.ResourceSpansSlice, number int, back bool) {
	if back {
		to.At(number).Resource().MoveTo(from.Resource())
		return
	}
	resource := to.AppendEmpty()
	resource.SetSchemaUrl(from.SchemaUrl())
	from.Resource().MoveTo(resource.Resource())
}

func moveScope(from ptrace.ScopeSpans, to ptrace.ScopeSpansSlice, number int, back bool) {
	if back {
		to.At(number).Scope().MoveTo(from.Scope())
		return
	}
	scope := to.AppendEmpty()
	scope.SetSchemaUrl(from.SchemaUrl())
	from.Scope().MoveTo(scope.Scope())
}

// Apply gives the spans at some places, each of which is there once, the links that the
// spans of a batch have, in the same order, and their count of dropped links where they have
// one. Nothing else of them changes. What the guarantees forbid is an error, and then nothing changes.
func (p *Picked) Apply(places []uint32, links ptrace.Traces, maxLinks int) error {
	given, err := onlySpans(links)
	if err != nil {
		return err
	}
	if given.Len() != len(places) {
		return fmt.Errorf("%d spans change, and links are given for %d", len(places), given.Len())
	}
	for n, at := range places {
		if uint64(at) >= uint64(len(p.spans)) {
			return fmt.Errorf("span %d changes, and there are %d", at, len(p.spans))
		}
		if err := check(p.spans[at].it, given.At(n), maxLinks); err != nil {
			return fmt.Errorf("span %d is given %w", at, err)
		}
	}
	for n, at := range places {
		span, from := p.spans[at].it, given.At(n)
		span.Links().RemoveIf(func(ptrace.SpanLink) bool { return true })
		from.Links().MoveAndAppendTo(span.Links())
		if count := from.DroppedLinksCount(); count != 0 {
			span.SetDroppedLinksCount(count)
		}
	}
	return nil
}

func onlySpans(traces ptrace.Traces) (ptrace.SpanSlice, error) {
	if traces.SpanCount() == 0 {
		return ptrace.NewSpanSlice(), nil
	}
	if traces.ResourceSpans().Len() != 1 || traces.ResourceSpans().At(0).ScopeSpans().Len() != 1 {
		return ptrace.SpanSlice{}, errors.New("links are given in more than one scope")
	}
	return traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans(), nil
}

// check compares what a span is given with what no rule may do.
func check(span, given ptrace.Span, maxLinks int) error {
	links := given.Links()
	if links.Len() > maxLinks {
		return fmt.Errorf("%d links, more than limits.max_links = %d", links.Len(), maxLinks)
	}
	// One that came in may stay.
	if invalid(links) > invalid(span.Links()) {
		return errors.New("a link to an invalid context")
	}
	if count := given.DroppedLinksCount(); count != 0 && count < span.DroppedLinksCount() {
		return fmt.Errorf("a dropped_links_count of %d, less than its %d", given.DroppedLinksCount(), span.DroppedLinksCount())
	}
	return nil
}

func invalid(links ptrace.SpanLinkSlice) (count int) {
	for _, link := range links.All() {
		if link.TraceID().IsEmpty() || link.SpanID().IsEmpty() {
			count++
		}
	}
	return count
}

// Remove takes the spans at some places out of the batch; scopes and resources go with
// their last span.
func (p *Picked) Remove(places []uint32) error {
	type scope struct{ resource, scope int }
	doomed := map[scope]map[int]struct{}{}
	for _, at := range places {
		if uint64(at) >= uint64(len(p.spans)) {
			return fmt.Errorf("span %d is held, and there are %d", at, len(p.spans))
		}
		s := p.spans[at]
		in := scope{s.resource, s.scope}
		if doomed[in] == nil {
			doomed[in] = map[int]struct{}{}
		}
		doomed[in][s.span] = struct{}{}
	}
	r := -1
	p.traces.ResourceSpans().RemoveIf(func(resource ptrace.ResourceSpans) bool {
		r++
		c, emptied := -1, false
		resource.ScopeSpans().RemoveIf(func(from ptrace.ScopeSpans) bool {
			c++
			out := doomed[scope{r, c}]
			if len(out) == 0 {
				return false
			}
			n := -1
			from.Spans().RemoveIf(func(ptrace.Span) bool {
				n++
				_, ok := out[n]
				return ok
			})
			emptied = true
			return from.Spans().Len() == 0
		})
		return emptied && resource.ScopeSpans().Len() == 0
	})
	p.spans = nil
	return nil
}
