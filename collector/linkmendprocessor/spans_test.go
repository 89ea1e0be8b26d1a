package linkmendprocessor

import (
	"encoding/binary"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// begun is when spans of tests begin.
var begun = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// message is a batch of one span that sends or receives message n, in a trace of its own.
func message(kind ptrace.SpanKind, n uint64) ptrace.Traces {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	service, operation := "orders", "process"
	if kind == ptrace.SpanKindProducer {
		service, operation = "shop", "send"
	}
	resource.Resource().Attributes().PutStr("service.name", service)
	span := resource.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID(traceOf(kind, n))
	span.SetSpanID(spanOf(n))
	span.SetName(operation + " orders")
	span.SetKind(kind)
	at := begun.Add(time.Duration(kind) * time.Millisecond)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(at))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Microsecond)))
	attributes := span.Attributes()
	attributes.PutStr("messaging.system", "rabbitmq")
	attributes.PutStr("messaging.operation.type", operation)
	attributes.PutStr("messaging.destination.name", "orders")
	id := spanOf(n)
	attributes.PutStr("messaging.message.id", "message-"+pcommon.SpanID(id).String())
	return traces
}

func sends(n uint64) ptrace.Traces    { return message(ptrace.SpanKindProducer, n) }
func receives(n uint64) ptrace.Traces { return message(ptrace.SpanKindConsumer, n) }

func traceOf(kind ptrace.SpanKind, n uint64) (id pcommon.TraceID) {
	id[0] = byte(kind)
	binary.BigEndian.PutUint64(id[8:], n+1)
	return id
}

func spanOf(n uint64) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], n+1)
	return id
}

// request is a batch of a span that no rule is shown.
func request() ptrace.Traces {
	traces := ptrace.NewTraces()
	span := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetKind(ptrace.SpanKindServer)
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{1})
	return traces
}

// join puts batches into one.
func join(batches ...ptrace.Traces) ptrace.Traces {
	all := ptrace.NewTraces()
	for _, batch := range batches {
		batch.ResourceSpans().MoveAndAppendTo(all.ResourceSpans())
	}
	return all
}

// spans are all spans of batches.
func spans(batches []ptrace.Traces) (all []ptrace.Span) {
	for _, batch := range batches {
		for _, resource := range batch.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					all = append(all, span)
				}
			}
		}
	}
	return all
}
