package linkmend.recordings;

import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.ActiveMQServers;

/** A broker in a process of its own: {@code PORT FOLDER}. Queues and topics are made by use. */
final class Artemis {
  private Artemis() {}

  public static void main(String[] args) throws Exception {
    Configuration configuration =
        new ConfigurationImpl()
            .setPersistenceEnabled(false)
            .setSecurityEnabled(false)
            .setJournalDirectory(args[1])
            .addAcceptorConfiguration("loopback", "tcp://127.0.0.1:" + args[0]);
    ActiveMQServer server = ActiveMQServers.newActiveMQServer(configuration);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
    server.start();
  }

  private static void stop(ActiveMQServer server) {
    try {
      server.stop();
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }
}
