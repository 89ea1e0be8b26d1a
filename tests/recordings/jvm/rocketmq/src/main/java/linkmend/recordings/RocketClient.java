package linkmend.recordings;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * The client of RocketMQ: {@code produce}, {@code batches}, which sends them, or {@code consume GROUP
 * MESSAGES TOPIC AT_ONCE}. The group {@code billing} fails once, and gets what it failed with again.
 */
final class RocketClient {
  private RocketClient() {}

  public static void main(String[] args) throws Exception {
    if (args[0].equals("consume")) {
      consume(args[1], Integer.parseInt(args[2]), args[3], Integer.parseInt(args[4]));
      return;
    }
    DefaultMQProducer producer = new DefaultMQProducer("shop");
    producer.setNamesrvAddr(Trail.broker());
    producer.setSendMsgTimeout((int) Trail.PATIENCE.toMillis());
    producer.setMqClientApiTimeout((int) Trail.PATIENCE.toMillis());
    producer.start();
    try {
      if (args[0].equals("batches")) {
        batches(producer);
      } else {
        produce(producer);
      }
    } finally {
      producer.shutdown();
    }
  }

  private static Message message(String topic, String body) {
    return new Message(topic, body.getBytes(StandardCharsets.UTF_8));
  }

  /** 10 orders, the last 4 in one trace, and 4 payments whose results arrive later. */
  private static void produce(DefaultMQProducer producer) throws Exception {
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> producer.send(message("orders", body)));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> sendLater(producer, message("payments", body)));
    }
    Trail.together(
        "import orders", 4, "place order", body -> producer.send(message("orders", body)));
  }

  private static void sendLater(DefaultMQProducer producer, Message message) throws Exception {
    CompletableFuture<SendResult> sent = new CompletableFuture<>();
    producer.send(
        message,
        new SendCallback() {
          @Override
          public void onSuccess(SendResult result) {
            sent.complete(result);
          }

          @Override
          public void onException(Throwable error) {
            sent.completeExceptionally(error);
          }
        });
    sent.get(Trail.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Four times three orders. */
  private static void batches(DefaultMQProducer producer) throws Exception {
    for (int i = 0; i < 4; i++) {
      Trail.send("place orders", body -> sendThree(producer, body));
    }
  }

  private static void sendThree(DefaultMQProducer producer, String body) throws Exception {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      messages.add(message("orders", body));
    }
    producer.send(messages);
  }

  private static void consume(String group, int messages, String topic, int atOnce)
      throws Exception {
    Trail.expect(messages);
    AtomicBoolean fails = new AtomicBoolean(group.equals("billing"));
    DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
    consumer.setNamesrvAddr(Trail.broker());
    consumer.setMqClientApiTimeout((int) Trail.PATIENCE.toMillis());
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.setConsumeMessageBatchMaxSize(atOnce);
    consumer.subscribe(topic, "*");
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (received, context) -> {
              context.setDelayLevelWhenNextConsume(1);
          for (MessageExt message : received) {
            Trail.handle(new String(message.getBody(), StandardCharsets.UTF_8));
          }
          return fails.getAndSet(false)
              ? ConsumeConcurrentlyStatus.RECONSUME_LATER
              : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
    consumer.start();
    try {
      Trail.await();
    } finally {
      consumer.shutdown();
    }
  }
}
