package linkmendprocessor

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/linkmend/linkmend/collector/linkmendprocessor/internal/metadata"
)

const spansOfABatch = 512

// web makes a span of a web service, of some 390 bytes.
func web(span ptrace.Span, n uint64) {
	span.SetTraceID(traceOf(1, n))
	span.SetSpanID(spanOf(n))
	span.SetParentSpanID(spanOf(n + 1))
	span.SetName("GET /products/{id}")
	span.SetKind(ptrace.SpanKindServer)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(begun))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(begun))
	attributes := span.Attributes()
	attributes.PutStr("http.request.method", "GET")
	attributes.PutStr("http.route", "/products/{id}")
	attributes.PutInt("http.response.status_code", 200)
	attributes.PutStr("url.path", fmt.Sprintf("/products/%d", n))
	attributes.PutStr("url.scheme", "https")
	attributes.PutStr("server.address", "shop.example.com")
	attributes.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101")
	attributes.PutStr("network.protocol.version", "1.1")
	attributes.PutStr("client.address", "192.0.2.1")
}

// traffic makes a batch of which every so many spans are of messages.
func traffic(every int, from uint64) []byte {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	spans := resource.ScopeSpans().AppendEmpty().Spans()
	for n := range spansOfABatch {
		id := from + uint64(n)
		if n%every != 0 {
			web(spans.AppendEmpty(), id)
			continue
		}
		kind := ptrace.SpanKindProducer
		if n/every%2 == 1 {
			kind, id = ptrace.SpanKindConsumer, id-uint64(every)
		}
		message(kind, id).ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).MoveTo(spans.AppendEmpty())
	}
	bytes, _ := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	return bytes
}

// BenchmarkProcessor tells what a span takes, beside what it takes to be decoded.
func BenchmarkProcessor(b *testing.B) {
	for name, every := range map[string]int{"mixed": 10, "messaging": 1} {
		b.Run(name, func(b *testing.B) {
			config := configured(0)
			p := newBenchmarked(b, config)
			batches := make([][]byte, 64)
			for n := range batches {
				batches[n] = traffic(every, uint64(n)*spansOfABatch)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(batches[n%len(batches)])
				require.NoError(b, err)
				b.StartTimer()
				if _, err := p.processTraces(context.Background(), traces); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spansOfABatch, "ns/span")
		})
	}
}

func newBenchmarked(b *testing.B, config *Config) *linkmend {
	p := newLinkmend(processortest.NewNopSettings(metadata.Type), config, consumertest.NewNop())
	require.NoError(b, p.start(b.Context(), componenttest.NewNopHost()))
	b.Cleanup(func() { require.NoError(b, p.shutdown(context.Background())) })
	return p
}
