package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// cloud.google.com/go/pubsub/v2; as with version 1, there is no run without
// propagation.

func pubsub2Client(ctx context.Context) (*pubsub.Client, error) {
	config := &pubsub.ClientConfig{EnableOpenTelemetryTracing: true}
	return pubsub.NewClientWithConfig(ctx, "recordings", config)
}

func pubsub2Produce(ctx context.Context, _ []string) error {
	client, err := pubsub2Client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	orders, mail := client.Publisher("orders-"+run), client.Publisher("mail-"+run)
	defer orders.Stop()
	defer mail.Stop()
	mail.PublishSettings.CountThreshold = 4
	mail.PublishSettings.DelayThreshold = 50 * time.Millisecond
	send := func(publisher *pubsub.Publisher) (result *pubsub.PublishResult) {
		_ = around(ctx, "place order", func(ctx context.Context, body []byte) error {
			result = publisher.Publish(ctx, &pubsub.Message{Data: body})
			return nil
		})
		return result
	}
	for range 10 {
		if _, err := send(orders).Get(ctx); err != nil {
			return err
		}
	}
	for range 3 {
		results := []*pubsub.PublishResult{send(mail), send(mail), send(mail), send(mail)}
		for _, result := range results {
			if _, err := result.Get(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func pubsub2Subscribe(ctx context.Context, client *pubsub.Client, name string) (string, error) {
	project := "projects/recordings"
	topic := fmt.Sprintf("%s/topics/%s", project, name)
	_, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topic})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return "", err
	}
	subscription := fmt.Sprintf("%s/subscriptions/%s-%s", project, name, role)
	_, err = client.SubscriptionAdminClient.CreateSubscription(ctx,
		&pubsubpb.Subscription{Name: subscription, Topic: topic})
	return subscription, err
}

func pubsub2Consume(ended context.Context, _ []string) (func(), error) {
	client, err := pubsub2Client(ended)
	if err != nil {
		return nil, err
	}
	names := []string{"orders-" + run}
	if role == "worker" {
		names = append(names, "mail-"+run)
	}
	done := make(chan error)
	for _, name := range names {
		subscription, err := pubsub2Subscribe(ended, client, name)
		if err != nil {
			return nil, err
		}
		var refused atomic.Bool
		go func() {
			handle := func(ctx context.Context, message *pubsub.Message) {
				received(ctx, message.Data)
				time.Sleep(time.Millisecond)
				if refused.CompareAndSwap(false, true) {
					message.Nack()
				} else {
					message.Ack()
				}
			}
			done <- client.Subscriber(subscription).Receive(ended, handle)
		}()
	}
	return func() {
		for range names {
			<-done
		}
		_ = client.Close()
	}, nil
}
