package main

import (
	"context"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub"
)

// cloud.google.com/go/pubsub, version 1. It carries contexts in an attribute of its
// own and asks no propagator, so that there is no run without.

func pubsub1Client(ctx context.Context) (*pubsub.Client, error) {
	config := &pubsub.ClientConfig{EnableOpenTelemetryTracing: true}
	return pubsub.NewClientWithConfig(ctx, "recordings", config)
}

func pubsub1Produce(ctx context.Context, _ []string) error {
	client, err := pubsub1Client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	orders, mail := client.Topic("orders-"+run), client.Topic("mail-"+run)
	defer orders.Stop()
	defer mail.Stop()
	mail.PublishSettings.CountThreshold = 4
	mail.PublishSettings.DelayThreshold = 50 * time.Millisecond
	send := func(topic *pubsub.Topic) (result *pubsub.PublishResult) {
		_ = around(ctx, "place order", func(ctx context.Context, body []byte) error {
			result = topic.Publish(ctx, &pubsub.Message{Data: body})
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

func pubsub1Consume(ended context.Context, _ []string) (func(), error) {
	client, err := pubsub1Client(ended)
	if err != nil {
		return nil, err
	}
	names := []string{"orders-" + run}
	if role == "worker" {
		names = append(names, "mail-"+run)
	}
	done := make(chan error)
	for _, name := range names {
		topic := client.Topic(name)
		if there, err := topic.Exists(ended); err != nil {
			return nil, err
		} else if !there {
			if topic, err = client.CreateTopic(ended, name); err != nil {
				return nil, err
			}
		}
		config := pubsub.SubscriptionConfig{Topic: topic}
		subscription, err := client.CreateSubscription(ended, name+"-"+role, config)
		if err != nil {
			return nil, err
		}
		var refused atomic.Bool
		go func() {
			done <- subscription.Receive(ended, func(ctx context.Context, message *pubsub.Message) {
				received(ctx, message.Data)
				time.Sleep(time.Millisecond)
				if refused.CompareAndSwap(false, true) {
					message.Nack()
				} else {
					message.Ack()
				}
			})
		}()
	}
	return func() {
		for range names {
			<-done
		}
		_ = client.Close()
	}, nil
}
