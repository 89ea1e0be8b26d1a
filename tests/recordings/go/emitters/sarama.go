package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/dnwe/otelsarama"
)

// Sarama with dnwe/otelsarama: `sarama [noack]`.

func saramaTopics() []string { return []string{"orders." + run, "payments." + run} }

func saramaConfig(args []string) *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V2_6_0_0
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	if has(args, "noack") {
		config.Producer.RequiredAcks = sarama.NoResponse
	}
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	return config
}

func saramaProduce(ctx context.Context, args []string) error {
	config := saramaConfig(args)
	plain, err := sarama.NewSyncProducer([]string{os.Getenv("KAFKA")}, config)
	if err != nil {
		return err
	}
	producer := otelsarama.WrapSyncProducer(config, plain)
	defer producer.Close()
	for n := range 24 {
		topic := saramaTopics()[n%2]
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			message := &sarama.ProducerMessage{
				Topic: topic,
				Key:   sarama.StringEncoder("customer-" + string(rune('a'+n%5))),
				Value: sarama.ByteEncoder(body),
			}
			// The way that its documentation tells: the span of the send finds
			// its parent in the headers.
			put(ctx, otelsarama.NewProducerMessageCarrier(message))
			_, _, err := producer.SendMessage(message)
			return err
		})
		if err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

type saramaHandler struct {
	joined sync.Once
	ready  chan struct{}
}

func (h *saramaHandler) Setup(sarama.ConsumerGroupSession) error {
	h.joined.Do(func() { close(h.ready) })
	return nil
}

func (h *saramaHandler) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (h *saramaHandler) ConsumeClaim(
	session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		ctx := current(context.Background(), otelsarama.NewConsumerMessageCarrier(message))
		received(ctx, message.Value)
		_, span := tracer().Start(ctx, "handle order")
		time.Sleep(time.Millisecond)
		span.End()
		session.MarkMessage(message, "")
	}
	return nil
}

func saramaConsume(ended context.Context, args []string) (func(), error) {
	brokers := []string{os.Getenv("KAFKA")}
	config := saramaConfig(args)
	admin, err := sarama.NewClusterAdmin(brokers, config)
	if err != nil {
		return nil, err
	}
	for _, topic := range saramaTopics() {
		// It is there already for the second group.
		_ = admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}, false)
	}
	if err := admin.Close(); err != nil {
		return nil, err
	}
	group, err := sarama.NewConsumerGroup(brokers, service+"."+run, config)
	if err != nil {
		return nil, err
	}
	handler := &saramaHandler{ready: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ended.Err() == nil {
			_ = group.Consume(ended, saramaTopics(), otelsarama.WrapConsumerGroupHandler(handler))
		}
	}()
	<-handler.ready
	return func() { <-done; _ = group.Close() }, nil
}
