package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var (
	service    = os.Getenv("SERVICE")
	role       = os.Getenv("ROLE")
	run        = os.Getenv("RUN")
	propagates = os.Getenv("PROPAGATION") != "off"
	started    = &observer{}
)

// Sets up tracing; gives what sends the last spans.
func start(ctx context.Context) (func(context.Context) error, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	named := attribute.String("service.name", service)
	about, err := resource.Merge(resource.Default(), resource.NewSchemaless(named))
	if err != nil {
		return nil, err
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter), sdk.WithSpanProcessor(started), sdk.WithResource(about))
	otel.SetTracerProvider(provider)
	if propagates {
		otel.SetTextMapPropagator(propagation.TraceContext{})
	} else {
		otel.SetTextMapPropagator(local{})
	}
	return provider.Shutdown, nil
}

func tracer() trace.Tracer { return otel.Tracer(service) }

// The propagator of runs without propagation: what it carries stays in its
// process. Some clients hand the context of a span to their callers, or take it
// from them, by the headers of the message and in no other way.
type local struct{}

const localSpan = "local-span"

func (local) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	if role != "produce" {
		put(ctx, carrier)
	}
}

func (local) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	if role == "produce" {
		return current(ctx, carrier)
	}
	return ctx
}

func (local) Fields() []string { return nil }

type renamed struct{ propagation.TextMapCarrier }

func (r renamed) Get(string) string   { return r.TextMapCarrier.Get(localSpan) }
func (r renamed) Set(_, value string) { r.TextMapCarrier.Set(localSpan, value) }

// Puts the context into headers, for the client in the same process.
func put(ctx context.Context, carrier propagation.TextMapCarrier) {
	if !propagates {
		carrier = renamed{carrier}
	}
	propagation.TraceContext{}.Inject(ctx, carrier)
}

// The context that the client of the same process put into headers.
func current(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	if !propagates {
		carrier = renamed{carrier}
	}
	return propagation.TraceContext{}.Extract(ctx, carrier)
}

// What a message's body says: the span around its send.
type note struct {
	Order   string `json:"order"`
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
}

func body(ctx context.Context) []byte {
	span := trace.SpanContextFromContext(ctx)
	text, _ := json.Marshal(note{"one of many", span.TraceID().String(), span.SpanID().String()})
	return text
}

// Sends below a span of the application, with a body that names that span.
func around(ctx context.Context, name string, send func(context.Context, []byte) error,
	options ...trace.SpanStartOption) error {
	ctx, span := tracer().Start(ctx, name, options...)
	defer span.End()
	return send(ctx, body(ctx))
}

var writing sync.Mutex

// Notes that the span of the context received the message with this body.
func received(ctx context.Context, text []byte) {
	receivedBy(trace.SpanContextFromContext(ctx), text)
}

func receivedBy(span trace.SpanContext, text []byte) {
	writing.Lock()
	defer writing.Unlock()
	var sent note
	if err := json.Unmarshal(text, &sent); err != nil {
		fail(fmt.Errorf("a body that is none of ours: %w", err))
	}
	line, _ := json.Marshal([]string{
		span.TraceID().String(), span.SpanID().String(), sent.TraceID, sent.SpanID,
	})
	file, err := os.OpenFile(os.Getenv("PAIRS"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		fail(err)
	}
	defer file.Close()
	if _, err := file.Write(append(line, '\n')); err != nil {
		fail(err)
	}
}

// Remembers spans as they start, for those that no context leads to.
type observer struct {
	lock  sync.Mutex
	spans []trace.SpanContext
}

func (o *observer) OnStart(_ context.Context, span sdk.ReadWriteSpan) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.spans = append(o.spans, span.SpanContext())
}

func (o *observer) OnEnd(sdk.ReadOnlySpan)           {}
func (o *observer) Shutdown(context.Context) error   { return nil }
func (o *observer) ForceFlush(context.Context) error { return nil }

// How many spans have started until now.
func (o *observer) count() int {
	o.lock.Lock()
	defer o.lock.Unlock()
	return len(o.spans)
}

func (o *observer) at(index int) trace.SpanContext {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.spans[index]
}

func has(args []string, word string) bool {
	for _, arg := range args {
		if arg == word {
			return true
		}
	}
	return false
}
