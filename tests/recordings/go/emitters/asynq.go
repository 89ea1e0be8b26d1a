package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// asynq, with spans of the application in a middleware: it has none of its own.

func asynqRedis() asynq.RedisClientOpt {
	address, _ := url.Parse(os.Getenv("REDIS"))
	return asynq.RedisClientOpt{Addr: address.Host, DB: 1}
}

func asynqProduce(ctx context.Context, _ []string) error {
	client := asynq.NewClient(asynqRedis())
	defer client.Close()
	for n := range 24 {
		queue := []string{"orders", "mail"}[n%2] + "." + run
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			headers := propagation.MapCarrier{}
			id := uuid.NewString()
			what := about{"asynq", queue, []attribute.KeyValue{messageID(id)}}
			ctx, span := what.send(ctx, headers)
			defer span.End()
			task := asynq.NewTaskWithHeaders("place", body, headers)
			_, err := client.EnqueueContext(ctx, task,
				asynq.Queue(queue), asynq.TaskID(id), asynq.MaxRetry(2))
			return err
		})
		if err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

func asynqSpans(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		queue, _ := asynq.GetQueueName(ctx)
		what := about{"asynq", queue, []attribute.KeyValue{messageID(id)}}
		inner, span := what.process(propagation.MapCarrier(task.Headers()))
		defer span.End()
		return next.ProcessTask(trace.ContextWithSpan(ctx, trace.SpanFromContext(inner)), task)
	})
}

var asynqFailed atomic.Bool

func asynqOrder(ctx context.Context, task *asynq.Task) error {
	received(ctx, task.Payload())
	time.Sleep(time.Millisecond)
	if asynqFailed.CompareAndSwap(false, true) {
		return errors.New("the printer is out of paper")
	}
	return nil
}

func asynqConsume(context.Context, []string) (func(), error) {
	server := asynq.NewServer(asynqRedis(), asynq.Config{
		Concurrency:              2,
		Queues:                   map[string]int{"orders." + run: 1, "mail." + run: 1},
		LogLevel:                 asynq.ErrorLevel,
		DelayedTaskCheckInterval: time.Second,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration {
			return 100 * time.Millisecond
		},
	})
	handlers := asynq.NewServeMux()
	handlers.Use(asynqSpans)
	handlers.HandleFunc("place", asynqOrder)
	return server.Shutdown, server.Start(handlers)
}
