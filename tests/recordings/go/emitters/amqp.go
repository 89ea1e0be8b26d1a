package main

import (
	"context"
	"os"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// RabbitMQ, with spans of the application: a fanout exchange, one by one for the
// worker and in batches for the audit; one message is delivered again.

func amqpOpen() (*amqp.Connection, *amqp.Channel, error) {
	connection, err := amqp.Dial(os.Getenv("AMQP"))
	if err != nil {
		return nil, nil, err
	}
	channel, err := connection.Channel()
	if err != nil {
		return nil, nil, err
	}
	return connection, channel, channel.ExchangeDeclare(
		"events."+run, "fanout", false, true, false, false, nil)
}

func amqpHeaders(table amqp.Table) propagation.MapCarrier {
	carrier := propagation.MapCarrier{}
	for key, value := range table {
		if text, ok := value.(string); ok {
			carrier[key] = text
		}
	}
	return carrier
}

func amqpProduce(ctx context.Context, _ []string) error {
	connection, channel, err := amqpOpen()
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := channel.Confirm(false); err != nil {
		return err
	}
	for range 24 {
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			id, carrier := uuid.NewString(), propagation.MapCarrier{}
			what := about{"rabbitmq", "events." + run, []attribute.KeyValue{messageID(id)}}
			ctx, span := what.send(ctx, carrier)
			defer span.End()
			message := amqp.Publishing{MessageId: id, Body: body, Headers: amqp.Table{}}
			for key, value := range carrier {
				message.Headers[key] = value
			}
			confirmed, err := channel.PublishWithDeferredConfirmWithContext(
				ctx, "events."+run, "", false, false, message)
			if err == nil {
				_, err = confirmed.WaitContext(ctx)
			}
			return err
		})
		if err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

func amqpConsume(context.Context, []string) (func(), error) {
	connection, channel, err := amqpOpen()
	if err != nil {
		return nil, err
	}
	queue, err := channel.QueueDeclare(role+"."+run, false, true, false, false, nil)
	if err != nil {
		return nil, err
	}
	if err := channel.QueueBind(queue.Name, "", "events."+run, false, nil); err != nil {
		return nil, err
	}
	deliveries, err := channel.Consume(queue.Name, "", false, false, false, false, nil)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		several := []amqp.Delivery{}
		for delivery := range deliveries {
			if role == "worker" {
				amqpEach(delivery)
			} else if several = append(several, delivery); len(several) == 6 {
				amqpSeveral(several)
				several = nil
			}
		}
	}()
	return func() { _ = connection.Close(); <-done }, nil
}

var amqpRefused bool

func amqpEach(delivery amqp.Delivery) {
	what := about{"rabbitmq", delivery.Exchange, []attribute.KeyValue{messageID(delivery.MessageId)}}
	ctx, span := what.process(amqpHeaders(delivery.Headers))
	defer span.End()
	received(ctx, delivery.Body)
	if !amqpRefused {
		amqpRefused = true
		_ = delivery.Nack(false, true)
		return
	}
	_ = delivery.Ack(false)
}

func amqpSeveral(deliveries []amqp.Delivery) {
	batch := []one{}
	for _, delivery := range deliveries {
		named := []attribute.KeyValue{messageID(delivery.MessageId)}
		batch = append(batch, one{amqpHeaders(delivery.Headers), named})
	}
	what := about{system: "rabbitmq", destination: deliveries[0].Exchange}
	ctx, span := what.batch(trace.SpanKindConsumer, "process", batch)
	defer span.End()
	for _, delivery := range deliveries {
		received(ctx, delivery.Body)
		_ = delivery.Ack(false)
	}
}
