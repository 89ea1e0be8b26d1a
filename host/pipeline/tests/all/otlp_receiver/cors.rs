//! What pages of other origins may do.

use super::support::{JSON, Next, both, post, send, start};

fn preflight(origin: &str, method: &str, headers: &str) -> Vec<u8> {
    format!(
        "OPTIONS /v1/traces HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\n\
         access-control-request-method: {method}\r\n\
         access-control-request-headers: {headers}\r\n\r\n"
    )
    .into_bytes()
}

const CORS: &str = "cors: {allowed_origins: ['https://*.example.com', 'http://exact'], \
                    allowed_headers: [X-Mine], exposed_headers: [X-Seen], max_age: 600}";

#[tokio::test]
async fn browsers_may_do_what_is_allowed() {
    let next = Next::new();
    let running = start(&both("", CORS), &next).await;
    let address = running.address("http");
    for (origin, method, headers, allowed) in [
        ("https://a.example.com", "POST", "content-type,x-mine", true),
        ("https://A.Example.com", "POST", "Content-Type", true),
        ("http://exact", "POST", "", true),
        ("http://exact.evil", "POST", "", false),
        ("https://a.example.com.evil", "POST", "", false),
        ("https://a.example.com", "DELETE", "", false),
        ("https://a.example.com", "POST", "x-other", false),
    ] {
        let given = send(address, &preflight(origin, method, headers)).await;
        assert_eq!(given.status, 204);
        assert!(given.header("vary").unwrap().starts_with("Origin"));
        let expected = allowed.then_some(origin);
        assert_eq!(
            given.header("access-control-allow-origin"),
            expected,
            "{origin} {headers}"
        );
        let expected = allowed.then_some("POST");
        assert_eq!(given.header("access-control-allow-methods"), expected);
        if allowed {
            assert_eq!(given.header("access-control-max-age"), Some("600"));
            assert_eq!(given.header("access-control-allow-headers"), Some(headers));
            assert_eq!(
                given.header("access-control-allow-credentials"),
                Some("true")
            );
        }
    }
    let origin = ("origin", "https://a.example.com");
    let given = send(address, &post("/v1/traces", &[JSON, origin], b"{}")).await;
    assert_eq!(given.status, 200);
    assert_eq!(given.header("access-control-allow-origin"), Some(origin.1));
    assert_eq!(
        given.header("access-control-expose-headers"),
        Some("X-Seen")
    );
    assert_eq!(given.header("vary"), Some("Origin"));
    // Errors are to be seen, too; and whoever is no browser is not kept away.
    let given = send(address, &post("/v1/traces", &[JSON, origin], b"{")).await;
    assert_eq!(given.status, 400);
    assert_eq!(given.header("access-control-allow-origin"), Some(origin.1));
    let given = send(
        address,
        &post("/v1/traces", &[JSON, ("origin", "http://evil")], b"{}"),
    )
    .await;
    assert_eq!(given.status, 200);
    assert_eq!(given.header("access-control-allow-origin"), None);
    running.tasks.end().await;
}

#[tokio::test]
async fn any_origin_may_be_allowed_and_none_is_by_default() {
    let next = Next::new();
    let running = start(
        &both("", "cors: {allowed_origins: ['*'], allowed_headers: ['*']}"),
        &next,
    )
    .await;
    let given = send(
        running.address("http"),
        &preflight("http://any", "POST", "x-y"),
    )
    .await;
    assert_eq!(given.header("access-control-allow-origin"), Some("*"));
    running.tasks.end().await;
    let running = start(&both("", ""), &next).await;
    let given = send(
        running.address("http"),
        &preflight("http://any", "POST", ""),
    )
    .await;
    assert_eq!(given.status, 405);
    assert_eq!(given.header("access-control-allow-origin"), None);
    running.tasks.end().await;
}
