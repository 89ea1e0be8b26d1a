package linkmend.recordings;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.amqp.core.MessagePostProcessor;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.EnableRabbit;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.config.SimpleRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Spring AMQP: {@code produce}, {@code one MESSAGES} or {@code batches MESSAGES}. The listener that
 * takes messages one by one fails once.
 */
final class SpringAmqp {
  private SpringAmqp() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("produce")) {
      try (var context = new AnnotationConfigApplicationContext(Settings.class)) {
        context.getBean(RabbitAdmin.class).initialize();
        produce(context.getBean(RabbitTemplate.class));
      }
      return;
    }
    Trail.expect(Integer.parseInt(args[1]));
    Class<?> listener = args[0].equals("batches") ? Batches.class : One.class;
    try (var context =
        new AnnotationConfigApplicationContext(Settings.class, Containers.class, listener)) {
      Trail.await();
    }
  }

  /** 10 orders, the last 4 in one trace, and 4 payments; every second one has an id. */
  private static void produce(RabbitTemplate template) throws Exception {
    for (int i = 0; i < 6; i++) {
      MessagePostProcessor ids = id(i);
      Trail.send("place order", body -> template.convertAndSend("", "orders", body, ids));
    }
    for (int i = 0; i < 4; i++) {
      MessagePostProcessor ids = id(i);
      Trail.send("pay", body -> template.convertAndSend("", "payments", body, ids));
    }
    Trail.together(
        "import orders",
        4,
        "place order",
        body -> template.convertAndSend("", "orders", body, id(0)));
  }

  private static MessagePostProcessor id(int number) {
    return message -> {
      if (number % 2 == 0) {
        message.getMessageProperties().setMessageId(UUID.randomUUID().toString());
      }
      return message;
    };
  }

  /** The connection, and the queues. */
  static class Settings {
    @Bean
    ConnectionFactory connectionFactory() {
      var connections =
          new CachingConnectionFactory("127.0.0.1", Integer.parseInt(System.getenv("BROKER")));
      connections
          .getRabbitConnectionFactory()
          .setHandshakeTimeout((int) Trail.PATIENCE.toMillis());
      return connections;
    }

    @Bean
    RabbitAdmin admin(ConnectionFactory connections) {
      return new RabbitAdmin(connections);
    }

    @Bean
    RabbitTemplate template(ConnectionFactory connections) {
      return new RabbitTemplate(connections);
    }

    @Bean
    Queue orders() {
      return new Queue("orders");
    }

    @Bean
    Queue payments() {
      return new Queue("payments");
    }
  }

  /** The containers of the listeners. */
  @EnableRabbit
  static class Containers {
    @Bean
    SimpleRabbitListenerContainerFactory rabbitListenerContainerFactory(
        ConnectionFactory connections) {
      var factory = new SimpleRabbitListenerContainerFactory();
      factory.setConnectionFactory(connections);
      return factory;
    }

    @Bean
    SimpleRabbitListenerContainerFactory batches(ConnectionFactory connections) {
      var factory = new SimpleRabbitListenerContainerFactory();
      factory.setConnectionFactory(connections);
      factory.setBatchListener(true);
      factory.setConsumerBatchEnabled(true);
      factory.setBatchSize(5);
      factory.setReceiveTimeout(300L);
      return factory;
    }
  }

  /** Handles messages one by one. */
  static class One {
    private final AtomicBoolean fails = new AtomicBoolean(true);

    @RabbitListener(queues = {"orders", "payments"})
    void listen(String body) {
      Trail.handle(body);
      if (fails.getAndSet(false)) {
        throw new IllegalStateException("the database is locked");
      }
    }
  }

  /** Handles up to five messages together. */
  static class Batches {
    @RabbitListener(queues = {"orders", "payments"}, containerFactory = "batches")
    void listen(List<String> bodies) {
      bodies.forEach(Trail::handle);
    }
  }
}
