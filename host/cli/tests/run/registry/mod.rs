//! Rules that come from a registry: one machine pushes, others run what was pushed.

mod lies;
mod who;

use http_body_util::BodyExt as _;
use linkmend_tests::guests;

use crate::support::intake::Intake;
use crate::support::linkmend::{self, Linkmend};
use crate::support::registry::{Ended, Machine, NAME, PASSWORD, Registry, built};
use crate::support::sender::{Sender, client};
use crate::support::spans::{Role, linked, number, request, span};
use crate::support::wait;

/// The built-in rule as a file; one that fails on each batch.
fn author() -> Machine {
    let machine = Machine::new();
    machine.write("links.wasm", builtin());
    let failing = include_str!("../../../../../tests/guests/says-error.wat");
    machine.write(
        "failing.wasm",
        guests::component(&guests::in_shell(failing)),
    );
    machine
}

fn builtin() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../guest/dist/linkmend-repair.wasm"
    );
    std::fs::read(path).unwrap()
}

fn rule(name: &str) -> String {
    format!("processors: {{linkmend: {{rule: '{name}'}}}}")
}

/// Whether spans of a message that passes are linked.
fn links(linkmend: &Linkmend, intake: &Intake) -> bool {
    let seen = intake.spans().len();
    let first = seen as u64 + 1;
    let spans = vec![
        span(first, Role::Sends(first)),
        span(first + 1, Role::Receives(first)),
    ];
    Sender::new()
        .grpc(linkmend.addresses.grpc, request(spans))
        .unwrap();
    let spans = intake.spans_at_least(seen + 2, wait::LONG);
    let consumer = spans.iter().find(|span| number(span) == first + 1);
    linked(consumer.unwrap()) == [first]
}

fn digest(pinned: &str) -> &str {
    pinned.split_once('@').unwrap().1
}

fn assert_told(ended: &Ended, code: i32, texts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for text in texts {
        assert!(
            ended.told.contains(text),
            "{text:?} is not told: {}",
            ended.told
        );
    }
}

/// What one machine pushes another runs, which has been told its digest and who it is;
/// and goes on to run it when the registry is away.
#[test]
fn a_rule_of_a_registry_runs_elsewhere_and_without_the_registry() {
    let Some(mut registry) = Registry::start_with_passwords() else {
        return;
    };
    let author = author();
    author.log_in(&registry, NAME, PASSWORD);
    let name = registry.name("team/links:1.2");
    let pinned = author.push("links.wasm", &name);
    assert!(pinned.starts_with(&format!("{name}@sha256:")), "{pinned}");
    let other = Machine::new();
    let refused = other.validate(&format!("rule: {pinned}"));
    assert_told(
        &refused,
        2,
        &[
            "line 5, column 5: processors.linkmend",
            "401",
            "docker login",
        ],
    );
    other.log_in(&registry, NAME, "wrong");
    let refused = other.validate(&format!("rule: {pinned}"));
    assert_told(
        &refused,
        2,
        &[
            "line 5, column 5: processors.linkmend",
            "401",
            "does not accept",
        ],
    );

    other.log_in(&registry, NAME, PASSWORD);
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, "");
    let environment = other.environment();
    let mut running = Linkmend::start_as(&environment, &[&exporter, &rule(&pinned)]);
    assert!(links(&running, &intake));
    registry.leave();
    assert_eq!(running.terminate().code(), Some(0));
    running.restart();
    assert!(links(&running, &intake), "the registry is away");

    let newcomer = Machine::new();
    let refused = newcomer.validate(&format!("rule: {pinned}"));
    assert_told(
        &refused,
        2,
        &[
            "line 5, column 5: processors.linkmend",
            "cannot be asked",
            "refused",
        ],
    );

    // What is kept is used only as it was pulled.
    let kept = other.home().join(".cache/linkmend/rules");
    let files: Vec<_> = std::fs::read_dir(&kept).unwrap().collect();
    assert_eq!(files.len(), 2, "a manifest and a component");
    for file in files {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    let refused = other.validate(&format!("rule: {pinned}"));
    assert_told(&refused, 2, &["cannot be asked"]);
    registry.come_back();
    let valid = other.validate(&format!("rule: {pinned}"));
    assert_eq!(valid.code, Some(0), "{valid:?}");
}

/// A tag that names another rule now is told of, and changes nothing where the rule
/// is pinned; where the registry has the pinned one no more, nothing starts.
#[test]
fn a_tag_that_moved_does_not_pass_the_pin() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let author = author();
    let name = registry.name("team/links:1.2");
    let pinned = author.push("links.wasm", &name);
    let early = Machine::new();
    assert_eq!(early.validate(&format!("rule: {pinned}")).code, Some(0));
    let moved = author.push("failing.wasm", &name);
    assert_ne!(pinned, moved);

    let late = Machine::new();
    let intake = Intake::start();
    let exporter = linkmend::by_grpc(&intake, "");
    let running = Linkmend::start_as(&late.environment(), &[&exporter, &rule(&pinned)]);
    assert!(links(&running, &intake), "the pinned one, not the tag");
    let told = format!(
        "the tag 1.2 now is {}, and {} is pinned",
        digest(&moved),
        digest(&pinned)
    );
    assert!(running.log().contains(&told), "{}", running.log());
    assert!((running.metric("linkmend_rule_faults", &[])).abs() < 0.5);

    delete(
        &registry,
        &format!("/v2/team/links/manifests/{}", digest(&pinned)),
    );
    let newcomer = Machine::new();
    let refused = newcomer.validate(&format!("rule: {pinned}"));
    let now = format!("the tag now is {}", digest(&moved));
    let pins = format!("the configuration pins {}", digest(&pinned));
    assert_told(
        &refused,
        2,
        &["line 5, column 5: processors.linkmend", &now, &pins],
    );
    assert_eq!(
        early.validate(&format!("rule: {pinned}")).code,
        Some(0),
        "it is kept"
    );
    // Without the tag there is nothing that could be meant.
    let bare = format!("oci://{}/team/links@{}", registry.address, digest(&pinned));
    let refused = newcomer.validate(&format!("rule: {bare}"));
    assert_told(&refused, 2, &["has no such rule", "404"]);
}

/// What pins nothing, or names nothing, is told with the place and the way out.
#[test]
fn names_in_configurations_are_checked_without_a_registry() {
    let machine = Machine::new();
    for (rule, texts) in [
        (
            "rule: oci://127.0.0.1:9/team/links:1.2",
            ["may be another rule tomorrow", "linkmend rule pull"],
        ),
        (
            "rule: oci://team/links:1.2",
            ["the host is missing", "oci://HOST/NAME"],
        ),
        (
            "rule: oci://127.0.0.1:9/team/links@sha256:12",
            ["64 hex digits", "oci://HOST/NAME"],
        ),
        (
            "public_key: nothing",
            ["no public key of minisign", "minisign.pub"],
        ),
        (
            "public_key: RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
            ["rules of registries", "sha256"],
        ),
    ] {
        let refused = machine.validate(rule);
        let place = ["line 5, column 5: processors.linkmend"]
            .into_iter()
            .chain(texts);
        assert_told(&refused, 2, &place.collect::<Vec<_>>());
    }
}

/// What is in a registry need not be a rule.
#[test]
fn what_is_no_rule_is_told() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let author = author();
    author.write("no-rule.wasm", b"\0asm\x0d\0\x01\0");
    let name = registry.name("team/links:1");
    let ended = author.run(&["rule", "push", "no-rule.wasm", &name]);
    assert_told(&ended, 3, &["it is not pushed"]);
    let ended = author.run(&["rule", "pull", &name]);
    assert_told(&ended, 1, &["has no such rule", "404"]);
    author.push("links.wasm", &name);
    // As an image of containers, of the same blobs.
    let manifest = get(&registry, "/v2/team/links/manifests/1");
    let manifest = manifest.replace("vnd.wasm.config.v0+json", "vnd.oci.image.config.v1+json");
    put(&registry, "/v2/team/links/manifests/image", manifest);
    let ended = author.run(&["rule", "pull", &registry.name("team/links:image")]);
    assert_told(
        &ended,
        1,
        &[
            "it is no rule",
            "vnd.oci.image.config.v1+json",
            "vnd.wasm.config",
        ],
    );
    let most = ["--compile-limit", "file_size=1KiB"];
    let ended = author.run(&[&["rule", "pull", &name][..], &most].concat());
    assert_told(
        &ended,
        1,
        &["more than compile_limits.file_size = 1024 bytes"],
    );
    assert!(!author.home().join("image.wasm").exists());
}

/// What was pulled into a file is what was pushed; other commands take the name.
#[test]
fn commands_take_rules_of_registries() {
    let Some(registry) = Registry::start() else {
        return;
    };
    let author = author();
    let name = registry.name("team/links:1");
    let pinned = author.push("links.wasm", &name);
    assert_eq!(author.push("links.wasm", &name), pinned, "the same again");
    let other = Machine::new();
    let ended = other.run(&["rule", "pull", &name]);
    assert_eq!((ended.code, ended.said.trim()), (Some(0), &*pinned));
    let pulled = std::fs::read(other.home().join("links.wasm")).unwrap();
    assert_eq!(pulled, builtin());
    let ended = other.run(&["rule", "inspect", &name]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains(&pinned), "{ended:?}");
    assert!(ended.told.contains(&pinned), "what the tag is: {ended:?}");
    let traces = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}"#;
    other.write("traces.jsonl", traces);
    let ended = other.run(&["process", "--rule", &pinned, "traces.jsonl"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Signed by minisign itself: whoever has the public key knows whose rule it is.
#[test]
fn signatures_are_checked() {
    let (Some(registry), Some(minisign)) = (Registry::start(), built("minisign")) else {
        return;
    };
    let author = author();
    let sign = |more: &[&str]| {
        let status = std::process::Command::new(&minisign)
            .args(more)
            .current_dir(author.home())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");
    };
    sign(&["-G", "-W", "-p", "team.pub", "-s", "team.key"]);
    sign(&["-G", "-W", "-p", "others.pub", "-s", "others.key"]);
    let key = |name: &str| {
        let text = std::fs::read_to_string(author.home().join(name)).unwrap();
        text.lines().nth(1).unwrap().to_owned()
    };
    let unsigned = author.push("links.wasm", &registry.name("team/links:unsigned"));
    sign(&["-S", "-s", "team.key", "-m", "links.wasm"]);
    let signed = author.push("links.wasm", &registry.name("team/links:signed"));
    assert_ne!(digest(&unsigned), digest(&signed));
    std::fs::rename(
        author.home().join("links.wasm.minisig"),
        author.home().join("failing.wasm.minisig"),
    )
    .unwrap();
    let forged = author.push("failing.wasm", &registry.name("team/links:forged"));

    let (team, others) = (key("team.pub"), key("others.pub"));
    let machine = Machine::new();
    let with = |rule: &str, key: &str| {
        let member = format!("rule: {rule}\n    public_key: {key}");
        machine.validate(&member)
    };
    let valid = with(&signed, &team);
    assert_eq!(valid.code, Some(0), "{valid:?}");
    assert_told(
        &with(&unsigned, &team),
        2,
        &["line 5, column 5: processors.linkmend", "it is not signed"],
    );
    assert_told(
        &with(&signed, &others),
        2,
        &["signature is wrong", "another key"],
    );
    assert_told(
        &with(&forged, &team),
        2,
        &["signature is wrong", "for this component"],
    );
    let file = author.home().join("team.pub");
    let asked = ["--public-key", file.to_str().unwrap()];
    let pull = |name: &str| machine.run(&[&["rule", "pull", name][..], &asked].concat());
    assert_eq!(pull(&signed).code, Some(0));
    assert_told(&pull(&forged), 1, &["signature is wrong"]);
}

fn get(registry: &Registry, path: &str) -> String {
    let (status, text) = send(registry, "GET", path, String::new());
    assert_eq!(status, 200, "{text}");
    text
}

fn delete(registry: &Registry, path: &str) {
    assert_eq!(send(registry, "DELETE", path, String::new()).0, 202);
}

fn put(registry: &Registry, path: &str, manifest: String) {
    assert_eq!(send(registry, "PUT", path, manifest).0, 201);
}

fn send(registry: &Registry, method: &str, path: &str, body: String) -> (u16, String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let request = hyper::Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", registry.address))
        .header("content-type", "application/vnd.oci.image.manifest.v1+json")
        .header("accept", "application/vnd.oci.image.manifest.v1+json")
        .body(http_body_util::Full::new(body.into()))
        .unwrap();
    let client = client();
    runtime.block_on(async {
        let answer = client.request(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    })
}
