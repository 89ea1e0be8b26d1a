package linkmend.recordings;

import org.apache.rocketmq.store.ha.DefaultHAService;

/** Replication that is never started: it would listen for replicas at all interfaces. */
public final class NoReplicas extends DefaultHAService {
  @Override
  public void start() {}
}
