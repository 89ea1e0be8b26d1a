package linkmend.recordings;

import java.io.File;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.namesrv.NamesrvConfig;
import org.apache.rocketmq.common.topic.TopicValidator;
import org.apache.rocketmq.namesrv.NamesrvController;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyServerConfig;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.store.config.MessageStoreConfig;

/**
 * A name server and a broker in one process: {@code PORT BROKER_PORT FOLDER}. Topics
 * are made by use.
 */
final class RocketMq {
  private RocketMq() {}

  public static void main(String[] args) throws Exception {
    // Or else the name server takes the broker for an old one, and asks it for no topics.
    System.setProperty(
        RemotingCommand.REMOTING_VERSION_KEY, Integer.toString(MQVersion.CURRENT_VERSION));
    BrokerController broker = broker(args);
    if (!broker.initialize()) {
      throw new IllegalStateException("the broker could not be set up");
    }
    NamesrvController names = new NamesrvController(new NamesrvConfig(), listenAt(args[0]));
    if (!names.initialize()) {
      throw new IllegalStateException("the name server could not be set up");
    }
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  broker.shutdown();
                  names.shutdown();
                }));
    // In this order, for the broker to be known at once.
    names.start();
    broker.start();
    awaitTopics(names);
    System.out.println("ready");
  }

  /** Until the name server knows that topics can be made by use. */
  private static void awaitTopics(NamesrvController names) throws InterruptedException {
    String made = TopicValidator.AUTO_CREATE_TOPIC_KEY_TOPIC;
    while (names.getRouteInfoManager().pickupTopicRouteData(made) == null) {
      Thread.sleep(100);
    }
  }

  private static BrokerController broker(String[] args) {
    BrokerConfig settings = new BrokerConfig();
    settings.setNamesrvAddr("127.0.0.1:" + args[0]);
    settings.setBrokerIP1("127.0.0.1");
    settings.setBrokerIP2("127.0.0.1");
    settings.setAutoCreateTopicEnable(true);
    settings.setRegisterNameServerPeriod(1_000);
    MessageStoreConfig store = new MessageStoreConfig();
    store.setStorePathRootDir(args[2]);
    store.setStorePathCommitLog(args[2] + File.separator + "commitlog");
    store.setMappedFileSizeCommitLog(16 << 20);
    store.setTimerWheelEnable(false);
    // A machine whose disk is rather full is no reason not to record.
    store.setDiskMaxUsedSpaceRatio(99);
    return new BrokerController(settings, listenAt(args[1]), new NettyClientConfig(), store);
  }

  private static NettyServerConfig listenAt(String port) {
    NettyServerConfig server = new NettyServerConfig();
    server.setBindAddress("127.0.0.1");
    server.setListenPort(Integer.parseInt(port));
    return server;
  }
}
