package main

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// kafka-go, with spans of the application. Its writer tells where records were
// stored in a callback: `kafkago offsets` records that on the span of the send,
// and without it the span ends as most do, knowing the topic only.

func kafkagoTopics() []string { return []string{"orders." + run, "payments." + run} }

// Headers of a record as a carrier.
type kafkagoHeaders struct{ message *kafka.Message }

func (h kafkagoHeaders) Get(key string) string {
	for _, header := range h.message.Headers {
		if header.Key == key {
			return string(header.Value)
		}
	}
	return ""
}

func (h kafkagoHeaders) Set(key, value string) {
	h.message.Headers = append(h.message.Headers, kafka.Header{Key: key, Value: []byte(value)})
}

func (h kafkagoHeaders) Keys() []string { return nil }

func kafkagoStored(message kafka.Message) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.destination.partition.id", strconv.Itoa(message.Partition)),
		attribute.Int64("messaging.kafka.offset", message.Offset),
	}
}

func kafkagoProduce(ctx context.Context, args []string) error {
	var spans sync.Map
	writer := &kafka.Writer{
		Addr:         kafka.TCP(os.Getenv("KAFKA")),
		Balancer:     &kafka.Hash{},
		BatchTimeout: 5 * time.Millisecond,
		RequiredAcks: kafka.RequireAll,
		Completion: func(messages []kafka.Message, err error) {
			for _, message := range messages {
				if span, found := spans.LoadAndDelete(message.WriterData); found && err == nil {
					span.(trace.Span).SetAttributes(kafkagoStored(message)...)
				}
			}
		},
	}
	defer writer.Close()
	for n := range 24 {
		topic := kafkagoTopics()[n%2]
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			message := kafka.Message{Topic: topic, Value: body, WriterData: n}
			message.Key = []byte("customer-" + strconv.Itoa(n%5))
			ctx, span := about{system: "kafka", destination: topic}.send(ctx, kafkagoHeaders{&message})
			defer span.End()
			if has(args, "offsets") {
				spans.Store(n, span)
			}
			return writer.WriteMessages(ctx, message)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func kafkagoCreate() error {
	connection, err := kafka.Dial("tcp", os.Getenv("KAFKA"))
	if err != nil {
		return err
	}
	defer connection.Close()
	topics := []kafka.TopicConfig{}
	for _, topic := range kafkagoTopics() {
		topics = append(topics, kafka.TopicConfig{Topic: topic, NumPartitions: 2, ReplicationFactor: 1})
	}
	// Topics that are there already are no error of this client.
	return connection.CreateTopics(topics...)
}

// The worker has a span for each record, the audit one for several.
func kafkagoConsume(ended context.Context, _ []string) (func(), error) {
	if err := kafkagoCreate(); err != nil {
		return nil, err
	}
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers:     []string{os.Getenv("KAFKA")},
		GroupID:     role + "." + run,
		GroupTopics: kafkagoTopics(),
		StartOffset: kafka.FirstOffset,
		MaxWait:     200 * time.Millisecond,
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		several := []kafka.Message{}
		for {
			message, err := reader.ReadMessage(ended)
			if err != nil {
				break
			}
			if role == "worker" {
				kafkagoEach(message)
			} else if several = append(several, message); len(several) == 6 {
				kafkagoSeveral(several)
				several = nil
			}
		}
	}()
	return func() { <-done; _ = reader.Close() }, nil
}

func kafkagoEach(message kafka.Message) {
	what := about{"kafka", message.Topic, kafkagoStored(message)}
	ctx, span := what.process(kafkagoHeaders{&message})
	defer span.End()
	received(ctx, message.Value)
}

func kafkagoSeveral(messages []kafka.Message) {
	batch := []one{}
	for _, message := range messages {
		named := append(kafkagoStored(message),
			attribute.String("messaging.destination.name", message.Topic))
		batch = append(batch, one{kafkagoHeaders{&message}, named})
	}
	what := about{system: "kafka", destination: messages[0].Topic}
	ctx, span := what.batch(trace.SpanKindConsumer, "process", batch)
	defer span.End()
	for _, message := range messages {
		received(ctx, message.Value)
	}
}
