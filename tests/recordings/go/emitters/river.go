package main

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/riverqueue/rivercontrib/otelriver"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// River with its OpenTelemetry middleware; contexts are propagated only where that
// is switched on. With `river advice` a PRODUCER span of the application around each
// insert has the ids that it returned.

type order struct {
	Body []byte `json:"body"`
}

func (order) Kind() string { return "order" }

type mail struct {
	Body []byte `json:"body"`
}

func (mail) Kind() string { return "mail" }

func riverMiddleware() []rivertype.Middleware {
	config := &otelriver.MiddlewareConfig{EnableTracePropagation: propagates}
	return []rivertype.Middleware{otelriver.NewMiddleware(config)}
}

func riverPool(ctx context.Context) (*pgxpool.Pool, error) {
	return pgxpool.New(ctx, os.Getenv("POSTGRES"))
}

// The ids of what was inserted, on the span around that.
func riverNamed(ctx context.Context, named bool, jobs ...*rivertype.JobInsertResult) {
	if !named {
		return
	}
	ids := []int64{}
	for _, inserted := range jobs {
		ids = append(ids, inserted.Job.ID)
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int64Slice("river.job.id", ids))
}

func riverProduce(ctx context.Context, args []string) error {
	named, options := has(args, "advice"), []trace.SpanStartOption{}
	if named {
		options = append(options, trace.WithSpanKind(trace.SpanKindProducer))
	}

	pool, err := riverPool(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Middleware: riverMiddleware()})
	if err != nil {
		return err
	}
	for range 14 {
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			job, err := client.Insert(ctx, order{body}, nil)
			if err == nil {
				riverNamed(ctx, named, job)
			}
			return err
		}, options...)
		if err != nil {
			return err
		}
	}
	for range 4 {
		err := around(ctx, "write mails", func(ctx context.Context, body []byte) error {
			in := &river.InsertOpts{Queue: "mail"}
			jobs, err := client.InsertMany(ctx, []river.InsertManyParams{
				{Args: mail{body}, InsertOpts: in}, {Args: mail{body}, InsertOpts: in},
				{Args: mail{body}, InsertOpts: in},
			})
			if err == nil {
				riverNamed(ctx, named, jobs...)
			}
			return err
		}, options...)
		if err != nil {
			return err
		}
	}
	return nil
}

var riverFailed atomic.Bool

func riverOrder(ctx context.Context, job *river.Job[order]) error {
	received(ctx, job.Args.Body)
	time.Sleep(time.Millisecond)
	if riverFailed.CompareAndSwap(false, true) {
		return errors.New("the printer is out of paper")
	}
	return nil
}

func riverMail(ctx context.Context, job *river.Job[mail]) error {
	received(ctx, job.Args.Body)
	return nil
}

// Tried again at once.
type soon struct{}

func (soon) NextRetry(*rivertype.JobRow) time.Time { return time.Now() }

func riverConsume(ended context.Context, _ []string) (func(), error) {
	ctx := context.WithoutCancel(ended)
	pool, err := riverPool(ctx)
	if err != nil {
		return nil, err
	}
	if err := riverFresh(ctx, pool); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(riverOrder))
	river.AddWorker(workers, river.WorkFunc(riverMail))
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Middleware:  riverMiddleware(),
		Queues:      map[string]river.QueueConfig{"default": {MaxWorkers: 4}, "mail": {MaxWorkers: 4}},
		RetryPolicy: soon{},
		Workers:     workers,
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return func() { _ = client.Stop(ctx); pool.Close() }, nil
}

// The tables of River, without the jobs of the run before.
func riverFresh(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	_, err = pool.Exec(ctx, "DELETE FROM river_job")
	return err
}
