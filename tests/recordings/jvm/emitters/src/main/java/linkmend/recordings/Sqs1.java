package linkmend.recordings;

import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.sqs.AmazonSQS;
import com.amazonaws.services.sqs.AmazonSQSClientBuilder;
import com.amazonaws.services.sqs.model.Message;
import com.amazonaws.services.sqs.model.ReceiveMessageRequest;

/** The AWS SDK 1 with SQS: {@code produce}, or {@code consume QUEUE MESSAGES}. */
final class Sqs1 {
  private Sqs1() {}

  public static void main(String[] args) throws Exception {
    AmazonSQS sqs =
        AmazonSQSClientBuilder.standard()
            .withEndpointConfiguration(
                new EndpointConfiguration("http://" + Trail.broker(), "eu-central-1"))
            .withCredentials(
                new AWSStaticCredentialsProvider(
                    new BasicAWSCredentials("recordings", "recordings")))
            .build();
    if (args[0].equals("produce")) {
      produce(sqs);
    } else {
      consume(sqs, sqs.getQueueUrl(args[1]).getQueueUrl(), Integer.parseInt(args[2]));
    }
    sqs.shutdown();
  }

  /** 10 orders, the last 4 in one trace, and 4 payments. */
  private static void produce(AmazonSQS sqs) throws Exception {
    String orders = sqs.getQueueUrl("orders").getQueueUrl();
    String payments = sqs.getQueueUrl("payments").getQueueUrl();
    for (int i = 0; i < 6; i++) {
      Trail.send("place order", body -> sqs.sendMessage(orders, body));
    }
    for (int i = 0; i < 4; i++) {
      Trail.send("pay", body -> sqs.sendMessage(payments, body));
    }
    Trail.together("import orders", 4, "place order", body -> sqs.sendMessage(orders, body));
  }

  private static void consume(AmazonSQS sqs, String queue, int messages) {
    Trail.expect(messages);
    ReceiveMessageRequest request =
        new ReceiveMessageRequest(queue).withMaxNumberOfMessages(5).withWaitTimeSeconds(1);
    for (int polls = 0; !Trail.done(); polls++) {
      if (polls > 200) {
        throw new IllegalStateException("not all messages arrived");
      }
      for (Message message : sqs.receiveMessage(request).getMessages()) {
        Trail.handle(message.getBody());
        sqs.deleteMessage(queue, message.getReceiptHandle());
      }
    }
  }
}
