package linkmend.recordings;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResultEntry;

/**
 * The AWS SDK 2 with SQS: {@code produce}; {@code batches}, which sends them; {@code consume QUEUE
 * MESSAGES}, which makes the first one visible again.
 */
final class Sqs2 {
  private Sqs2() {}

  public static void main(String[] args) throws Exception {
    var credentials = AwsBasicCredentials.create("recordings", "recordings");
    try (SqsClient sqs =
        SqsClient.builder()
            .endpointOverride(URI.create("http://" + Trail.broker()))
            .region(Region.EU_CENTRAL_1)
            .credentialsProvider(StaticCredentialsProvider.create(credentials))
            .httpClient(UrlConnectionHttpClient.create())
            .build()) {
      switch (args[0]) {
        case "produce" -> produce(sqs);
        case "batches" -> batches(sqs);
        case "consume" -> consume(sqs, queue(sqs, args[1]), Integer.parseInt(args[2]));
        default -> throw new IllegalArgumentException(args[0]);
      }
    }
  }

  private static String queue(SqsClient sqs, String name) {
    return sqs.getQueueUrl(request -> request.queueName(name)).queueUrl();
  }

  /** 10 orders, the last 4 in one trace, and 4 payments. */
  private static void produce(SqsClient sqs) throws Exception {
    String orders = queue(sqs, "orders");
    String payments = queue(sqs, "payments");
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> send(sqs, orders, body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> send(sqs, payments, body));
    }
    Trail.together("import orders", 4, "place order", body -> send(sqs, orders, body));
  }

  private static void send(SqsClient sqs, String queue, String body) {
    sqs.sendMessage(request -> request.queueUrl(queue).messageBody(body));
  }

  /** Four times three orders, in one request each. */
  private static void batches(SqsClient sqs) throws Exception {
    String orders = queue(sqs, "orders");
    for (int i = 0; i < 4; i++) {
      Trail.send("place orders", body -> sendThree(sqs, orders, body));
    }
  }

  private static void sendThree(SqsClient sqs, String queue, String body) {
    List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      entries.add(
          SendMessageBatchRequestEntry.builder().id("entry-" + i).messageBody(body).build());
    }
    Trail.sendBatch(
        "aws_sqs",
        "orders",
        () ->
            sqs
                .sendMessageBatch(request -> request.queueUrl(queue).entries(entries))
                .successful()
                .stream()
                .map(SendMessageBatchResultEntry::messageId)
                .toList());
  }

  /** As applications do it: until nothing is left, and each message deleted once it is handled. */
  private static void consume(SqsClient sqs, String queue, int messages) {
    Trail.expect(messages);
    boolean fails = true;
    for (int polls = 0; !Trail.done(); polls++) {
      if (polls > 200) {
        throw new IllegalStateException("not all messages arrived");
      }
      List<Message> received =
          sqs.receiveMessage(
                  request -> request.queueUrl(queue).maxNumberOfMessages(5).waitTimeSeconds(1))
              .messages();
      for (Message message : received) {
        Trail.handle(message.body());
        String receipt = message.receiptHandle();
        if (fails) {
          sqs.changeMessageVisibility(
              request -> request.queueUrl(queue).receiptHandle(receipt).visibilityTimeout(0));
          fails = false;
        } else {
          sqs.deleteMessage(request -> request.queueUrl(queue).receiptHandle(receipt));
        }
      }
    }
  }
}
