//! Who asks a registry: passwords, helpers of Docker, tokens.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use parking_lot::Mutex;

use super::{assert_told, author};
use crate::support::clients;
use crate::support::registry::{Machine, NAME, PASSWORD, Registry};
use crate::support::web::{Asked, Web};

/// A program that answers for Docker.
fn helper(machine: &Machine, name: &str, script: &str) {
    let path = machine.write(&format!("bin/docker-credential-{name}"), script);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn with_helper(machine: &Machine, registry: &Registry, name: &str) {
    let text = format!(r#"{{"credHelpers":{{"{}":"{name}"}}}}"#, registry.address);
    machine.write(".docker/config.json", text);
}

#[test]
fn helpers_of_docker_are_asked() {
    let Some(registry) = Registry::start_with_passwords() else {
        return;
    };
    let author = author();
    let name = registry.name("team/links:1");
    let answer = format!(r#"{{"Username":"{NAME}","Secret":"{PASSWORD}"}}"#);
    helper(
        &author,
        "vault",
        &format!(
            "#!/bin/sh\n[ \"$1\" = get ] && [ \"$(cat)\" = {} ] || exit 1\ncat <<'E'\n{answer}\nE\n",
            registry.address
        ),
    );
    with_helper(&author, &registry, "vault");
    author.push("links.wasm", &name);

    let machine = Machine::new();
    with_helper(&machine, &registry, "nowhere");
    let ended = machine.run(&["rule", "pull", &name]);
    assert_told(&ended, 1, &["cannot be run", "docker-credential-NAME"]);
    helper(
        &machine,
        "locked",
        "#!/bin/sh\ncat >/dev/null; echo 'secret of others'; echo 'the vault is locked' >&2; exit 1\n",
    );
    with_helper(&machine, &registry, "locked");
    let ended = machine.run(&["rule", "pull", &name]);
    assert_told(
        &ended,
        1,
        &["docker-credential-locked", "the vault is locked"],
    );
    assert!(!ended.told.contains("secret of others"), "{ended:?}");
    helper(
        &machine,
        "empty",
        "#!/bin/sh\ncat >/dev/null; echo 'credentials not found in native keychain'; exit 1\n",
    );
    with_helper(&machine, &registry, "empty");
    let ended = machine.run(&["rule", "pull", &name]);
    assert_told(&ended, 1, &["401", "docker login"]);
    machine.write(".docker/config.json", "{");
    let ended = machine.run(&["rule", "pull", &name]);
    assert_told(
        &ended,
        1,
        &["config.json", "not the JSON that Docker writes"],
    );
}

/// Of an issuer of tokens, as the registry checks them: by RS256, with its certificate.
struct Issuer<'f> {
    folder: &'f Path,
}

impl Issuer<'_> {
    fn openssl(&self, arguments: &str, input: &[u8]) -> Vec<u8> {
        use std::io::Write as _;
        let mut child = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl {arguments}");
        output.stdout
    }

    fn token(&self, repository: &str, actions: &str) -> String {
        let certificate = self.openssl("x509 -in issuer.pem -outform DER", b"");
        let header = serde_json::json!({
            "typ": "JWT", "alg": "RS256", "x5c": [STANDARD.encode(certificate)],
        });
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = serde_json::json!({
            "iss": "issuer", "aud": "rules", "sub": NAME, "jti": "1",
            "iat": now, "nbf": now - 10, "exp": now + 300,
            "access": [{
                "type": "repository",
                "name": repository,
                "actions": actions.split(',').collect::<Vec<_>>(),
            }],
        });
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = self.openssl("dgst -sha256 -sign issuer.key", signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }
}

/// A registry that wants tokens of somebody else, who wants a password, or an identity.
#[test]
fn tokens_are_fetched_for_what_is_asked() {
    let is_there = Command::new("openssl").arg("version").output().is_ok();
    if !is_there {
        return clients::skipped("there is no openssl, which signs tokens");
    }
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer {
        folder: folder.path(),
    };
    issuer.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout issuer.key -out issuer.pem -days 2 -subj /CN=issuer",
        b"",
    );
    let at = folder.path().to_owned();
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let heard = Arc::clone(&asked);
    let web = Web::start(move |asked| {
        heard.lock().push(asked.clone());
        let query = format!("{}&{}", asked.path, asked.body);
        let password = STANDARD.encode(format!("{NAME}:{PASSWORD}"));
        let is_known = asked.header("authorization") == Some(&format!("Basic {password}"))
            || asked.body.contains("refresh_token=an%20identity");
        if !is_known {
            return (401, vec![], Vec::new());
        }
        let scope = query
            .split(['?', '&'])
            .find_map(|part| part.strip_prefix("scope="));
        let scope = scope
            .unwrap()
            .replace("%3A", ":")
            .replace("%2F", "/")
            .replace("%2C", ",");
        let [_, repository, actions] = scope.split(':').collect::<Vec<_>>()[..] else {
            return (400, vec![], Vec::new());
        };
        let issuer = Issuer { folder: &at };
        let token = issuer.token(repository, actions);
        (
            200,
            vec![],
            format!(r#"{{"token":"{token}"}}"#).into_bytes(),
        )
    });
    let auth = format!(
        "auth: {{token: {{realm: 'http://{}/token', service: rules, issuer: issuer, \
         rootcertbundle: '{}'}}}}",
        web.address,
        folder.path().join("issuer.pem").display()
    );
    let Some(registry) = Registry::start_with(&auth) else {
        return;
    };
    let name = registry.name("team/links:1");
    let author = author();
    let ended = author.run(&["rule", "push", "links.wasm", &name]);
    assert_told(&ended, 1, &["401", "docker login"]);
    author.log_in(&registry, NAME, PASSWORD);
    author.push("links.wasm", &name);
    let first = asked.lock().iter().map(|asked| asked.path.clone()).next();
    assert!(first.unwrap().contains("service=rules"));

    let machine = Machine::new();
    let text = format!(
        r#"{{"auths":{{"{}":{{"identitytoken":"an identity"}}}}}}"#,
        registry.address
    );
    machine.write(".docker/config.json", text);
    asked.lock().clear();
    let ended = machine.run(&["rule", "pull", &name]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let asked = asked.lock();
    let [token] = &asked[..] else {
        panic!("one token is enough: {asked:?}");
    };
    assert_eq!(token.method, "POST");
    assert!(
        token.body.contains("grant_type=refresh%5Ftoken"),
        "{token:?}"
    );
    assert!(
        token
            .body
            .contains("scope=repository%3Ateam%2Flinks%3Apull"),
        "{token:?}"
    );
}
