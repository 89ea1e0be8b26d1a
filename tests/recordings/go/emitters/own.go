package main

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Spans of the application by the semantic conventions, for clients that nothing
// instruments.

// What an application says of a message, or of several of one destination.
type about struct {
	system, destination string
	more                []attribute.KeyValue
}

func (a about) attributes(operation, name string) trace.SpanStartOption {
	common := []attribute.KeyValue{
		attribute.String("messaging.system", a.system),
		attribute.String("messaging.destination.name", a.destination),
		attribute.String("messaging.operation.type", operation),
		attribute.String("messaging.operation.name", name),
	}
	return trace.WithAttributes(append(common, a.more...)...)
}

func messageID(id string) attribute.KeyValue { return attribute.String("messaging.message.id", id) }

// A PRODUCER span, whose context is put into the carrier.
func (a about) send(ctx context.Context, carrier propagation.TextMapCarrier) (context.Context, trace.Span) {
	ctx, span := tracer().Start(ctx, "send "+a.destination,
		trace.WithSpanKind(trace.SpanKindProducer), a.attributes("send", "send"))
	otel.GetTextMapPropagator().Inject(ctx, carrier)
	return ctx, span
}

// A CONSUMER span below the one whose context is in the carrier.
func (a about) process(carrier propagation.TextMapCarrier) (context.Context, trace.Span) {
	ctx := otel.GetTextMapPropagator().Extract(context.Background(), carrier)
	return tracer().Start(ctx, "process "+a.destination,
		trace.WithSpanKind(trace.SpanKindConsumer), a.attributes("process", "process"))
}

// A message of a batch: where its context is, and what tells it from others.
type one struct {
	carrier    propagation.TextMapCarrier
	attributes []attribute.KeyValue
}

// A span for several messages, with a link for each that brought a context. The
// attributes of messages are on their links, as the conventions want it.
func (a about) batch(kind trace.SpanKind, operation string, messages []one) (context.Context, trace.Span) {
	links := []trace.Link{}
	for _, message := range messages {
		ctx := otel.GetTextMapPropagator().Extract(context.Background(), message.carrier)
		links = append(links, trace.Link{
			SpanContext: trace.SpanContextFromContext(ctx),
			Attributes:  message.attributes,
		})
	}
	count := attribute.Int("messaging.batch.message_count", len(messages))
	return tracer().Start(context.Background(), operation+" "+a.destination,
		trace.WithSpanKind(kind), a.attributes(operation, operation),
		trace.WithAttributes(count), trace.WithLinks(links...))
}
