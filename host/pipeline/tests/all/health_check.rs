//! The extension `health_check`.

use std::net::SocketAddr;
use std::sync::Arc;

use linkmend_pipeline::component::Tasks;
use linkmend_pipeline::config::Extension;
use linkmend_pipeline::extensions::health_check::{Health, HealthCheck};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{read, with};

async fn start(lines: &str, health: &Arc<Health>) -> (Tasks, SocketAddr) {
    let lines = format!("endpoint: '127.0.0.1:0'\n{lines}");
    let config = read(&[&with("extensions", "health_check", &lines)]);
    let id = "health_check".parse().unwrap();
    let Extension::HealthCheck(config) = &config.extensions[&id] else {
        panic!()
    };
    let check = HealthCheck::new(&id, config).unwrap();
    let tasks = check.start(Arc::clone(health)).await.unwrap();
    let address = tasks.bound[0].address;
    (tasks, address)
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn it_says_what_the_collector_says() {
    let health = Arc::new(Health::default());
    let (tasks, address) = start("", &health).await;
    let (status, body) = get(address, "/").await;
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &told["status"]),
        (503, &"Server not available".into())
    );
    health.set_ready(true);
    let (status, body) = get(address, "/").await;
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &told["status"]), (200, &"Server available".into()));
    let since: jiff::Timestamp = told["upSince"].as_str().unwrap().parse().unwrap();
    assert!(since <= jiff::Timestamp::now());
    assert!(told["uptime"].as_str().unwrap().ends_with('s'));
    health.set_ready(false);
    assert_eq!(get(address, "/").await.0, 503);
    assert_eq!(get(address, "/other").await.0, 404);
    tasks.end().await;
}

#[tokio::test]
async fn path_and_texts_are_as_configured() {
    let health = Arc::new(Health::default());
    let lines = "path: /healthz\nresponse_body: {healthy: fine, unhealthy: ill}";
    let (tasks, address) = start(lines, &health).await;
    assert_eq!(get(address, "/healthz").await, (503, "ill".to_owned()));
    health.set_ready(true);
    assert_eq!(get(address, "/healthz").await, (200, "fine".to_owned()));
    assert_eq!(get(address, "/").await.0, 404);
    tasks.end().await;
}
