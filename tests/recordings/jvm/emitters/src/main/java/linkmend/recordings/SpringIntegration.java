package linkmend.recordings;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.integration.annotation.ServiceActivator;
import org.springframework.integration.channel.ExecutorChannel;
import org.springframework.integration.channel.PublishSubscribeChannel;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.support.GenericMessage;

/** Spring Integration, with channels that are handled by other threads: {@code MESSAGES}. */
final class SpringIntegration {
  private SpringIntegration() {}

  public static void main(String[] args) throws Exception {
    Trail.expect(Integer.parseInt(args[0]));
    try (var context =
        new AnnotationConfigApplicationContext(Channels.class, Billing.class)) {
      produce(
          context.getBean("orders", MessageChannel.class),
          context.getBean("payments", MessageChannel.class));
      Trail.await();
    }
  }

  /** 8 orders, and 4 payments that two handle. */
  private static void produce(MessageChannel orders, MessageChannel payments) throws Exception {
    for (int i = 0; i < 8; i++) {
      Trail.send("place order", body -> orders.send(new GenericMessage<>(body)));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> payments.send(new GenericMessage<>(body)));
    }
  }

  /** The channels, with a thread each. */
  @EnableIntegration
  static class Channels {
    @Bean(destroyMethod = "shutdown")
    ExecutorService threads() {
      return Executors.newFixedThreadPool(2);
    }

    @Bean
    MessageChannel orders(ExecutorService threads) {
      return new ExecutorChannel(threads);
    }

    @Bean
    MessageChannel payments(ExecutorService threads) {
      return new PublishSubscribeChannel(threads);
    }
  }

  /** Handles both. */
  static class Billing {
    @ServiceActivator(inputChannel = "orders")
    void order(String body) {
      Trail.handle(body);
    }

    @ServiceActivator(inputChannel = "payments")
    void payment(String body) {
      Trail.handle(body);
    }

    @ServiceActivator(inputChannel = "payments")
    void receipt(String body) {
      Trail.handle(body);
    }
  }
}
