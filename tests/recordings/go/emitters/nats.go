package main

import (
	"context"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
)

// NATS (core, no JetStream), with spans of the application: subjects that two
// queue groups receive, and requests with replies.

func natsProduce(ctx context.Context, _ []string) error {
	connection, err := nats.Connect(os.Getenv("NATS"))
	if err != nil {
		return err
	}
	defer connection.Close()
	for n := range 24 {
		subject := []string{"orders.", "mail.", "stock."}[n%3] + run
		err := around(ctx, "place order", func(ctx context.Context, body []byte) error {
			message := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{}}
			id := uuid.NewString()
			message.Header.Set(nats.MsgIdHdr, id)
			what := about{"nats", subject, []attribute.KeyValue{messageID(id)}}
			_, span := what.send(ctx, propagation.HeaderCarrier(message.Header))
			defer span.End()
			if n%3 == 2 {
				_, err := connection.RequestMsg(message, 5*time.Second)
				return err
			}
			return connection.PublishMsg(message)
		})
		if err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return connection.Flush()
}

func natsHandle(message *nats.Msg) {
	id := message.Header.Get(nats.MsgIdHdr)
	what := about{"nats", message.Subject, []attribute.KeyValue{messageID(id)}}
	ctx, span := what.process(propagation.HeaderCarrier(message.Header))
	defer span.End()
	received(ctx, message.Data)
	time.Sleep(time.Millisecond)
	if message.Reply != "" {
		_ = message.Respond([]byte("reserved"))
	}
}

func natsConsume(context.Context, []string) (func(), error) {
	connection, err := nats.Connect(os.Getenv("NATS"))
	if err != nil {
		return nil, err
	}
	subjects := []string{"orders." + run, "mail." + run}
	if role == "worker" {
		subjects = append(subjects, "stock."+run)
	}
	for _, subject := range subjects {
		if _, err := connection.QueueSubscribe(subject, role, natsHandle); err != nil {
			return nil, err
		}
	}
	return connection.Close, connection.Flush()
}
