package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/uuid"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// AWS SDK 2, SQS, with otelaws: `sqs [advice|recipe]`. It sends no context, so that
// there is no run with propagation. With `recipe` the spans of the application name
// the orders that messages are about.

func sqsNames() []string { return []string{"orders-" + run, "mail-" + run} }

// Two clients: one with spans, and one without, to set up.
func sqsClients(ctx context.Context, args []string) (spans, plain *sqs.Client, err error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, nil, err
	}
	plain = sqs.NewFromConfig(settings)
	options := []otelaws.Option{}
	if has(args, "advice") {
		options = append(options,
			otelaws.WithAttributeBuilder(otelaws.DefaultAttributeBuilder, sqsMessages))
	}
	otelaws.AppendMiddlewares(&settings.APIOptions, options...)
	return sqs.NewFromConfig(settings), plain, nil
}

// What the advice says: the ids of the messages, and where they went.
func sqsMessages(
	_ context.Context, in middleware.InitializeInput, out middleware.InitializeOutput,
) []attribute.KeyValue {
	ids, operation, url := []string{}, "send", (*string)(nil)
	switch result := out.Result.(type) {
	case *sqs.SendMessageOutput:
		url = in.Parameters.(*sqs.SendMessageInput).QueueUrl
		ids = append(ids, aws.ToString(result.MessageId))
	case *sqs.SendMessageBatchOutput:
		url = in.Parameters.(*sqs.SendMessageBatchInput).QueueUrl
		for _, sent := range result.Successful {
			ids = append(ids, aws.ToString(sent.MessageId))
		}
	case *sqs.ReceiveMessageOutput:
		operation, url = "receive", in.Parameters.(*sqs.ReceiveMessageInput).QueueUrl
		for _, message := range result.Messages {
			ids = append(ids, aws.ToString(message.MessageId))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	name := aws.ToString(url)
	return []attribute.KeyValue{
		attribute.String("messaging.operation.type", operation),
		attribute.String("messaging.destination.name", name[strings.LastIndex(name, "/")+1:]),
		attribute.StringSlice("messaging.message.id", ids),
	}
}

func sqsCreate(ctx context.Context, client *sqs.Client, name string) (*string, error) {
	queue, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(name),
		Attributes: map[string]string{"VisibilityTimeout": "2"},
	})
	if err != nil {
		return nil, err
	}
	return queue.QueueUrl, nil
}

func sqsProduce(ctx context.Context, args []string) error {
	client, plain, err := sqsClients(ctx, args)
	if err != nil {
		return err
	}
	options := []trace.SpanStartOption{}
	if has(args, "recipe") {
		options = append(options, trace.WithSpanKind(trace.SpanKindProducer))
	}
	for _, name := range sqsNames() {
		url, err := sqsCreate(ctx, plain, name)
		if err != nil {
			return err
		}
		for n := range 12 {
			err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
				if n%3 == 2 {
					return sqsBatch(ctx, client, url, body, has(args, "recipe"))
				}
				body = sqsOrder(ctx, body, has(args, "recipe"))
				input := &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(string(body))}
				_, err := client.SendMessage(ctx, input)
				return err
			}, options...)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// What the recipe goes by: an id that the message has anyway, on the span around
// its send too.
func sqsOrder(ctx context.Context, body []byte, named bool) []byte {
	if !named {
		return body
	}
	var content note
	_ = json.Unmarshal(body, &content)
	content.Order = uuid.NewString()
	sqsOrders(ctx, content.Order)
	text, _ := json.Marshal(content)
	return text
}

// Adds an order to those that the span of the context names.
func sqsOrders(ctx context.Context, order string) {
	span := trace.SpanFromContext(ctx)
	orders := []string{order}
	if before, readable := span.(sdk.ReadOnlySpan); readable {
		for _, attribute := range before.Attributes() {
			if attribute.Key == "order.id" {
				orders = append(attribute.Value.AsStringSlice(), order)
			}
		}
	}
	span.SetAttributes(attribute.StringSlice("order.id", orders))
}

func sqsBatch(
	ctx context.Context, client *sqs.Client, url *string, plain []byte, named bool,
) error {
	input := &sqs.SendMessageBatchInput{QueueUrl: url}
	for n := range 3 {
		body := sqsOrder(ctx, plain, named)
		entry := types.SendMessageBatchRequestEntry{
			Id:          aws.String(strconv.Itoa(n)),
			MessageBody: aws.String(string(body)),
		}
		input.Entries = append(input.Entries, entry)
	}
	_, err := client.SendMessageBatch(ctx, input)
	return err
}

// Receives once. The span of the receive is the first that starts meanwhile: this
// loop is all that its process does.
func sqsReceive(client *sqs.Client, url *string, keep *bool, named bool) error {
	ctx, before := context.Background(), started.count()
	answer, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1,
	})
	if err != nil {
		return err
	}
	for _, message := range answer.Messages {
		if named {
			sqsHandle([]byte(aws.ToString(message.Body)))
		} else {
			receivedBy(started.at(before), []byte(aws.ToString(message.Body)))
		}
		if *keep {
			// Not deleted: it comes again.
			*keep = false
			continue
		}
		input := &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: message.ReceiptHandle}
		if _, err := client.DeleteMessage(ctx, input); err != nil {
			return err
		}
	}
	return nil
}

// The span of the application around what is done with a message.
func sqsHandle(body []byte) {
	ctx, span := tracer().Start(context.Background(), "handle order",
		trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	var content note
	_ = json.Unmarshal(body, &content)
	sqsOrders(ctx, content.Order)
	received(ctx, body)
}

func sqsConsume(ended context.Context, args []string) (func(), error) {
	client, plain, err := sqsClients(ended, args)
	if err != nil {
		return nil, err
	}
	urls := []*string{}
	for _, name := range sqsNames() {
		url, err := sqsCreate(ended, plain, name)
		if err != nil {
			return nil, err
		}
		urls = append(urls, url)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		keep := true
		for ended.Err() == nil {
			for _, url := range urls {
				if err := sqsReceive(client, url, &keep, has(args, "recipe")); err != nil {
					fail(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	return func() { <-done }, nil
}
