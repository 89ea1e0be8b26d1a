//! The shapes that a service may have.

use tonic::Code;

use super::{SOON, Sender, Sink, call, consumer, exporter, one_pipeline, producer, run};

#[tokio::test]
async fn an_empty_pipeline_passes_everything_on() {
    let sink = Sink::start().await;
    let running = run(&one_pipeline("", "", &[&sink])).await;
    Sender::to(&running)
        .await
        .send(vec![call(1), consumer(2, "a")])
        .await
        .unwrap();
    assert_eq!(sink.numbers(), [1, 2]);
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn all_exporters_get_everything_and_the_sender_hears_of_one_that_does_not_take_it() {
    let (one, two) = (Sink::start().await, Sink::start().await);
    let running = run(&one_pipeline("", "", &[&one, &two])).await;
    let sender = Sender::to(&running).await;
    sender.send(vec![call(1)]).await.unwrap();
    two.refuse(Some(Code::Unavailable));
    let refused = sender.send(vec![call(2)]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    two.refuse(Some(Code::InvalidArgument));
    let refused = sender.send(vec![call(3)]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal, "{refused:?}");
    assert_eq!((one.numbers(), two.numbers()), (vec![1, 2, 3], vec![1]));
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn a_partial_success_is_passed_on() {
    let sink = Sink::start().await;
    sink.reject(1);
    let running = run(&one_pipeline("", "", &[&sink])).await;
    let answer = Sender::to(&running)
        .await
        .send(vec![call(1), call(2)])
        .await
        .unwrap();
    let partial = answer.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert!(partial.error_message.contains("too old"), "{partial:?}");
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn two_processors_of_different_configuration_in_a_row() {
    let sink = Sink::start().await;
    let processors = "
  linkmend/first: {hold: {time: 0s}}
  linkmend/second: {hold: {time: 0s}, config: {link_type_attribute: why}}";
    let names = "linkmend/first, linkmend/second";
    let running = run(&one_pipeline(processors, names, &[&sink])).await;
    let sender = Sender::to(&running).await;
    sender
        .send(vec![producer(1, "a"), consumer(2, "a")])
        .await
        .unwrap();
    let spans = sink.wait(2).await;
    let keys: Vec<_> = spans[1].links[0]
        .attributes
        .iter()
        .map(|a| a.key.as_str())
        .collect();
    assert!(
        keys.contains(&"link.type") && keys.contains(&"why"),
        "{keys:?}"
    );
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn pipelines_that_name_one_processor_know_what_the_others_have_seen() {
    let (one, two) = (Sink::start().await, Sink::start().await);
    let text = format!(
        "
receivers:
  otlp/one: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}
  otlp/two: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}
processors: {{linkmend: {{hold: {{time: 0s}}}}}}
exporters:
{}
{}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces/one: {{receivers: [otlp/one], processors: [linkmend], exporters: [otlp_grpc/1]}}
    traces/two: {{receivers: [otlp/two], processors: [linkmend], exporters: [otlp_grpc/2]}}
",
        exporter(1, &one),
        exporter(2, &two)
    );
    let mut running = run(&text).await;
    Sender::to(&running)
        .await
        .send(vec![producer(1, "a")])
        .await
        .unwrap();
    running.addresses.rotate_left(1);
    Sender::to(&running)
        .await
        .send(vec![consumer(2, "a")])
        .await
        .unwrap();
    assert_eq!((one.numbers(), two.numbers()), (vec![1], vec![2]));
    assert_eq!(two.spans()[0].links.len(), 1);
    running.stop(SOON).await.unwrap();
}

#[tokio::test]
async fn a_receiver_feeds_all_pipelines_that_name_it() {
    let (one, two) = (Sink::start().await, Sink::start().await);
    let text = format!(
        "
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
exporters:
{}
{}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces/one: {{receivers: [otlp], exporters: [otlp_grpc/1]}}
    traces/two: {{receivers: [otlp], exporters: [otlp_grpc/2]}}
",
        exporter(1, &one),
        exporter(2, &two)
    );
    let running = run(&text).await;
    Sender::to(&running)
        .await
        .send(vec![call(1)])
        .await
        .unwrap();
    assert_eq!((one.numbers(), two.numbers()), (vec![1], vec![1]));
    running.stop(SOON).await.unwrap();
}
