package linkmend.recordings;

import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStream;
import io.nats.client.JetStreamOptions;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.Subscription;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The NATS client: {@code produce}, {@code dispatch MESSAGES}, {@code next MESSAGES}; with JetStream
 * {@code stream-produce}, {@code stream-push MESSAGES}, {@code stream-pull MESSAGES}.
 */
final class NatsClient {
  private NatsClient() {}

  public static void main(String[] args) throws Exception {
    int messages = args.length > 1 ? Integer.parseInt(args[1]) : 0;
    try (Connection connection = Nats.connect(options())) {
      switch (args[0]) {
        case "produce" -> produce(connection);
        case "dispatch" -> dispatch(connection, messages);
        case "next" -> next(connection, messages);
        case "stream-produce" -> streamProduce(connection);
        case "stream-push" -> streamPush(connection, messages);
        case "stream-pull" -> streamPull(connection, messages);
        default -> throw new IllegalArgumentException(args[0]);
      }
    }
  }

  private static Options options() {
    return new Options.Builder()
        .server("nats://" + Trail.broker())
        .connectionTimeout(Trail.PATIENCE)
        .socketWriteTimeout(Trail.PATIENCE.plusSeconds(1).toMillis())
        .build();
  }

  private static JetStream jetStream(Connection connection) throws Exception {
    return connection.jetStream(
        JetStreamOptions.builder().requestTimeout(Trail.PATIENCE).build());
  }

  private static byte[] bytes(String body) {
    return body.getBytes(StandardCharsets.UTF_8);
  }

  private static void handle(Message message) {
    Trail.handle(new String(message.getData(), StandardCharsets.UTF_8));
  }

  /** 10 orders, the last 4 in one trace, 4 payments, and 3 questions that are answered. */
  private static void produce(Connection connection) throws Exception {
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> connection.publish("orders", bytes(body)));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> connection.publish("payments", bytes(body)));
    }
    Trail.together(
        "import orders", 4, "place order", body -> connection.publish("orders", bytes(body)));
    for (int i = 0; i < 3; i++) {
      Trail.send(
          "ask for stock",
          body -> connection.request("stock", bytes(body), Trail.PATIENCE));
    }
    connection.flush(Trail.PATIENCE);
  }

  private static void dispatch(Connection connection, int messages) throws Exception {
    Trail.expect(messages);
    Dispatcher dispatcher = connection.createDispatcher(NatsClient::handle);
    dispatcher.subscribe("orders", "billing");
    dispatcher.subscribe(
        "stock",
        message -> {
          handle(message);
          connection.publish(message.getReplyTo(), bytes("12 left"));
        });
    connection.flush(Trail.PATIENCE);
    Trail.ready();
    Trail.await();
  }

  private static void next(Connection connection, int messages) throws Exception {
    Subscription subscription = connection.subscribe("payments");
    connection.flush(Trail.PATIENCE);
    Trail.ready();
    for (int i = 0; i < messages; i++) {
      handle(subscription.nextMessage(Trail.PATIENCE));
    }
  }

  /** 8 orders, of which the stream keeps what is not yet taken, and 4 payments. */
  private static void streamProduce(Connection connection) throws Exception {
    connection
        .jetStreamManagement(
            JetStreamOptions.builder().requestTimeout(Trail.PATIENCE).build())
        .addStream(
            StreamConfiguration.builder()
                .name("SHOP")
                .subjects("shop.>")
                .storageType(StorageType.Memory)
                .build());
    JetStream stream = jetStream(connection);
    for (int i = 0; i < 8; i++) {
      Trail.send("place order", body -> store(connection, stream, "shop.orders", body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> store(connection, stream, "shop.payments", body));
    }
    connection.flush(Trail.PATIENCE);
  }

  /** Streams keep what is published without JetStream too; PUBLISH=core does so. */
  private static void store(
      Connection connection, JetStream stream, String subject, String body) throws Exception {
    if ("core".equals(System.getenv("PUBLISH"))) {
      connection.publish(subject, bytes(body));
    } else {
      stream.publish(subject, bytes(body));
    }
  }

  /** The first is not acknowledged, and comes again. */
  private static void streamPush(Connection connection, int messages) throws Exception {
    Trail.expect(messages);
    AtomicBoolean fails = new AtomicBoolean(true);
    Dispatcher dispatcher = connection.createDispatcher();
    PushSubscribeOptions options = PushSubscribeOptions.builder().durable("billing").build();
    jetStream(connection)
        .subscribe(
            "shop.orders",
            dispatcher,
            message -> {
              handle(message);
              if (fails.getAndSet(false)) {
                message.nak();
              } else {
                message.ack();
              }
            },
            false,
            options);
    Trail.await();
  }

  private static void streamPull(Connection connection, int messages) throws Exception {
    Trail.expect(messages);
    JetStreamSubscription subscription =
        jetStream(connection)
            .subscribe("shop.payments", PullSubscribeOptions.builder().durable("mailer").build());
    while (!Trail.done()) {
      for (Message message : subscription.fetch(messages, Duration.ofSeconds(2))) {
        handle(message);
        message.ack();
      }
    }
  }
}
