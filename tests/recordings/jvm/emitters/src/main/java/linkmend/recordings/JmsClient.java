package linkmend.recordings;

import java.util.concurrent.atomic.AtomicBoolean;
import javax.jms.Connection;
import javax.jms.Destination;
import javax.jms.JMSException;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.Session;
import javax.jms.TextMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * JMS 2 (javax.jms): {@code produce}; {@code listen MESSAGES} to the topic of orders, where one is
 * received again; {@code receive MESSAGES} from the queue of payments, in transactions, of which one
 * is rolled back.
 */
final class JmsClient {
  private JmsClient() {}

  public static void main(String[] args) throws Exception {
    try (var factory = new ActiveMQConnectionFactory(Trail.artemis());
        Connection connection = factory.createConnection()) {
      connection.start();
      switch (args[0]) {
        case "produce" -> produce(connection);
        case "listen" -> listen(connection, Integer.parseInt(args[1]));
        case "receive" -> receive(connection, Integer.parseInt(args[1]));
        default -> throw new IllegalArgumentException(args[0]);
      }
    }
  }

  /** 10 orders, the last 4 in one trace, and 6 payments. */
  private static void produce(Connection connection) throws Exception {
    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    MessageProducer orders = session.createProducer(session.createTopic("orders"));
    MessageProducer anonymous = session.createProducer(null);
    Destination payments = session.createQueue("payments");
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> orders.send(session.createTextMessage(body)));
    }
    for (int i = 0; i < 6; i++) {
      Trail.send("pay", body -> anonymous.send(payments, session.createTextMessage(body)));
    }
    Trail.together(
        "import orders", 4, "place order", body -> orders.send(session.createTextMessage(body)));
  }

  private static void listen(Connection connection, int messages) throws Exception {
    Trail.expect(messages);
    AtomicBoolean fails = new AtomicBoolean(true);
    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    MessageConsumer consumer = session.createConsumer(session.createTopic("orders"));
    consumer.setMessageListener(
        message -> {
          Trail.handle(text(message));
          if (fails.getAndSet(false)) {
            throw new IllegalStateException("the database is locked");
          }
        });
    Trail.ready();
    Trail.await();
  }

  private static void receive(Connection connection, int messages) throws Exception {
    Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
    MessageConsumer consumer = session.createConsumer(session.createQueue("payments"));
    for (int i = 0; i < messages; i++) {
      Message message = consumer.receive(Trail.PATIENCE.toMillis());
      Trail.handle(text(message));
      if (i == 0) {
        session.rollback();
      } else {
        session.commit();
      }
    }
  }

  private static String text(Message message) {
    try {
      return ((TextMessage) message).getText();
    } catch (JMSException error) {
      throw new IllegalStateException(error);
    }
  }
}
