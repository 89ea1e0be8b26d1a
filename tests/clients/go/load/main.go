// Command load is a service under load, for tests/fleet/run: it produces messages,
// or consumes them with four spans each, so many a second, and loses the context on
// the way. All of the SDK is as it is by default, or as the environment says.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var (
	role    = flag.String("role", "", "producer or consumer")
	rate    = flag.Int("rate", 0, "messages a second")
	seconds = flag.Int("seconds", 0, "for how long")
	start   = flag.Float64("start", 0, "seconds since 1970")
)

var steps = []struct {
	name string
	kind trace.SpanKind
}{{"check", trace.SpanKindInternal}, {"query", trace.SpanKindClient}, {"store", trace.SpanKindInternal}}

// timed exports by another exporter, and keeps how long each call took. Calls come
// one after the other.
type timed struct {
	sdktrace.SpanExporter
	Exported int       `json:"exported"`
	Failed   int       `json:"failed"`
	Seconds  []float64 `json:"seconds"`
	Messages int       `json:"messages"`
	Late     float64   `json:"late"`
}

func (t *timed) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	begun := time.Now()
	err := t.SpanExporter.ExportSpans(ctx, spans)
	t.Seconds = append(t.Seconds, time.Since(begun).Seconds())
	if err != nil {
		t.Failed += len(spans)
	} else {
		t.Exported += len(spans)
	}
	return err
}

func message(number int, kind trace.SpanKind, operation string) []trace.SpanStartOption {
	return []trace.SpanStartOption{
		trace.WithSpanKind(kind),
		trace.WithAttributes(
			attribute.String("messaging.system", "rabbitmq"),
			attribute.String("messaging.destination.name", "orders"),
			attribute.String("messaging.message.id", fmt.Sprintf("message-%d", number)),
			attribute.String("messaging.operation", operation)),
	}
}

func produce(ctx context.Context, tracer trace.Tracer, number int) {
	_, span := tracer.Start(ctx, "publish orders", message(number, trace.SpanKindProducer, "publish")...)
	span.End()
}

func consume(ctx context.Context, tracer trace.Tracer, number int) {
	inside, span := tracer.Start(ctx, "process orders", message(number, trace.SpanKindConsumer, "process")...)
	for _, step := range steps {
		_, below := tracer.Start(inside, step.name, trace.WithSpanKind(step.kind),
			trace.WithAttributes(attribute.Int("order", number)))
		below.End()
	}
	span.End()
}

func run(ctx context.Context, t *timed) error {
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(t))
	tracer := provider.Tracer("load")
	one := consume
	if *role == "producer" {
		one = produce
	}
	begin := time.UnixMicro(int64(*start * 1e6))
	t.Messages = *rate * *seconds
	for number := range t.Messages {
		ahead := time.Until(begin.Add(time.Duration(number) * time.Second / time.Duration(*rate)))
		time.Sleep(ahead)
		t.Late = max(t.Late, -ahead.Seconds())
		one(ctx, tracer, number)
	}
	return provider.Shutdown(ctx)
}

func main() {
	flag.Parse()
	ctx := context.Background()
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		log.Fatal(err)
	}
	t := &timed{SpanExporter: exporter}
	if err := run(ctx, t); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		log.Fatal(err)
	}
}
