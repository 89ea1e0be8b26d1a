package linkmend.recordings;

import jakarta.jms.ConnectionFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.activemq.artemis.jms.client.ActiveMQJMSConnectionFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.jms.annotation.EnableJms;
import org.springframework.jms.annotation.JmsListener;
import org.springframework.jms.config.DefaultJmsListenerContainerFactory;
import org.springframework.jms.connection.CachingConnectionFactory;
import org.springframework.jms.core.JmsTemplate;

/**
 * Spring JMS with Jakarta Messaging: {@code produce}; {@code listen MESSAGES} to orders, which fails
 * once; {@code receive MESSAGES} of payments.
 */
final class SpringJms {
  private SpringJms() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "produce" -> produce();
      case "receive" -> receive(Integer.parseInt(args[1]));
      default -> {
        Trail.expect(Integer.parseInt(args[1]));
        try (var context =
            new AnnotationConfigApplicationContext(Settings.class, Listener.class)) {
          Trail.await();
        }
      }
    }
  }

  private static ConnectionFactory connections() {
    return new ActiveMQJMSConnectionFactory(Trail.artemis());
  }

  /** 10 orders, the last 4 in one trace, and 4 payments. */
  private static void produce() throws Exception {
    CachingConnectionFactory cached = new CachingConnectionFactory(connections());
    JmsTemplate template = new JmsTemplate(cached);
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> template.convertAndSend("orders", body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> template.convertAndSend("payments", body));
    }
    Trail.together(
        "import orders", 4, "place order", body -> template.convertAndSend("orders", body));
    cached.destroy();
  }

  private static void receive(int messages) {
    CachingConnectionFactory cached = new CachingConnectionFactory(connections());
    JmsTemplate template = new JmsTemplate(cached);
    template.setReceiveTimeout(Trail.PATIENCE.toMillis());
    for (int i = 0; i < messages; i++) {
      Trail.handle((String) template.receiveAndConvert("payments"));
    }
    cached.destroy();
  }

  /** The containers of the listeners. */
  @EnableJms
  static class Settings {
    @Bean
    DefaultJmsListenerContainerFactory jmsListenerContainerFactory() {
      var factory = new DefaultJmsListenerContainerFactory();
      factory.setConnectionFactory(connections());
      factory.setSessionTransacted(true);
      return factory;
    }
  }

  /** Handles orders. */
  static class Listener {
    private final AtomicBoolean fails = new AtomicBoolean(true);

    @JmsListener(destination = "orders")
    void listen(String body) {
      Trail.handle(body);
      if (fails.getAndSet(false)) {
        throw new IllegalStateException("the database is locked");
      }
    }
  }
}
