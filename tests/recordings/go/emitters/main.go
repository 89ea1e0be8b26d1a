// Emitters that are recorded: `emitters NAME [ARGUMENT…]`. What each is to do, its
// environment says: see ../../tools/runner.py.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// An emitter produces messages, or starts to consume them and gives what stops
// that.
type emitter struct {
	produce func(ctx context.Context, args []string) error
	consume func(ctx context.Context, args []string) (stop func(), err error)
}

var emitters = map[string]emitter{
	"sarama":  {saramaProduce, saramaConsume},
	"franz":   {franzProduce, franzConsume},
	"pubsub1": {pubsub1Produce, pubsub1Consume},
	"pubsub2": {pubsub2Produce, pubsub2Consume},
	"sqs":     {sqsProduce, sqsConsume},
	"river":   {riverProduce, riverConsume},
	"asynq":   {asynqProduce, asynqConsume},
	"nats":    {natsProduce, natsConsume},
	"kafkago": {kafkagoProduce, kafkagoConsume},
	"amqp":    {amqpProduce, amqpConsume},
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: emitters NAME [ARGUMENT…]"))
	}
	chosen, known := emitters[os.Args[1]]
	if !known {
		fail(fmt.Errorf("no emitter is named %q", os.Args[1]))
	}
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	shutdown, err := start(context.Background())
	if err != nil {
		fail(err)
	}
	if os.Getenv("ROLE") == "produce" {
		err = chosen.produce(context.Background(), os.Args[2:])
	} else {
		err = consume(ended, chosen)
	}
	if closing := shutdown(context.Background()); err == nil {
		err = closing
	}
	if err != nil {
		fail(err)
	}
}

func consume(ended context.Context, chosen emitter) error {
	end, err := chosen.consume(ended, os.Args[2:])
	if err != nil {
		return err
	}
	fmt.Println("ready")
	<-ended.Done()
	end()
	return nil
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "emitters: %v\n", err)
	os.Exit(1)
}
