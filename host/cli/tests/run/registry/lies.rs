//! Registries that are not what they should be: what they give is not taken, and what
//! they are told is not told to others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::json;

use super::assert_told;
use crate::support::linkmend;
use crate::support::registry::Machine;
use crate::support::wait;
use crate::support::web::{Answered, Asked, Web};

const COMPONENT: &[u8] = b"what passes for a component";
const SHA256: &str = "sha256:48f0ea2ff8fb5ee35ff5d5af8ee5a4f1e5f6b10c3e9a1c8a5e4e4e7df7c1d0aa";

fn manifest(digest: &str, size: usize) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "config": {
            "mediaType": "application/vnd.wasm.config.v0+json", "digest": digest, "size": 2,
        },
        "layers": [{"mediaType": "application/wasm", "digest": digest, "size": size}],
    });
    manifest.to_string().into_bytes()
}

/// A registry with this manifest, and an answer to who asks for a blob.
fn registry(manifest: Vec<u8>, blob: impl Fn(&Asked) -> Answered + Send + Sync + 'static) -> Web {
    Web::start(move |asked| {
        if asked.path.contains("/manifests/") {
            return (200, vec![], manifest.clone());
        }
        blob(asked)
    })
}

fn pull(machine: &Machine, web: &Web) -> crate::support::registry::Ended {
    let name = format!("oci://{}/team/links:1", web.address);
    machine.run(&["rule", "pull", &name])
}

#[test]
fn what_is_not_what_was_meant_is_not_taken() {
    let machine = Machine::new();
    let other = registry(manifest(SHA256, COMPONENT.len()), |_| {
        (200, vec![], COMPONENT.into())
    });
    let ended = pull(&machine, &other);
    assert_told(&ended, 1, &["what came has the digest sha256:", SHA256]);
    let large = registry(manifest(SHA256, 5), |_| (200, vec![], vec![0; 1 << 20]));
    assert_told(
        &pull(&machine, &large),
        1,
        &["its answer has more than 5 bytes"],
    );
    let huge = registry(manifest(SHA256, 1 << 40), |_| (200, vec![], vec![]));
    assert_told(
        &pull(&machine, &huge),
        1,
        &["1099511627776 bytes", "file_size"],
    );
    let endless = Web::start(|_| (200, vec![], vec![b' '; 5 << 20]));
    assert_told(
        &pull(&machine, &endless),
        1,
        &["its answer has more than 4194304 bytes"],
    );
    let hostile = Web::start(|_| {
        let text = r#"{"errors":[{"code":"X","message":"\u001b[31mred"}]}"#;
        (500, vec![], text.into())
    });
    let ended = pull(&machine, &hostile);
    assert_told(&ended, 1, &["refuses it: 500"]);
    assert!(!ended.told.contains('\u{1b}'), "{ended:?}");
    let written = std::fs::read_dir(machine.home()).unwrap();
    let names: Vec<_> = written.map(|file| file.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name == "links.wasm"), "{names:?}");
}

/// Blobs are often elsewhere; who asks is told to the registry alone, and never
/// without TLS to another machine.
#[test]
fn what_a_registry_is_told_stays_there() {
    let heard: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let at_store = Arc::clone(&heard);
    let store = Web::start(move |asked| {
        at_store.lock().push(asked.clone());
        (200, vec![], COMPONENT.into())
    });
    let to = format!("http://{}/blob", store.address);
    let web = Web::start(move |asked| {
        if asked.header("authorization").is_none() {
            return (
                401,
                vec![("www-authenticate", "Basic realm=\"x\"".into())],
                vec![],
            );
        }
        if asked.path.contains("/manifests/") {
            return (200, vec![], manifest(SHA256, COMPONENT.len()));
        }
        (307, vec![("location", to.clone())], vec![])
    });
    let machine = Machine::new();
    let auth = r#"{"auths":{"HOST":{"username":"team","password":"own"}}}"#;
    machine.write(
        ".docker/config.json",
        auth.replace("HOST", &web.address.to_string()),
    );
    // Nothing is wrong but the digest.
    assert_told(&pull(&machine, &web), 1, &["what came has the digest"]);
    let heard = heard.lock();
    let [asked] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(asked.header("authorization"), None, "{asked:?}");

    for (to, told) in [
        ("http://192.0.2.1/blob", "without TLS"),
        ("ftp://127.0.0.1/", "without TLS"),
        ("file:///etc/passwd", "no URL"),
    ] {
        let leading = registry(manifest(SHA256, 5), move |_| {
            (302, vec![("location", to.into())], vec![])
        });
        assert_told(&pull(&machine, &leading), 1, &["it leads to", told]);
    }
    let round = registry(manifest(SHA256, 5), |asked| {
        (302, vec![("location", asked.path.clone())], vec![])
    });
    assert_told(&pull(&machine, &round), 1, &["from one place to the next"]);
    // Where tokens are is said by the registry, too.
    let realm = Web::start(|_| {
        let challenge = "Bearer realm=\"http://192.0.2.1/token\"";
        (401, vec![("www-authenticate", challenge.into())], vec![])
    });
    let ended = pull(&machine, &realm);
    assert_told(&ended, 1, &["http://192.0.2.1/token", "without TLS"]);
}

/// A registry that says nothing keeps nobody who is told to end.
#[test]
fn a_pull_is_ended_by_a_signal() {
    let web = Web::start(|_| {
        std::thread::sleep(Duration::from_mins(1));
        (200, vec![], vec![])
    });
    let machine = Machine::new();
    let config = format!(
        "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:0'}}}}}}}}
processors: {{linkmend: {{rule: 'oci://{}/team/links@{SHA256}'}}}}
exporters: {{debug: }}
service: {{pipelines: {{traces: {{receivers: [otlp], processors: [linkmend], exporters: [debug]}}}}}}
",
        web.address
    );
    let path = machine.write("linkmend.yaml", config);
    let mut child = std::process::Command::new(linkmend::program())
        .args(["run", "--config", path.to_str().unwrap()])
        .envs(machine.environment())
        .spawn()
        .unwrap();
    wait::until_true("it asks", wait::LONG, || web.asked() > 0);
    let begun = Instant::now();
    let kill = std::process::Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}
