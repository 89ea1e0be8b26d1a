package linkmend.recordings;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The RabbitMQ client: {@code produce}; {@code deliver QUEUE MESSAGES}, which rejects a message once;
 * {@code get QUEUE MESSAGES}. Orders go to the queues billing and shipping, payments to one.
 */
final class RabbitClient {
  private RabbitClient() {}

  public static void main(String[] args) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(Integer.parseInt(System.getenv("BROKER")));
    factory.setHandshakeTimeout((int) Trail.PATIENCE.toMillis());
    try (Connection connection = factory.newConnection();
        Channel channel = connection.createChannel()) {
      switch (args[0]) {
        case "produce" -> produce(channel);
        case "deliver" -> deliver(channel, args[1], Integer.parseInt(args[2]));
        case "get" -> get(channel, args[1], Integer.parseInt(args[2]));
        default -> throw new IllegalArgumentException(args[0]);
      }
    }
  }

  /** 10 orders, the last 4 in one trace, and 6 payments; every second one has an id. */
  private static void produce(Channel channel) throws Exception {
    channel.exchangeDeclare("orders", "topic");
    for (String queue : new String[] {"billing", "shipping", "payments"}) {
      channel.queueDeclare(queue, true, false, false, null);
    }
    channel.queueBind("billing", "orders", "order.#");
    channel.queueBind("shipping", "orders", "order.#");
    for (int i = 0; i < 6; i++) {
      BasicProperties properties = properties(i);
      Trail.send("place order", body -> publish(channel, "orders", "order.new", properties, body));
    }
    for (int i = 0; i < 6; i++) {
      BasicProperties properties = properties(i);
      Trail.send("pay", body -> publish(channel, "", "payments", properties, body));
    }
    Trail.together(
        "import orders",
        4,
        "place order",
        body -> publish(channel, "orders", "order.import", properties(0), body));
  }

  private static BasicProperties properties(int number) {
    BasicProperties.Builder properties = new BasicProperties.Builder().deliveryMode(2);
    if (number % 2 == 0) {
      properties.messageId(UUID.randomUUID().toString());
    }
    return properties.build();
  }

  private static void publish(
      Channel channel, String exchange, String key, BasicProperties properties, String body)
      throws IOException {
    channel.basicPublish(exchange, key, properties, body.getBytes(StandardCharsets.UTF_8));
  }

  private static void deliver(Channel channel, String queue, int messages) throws Exception {
    Trail.expect(messages);
    AtomicBoolean rejects = new AtomicBoolean(true);
    channel.basicQos(5);
    channel.basicConsume(
        queue,
        false,
        new DefaultConsumer(channel) {
          @Override
          public void handleDelivery(
              String consumer, Envelope envelope, BasicProperties properties, byte[] body)
              throws IOException {
            if (rejects.getAndSet(false)) {
              channel.basicNack(envelope.getDeliveryTag(), false, true);
            } else {
              channel.basicAck(envelope.getDeliveryTag(), false);
            }
            Trail.handle(new String(body, StandardCharsets.UTF_8));
          }
        });
    Trail.await();
  }

  private static void get(Channel channel, String queue, int messages) throws Exception {
    for (int i = 0; i < messages; i++) {
      GetResponse message = channel.basicGet(queue, true);
      if (message == null) {
        throw new IllegalStateException(queue + " is empty after " + i + " messages");
      }
      Trail.handle(new String(message.getBody(), StandardCharsets.UTF_8));
    }
  }
}
