package main

import (
	"context"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/plugin/kotel"
)

// franz-go with kotel: `franz [links] [noack]`.

func franzTopics() []string { return []string{"orders." + run, "payments." + run} }

func franzClient(args []string, options ...kgo.Opt) (*kgo.Client, *kotel.Tracer, error) {
	settings := []kotel.TracerOpt{}
	if has(args, "links") {
		settings = append(settings, kotel.LinkSpans())
	}
	if role != "produce" {
		settings = append(settings, kotel.ConsumerGroup(service+"."+run))
	}
	spans := kotel.NewTracer(settings...)
	hooks := kotel.NewKotel(kotel.WithTracer(spans)).Hooks()
	options = append(options, kgo.SeedBrokers(os.Getenv("KAFKA")), kgo.WithHooks(hooks...))
	client, err := kgo.NewClient(options...)
	return client, spans, err
}

func franzProduce(ctx context.Context, args []string) error {
	options := []kgo.Opt{}
	if has(args, "noack") {
		options = append(options, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	}
	client, _, err := franzClient(args, options...)
	if err != nil {
		return err
	}
	defer client.Close()
	record := func(n int, body []byte) *kgo.Record {
		return &kgo.Record{
			Topic: franzTopics()[n%2],
			Key:   []byte("customer-" + string(rune('a'+n%5))),
			Value: body,
		}
	}
	for n := range 16 {
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			return client.ProduceSync(ctx, record(n, body)).FirstErr()
		})
		if err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	// In batches too: each of the records has a span, and all go in one request.
	for range 3 {
		results := make(chan error)
		for n := range 4 {
			_ = around(ctx, "place order", func(ctx context.Context, body []byte) error {
				client.Produce(ctx, record(n, body), func(_ *kgo.Record, err error) { results <- err })
				return nil
			})
		}
		for range 4 {
			if err := <-results; err != nil {
				return err
			}
		}
	}
	return client.Flush(ctx)
}

func franzCreate(ctx context.Context, client *kgo.Client) error {
	request := kmsg.NewPtrCreateTopicsRequest()
	for _, name := range franzTopics() {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 2, 1
		request.Topics = append(request.Topics, topic)
	}
	// Topics that are there already are told in the answer, not as an error.
	_, err := request.RequestWith(ctx, client)
	return err
}

func franzConsume(ended context.Context, args []string) (func(), error) {
	joined := make(chan struct{})
	client, spans, err := franzClient(args,
		kgo.ConsumerGroup(service+"."+run),
		kgo.ConsumeTopics(franzTopics()...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, of map[string][]int32) {
			if len(of) > 0 {
				close(joined)
			}
		}))
	if err != nil {
		return nil, err
	}
	if err := franzCreate(ended, client); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ended.Err() == nil {
			fetches := client.PollFetches(ended)
			fetches.EachRecord(func(record *kgo.Record) {
				// Both are consumers of it: the span of the client, and that of the
				// application below it, or linked to it.
				received(record.Context, record.Value)
				ctx, span := spans.WithProcessSpan(record)
				received(ctx, record.Value)
				time.Sleep(time.Millisecond)
				span.End()
			})
		}
	}()
	<-joined
	return func() { <-done; client.Close() }, nil
}
