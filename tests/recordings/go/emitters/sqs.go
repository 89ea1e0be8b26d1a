package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel/attribute"
)

// AWS SDK 2, SQS, with otelaws: `sqs [advice]`. It sends no context, so that there
// is no run with propagation.

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
	for _, name := range sqsNames() {
		url, err := sqsCreate(ctx, plain, name)
		if err != nil {
			return err
		}
		for n := range 12 {
			err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
				if n%3 == 2 {
					return sqsBatch(ctx, client, url, body)
				}
				input := &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(string(body))}
				_, err := client.SendMessage(ctx, input)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func sqsBatch(ctx context.Context, client *sqs.Client, url *string, body []byte) error {
	input := &sqs.SendMessageBatchInput{QueueUrl: url}
	for n := range 3 {
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
func sqsReceive(client *sqs.Client, url *string, keep *bool) error {
	ctx, before := context.Background(), started.count()
	answer, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1,
	})
	if err != nil {
		return err
	}
	for _, message := range answer.Messages {
		receivedBy(started.at(before), []byte(aws.ToString(message.Body)))
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

func sqsConsume(ended context.Context, args []string) (func(), error) {
	_ = os.Setenv("AWS_REGION", os.Getenv("AWS_DEFAULT_REGION"))
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
				if err := sqsReceive(client, url, &keep); err != nil {
					fail(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	return func() { <-done }, nil
}
