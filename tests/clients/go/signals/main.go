// Command signals is a service with traces, metrics and logs on, as autoexport
// configures it from the environment alone. It produces and consumes messages, and
// loses the context on the way: no consumer has a parent or a link.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// providers are the three of an application.
type providers struct {
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
}

func newProviders(ctx context.Context) (made providers, err error) {
	spans, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return made, err
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return made, err
	}
	records, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return made, err
	}
	made.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
	made.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	made.logs = sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(records)))
	return made, nil
}

func (p providers) shutdown(ctx context.Context) error {
	return errors.Join(p.traces.Shutdown(ctx), p.metrics.Shutdown(ctx), p.logs.Shutdown(ctx))
}

func run(ctx context.Context, count int, p providers) error {
	tracer := p.traces.Tracer("signals")
	meter := p.metrics.Meter("signals")
	orders, err := meter.Int64Counter("orders.received", metric.WithUnit("{order}"))
	if err != nil {
		return err
	}
	sizes, err := meter.Int64Histogram("orders.size", metric.WithUnit("By"))
	if err != nil {
		return err
	}
	logger := otelslog.NewLogger("signals", otelslog.WithLoggerProvider(p.logs))
	for number := range count {
		_, sent := tracer.Start(ctx, "publish", message(number, trace.SpanKindProducer, "publish")...)
		sent.End()
		inside, received := tracer.Start(ctx, "receive", message(number, trace.SpanKindConsumer, "receive")...)
		orders.Add(inside, 1, metric.WithAttributes(attribute.String("shop", "north")))
		sizes.Record(inside, int64(number))
		logger.InfoContext(inside, fmt.Sprintf("order %d is here", number))
		received.End()
	}
	return nil
}

func message(number int, kind trace.SpanKind, operation string) []trace.SpanStartOption {
	return []trace.SpanStartOption{
		trace.WithNewRoot(), trace.WithSpanKind(kind),
		trace.WithAttributes(
			attribute.String("messaging.system", "rabbitmq"),
			attribute.String("messaging.destination.name", "orders"),
			attribute.String("messaging.message.id", fmt.Sprintf("message-%d", number)),
			attribute.String("messaging.operation", operation)),
	}
}

func main() {
	ctx := context.Background()
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	p, err := newProviders(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := errors.Join(run(ctx, count, p), p.shutdown(ctx)); err != nil {
		log.Fatal(err)
	}
}
