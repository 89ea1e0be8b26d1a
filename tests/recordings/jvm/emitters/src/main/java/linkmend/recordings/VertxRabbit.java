package linkmend.recordings;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.rabbitmq.RabbitMQClient;
import io.vertx.rabbitmq.RabbitMQOptions;
import java.util.concurrent.TimeUnit;

/** The RabbitMQ client of Vert.x: {@code produce}, or {@code consume QUEUE MESSAGES}. */
final class VertxRabbit {
  private VertxRabbit() {}

  public static void main(String[] args) throws Exception {
    Vertx vertx = Vertx.vertx();
    RabbitMQOptions options =
        new RabbitMQOptions()
            .setHost("127.0.0.1")
            .setPort(Integer.parseInt(System.getenv("BROKER")));
    RabbitMQClient client = RabbitMQClient.create(vertx, options);
    await(client.start());
    if (args[0].equals("produce")) {
      produce(client);
    } else {
      consume(client, args[1], Integer.parseInt(args[2]));
    }
    await(client.stop());
    await(vertx.close());
  }

  /** 8 orders, and 4 payments. */
  private static void produce(RabbitMQClient client) throws Exception {
    await(client.queueDeclare("orders", true, false, false));
    await(client.queueDeclare("payments", true, false, false));
    for (int i = 0; i < 8; i++) {
      Trail.send(
          "place order", body -> await(client.basicPublish("", "orders", Buffer.buffer(body))));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send(
          "pay", body -> await(client.basicPublish("", "payments", Buffer.buffer(body))));
    }
  }

  private static void consume(RabbitMQClient client, String queue, int messages)
      throws Exception {
    Trail.expect(messages);
    await(client.basicConsumer(queue))
        .handler(message -> Trail.handle(message.body().toString()));
    Trail.await();
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(Trail.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }
}
