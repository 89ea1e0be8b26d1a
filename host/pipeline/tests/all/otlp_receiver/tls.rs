//! TLS, with certificates that are made here.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use linkmend_pipeline::receivers::otlp::Limits;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::support::{Next, PROTOBUF, encoded, is_ended, post, start_with, try_start};

/// An authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
struct Signed {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn sign(&self, name: &str) -> Signed {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Signed {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// The server's files in a folder.
fn write(folder: &Path, signed: &Signed, clients: &Authority) {
    std::fs::write(folder.join("cert.pem"), &signed.certificate).unwrap();
    std::fs::write(folder.join("key.pem"), &signed.key).unwrap();
    std::fs::write(folder.join("clients.pem"), clients.0.pem()).unwrap();
}

fn lines(folder: &Path, more: &str) -> String {
    let folder = folder.display();
    format!(
        "protocols: {{http: {{endpoint: '127.0.0.1:0', tls: {{cert_file: {folder}/cert.pem, \
         key_file: {folder}/key.pem{more}}}}}}}"
    )
}

fn client(server: &Authority, own: Option<&Signed>, alpn: &[u8]) -> TlsConnector {
    use rustls::pki_types::pem::PemObject;
    let mut roots = RootCertStore::empty();
    roots.add(server.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let certificate =
                rustls::pki_types::CertificateDer::from_pem_slice(own.certificate.as_bytes());
            let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(own.key.as_bytes());
            builder
                .with_client_auth_cert(vec![certificate.unwrap()], key.unwrap())
                .unwrap()
        }
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config).into()
}

async fn connect(
    address: SocketAddr,
    client: &TlsConnector,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    client.connect(name, stream).await
}

/// Whether a request comes through.
async fn works(address: SocketAddr, client: &TlsConnector) -> bool {
    let Ok(mut stream) = connect(address, client).await else {
        return false;
    };
    let bytes = post("/v1/traces", &[PROTOBUF], &encoded(1));
    if stream.write_all(&bytes).await.is_err() {
        return false;
    }
    // A client certificate is refused after the handshake of TLS 1.3.
    let mut begin = [0];
    if tokio::io::AsyncReadExt::read(&mut stream, &mut begin)
        .await
        .is_err()
    {
        return false;
    }
    begin == *b"H"
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, others) = (Authority::new(), Authority::new());
    write(folder.path(), &authority.sign("one"), &others);
    let next = Next::new();
    let running = start_with(&lines(folder.path(), ""), Limits::default(), &next).await;
    let address = running.address("http");
    assert!(works(address, &client(&authority, None, b"http/1.1")).await);
    let stream = connect(address, &client(&authority, None, b"h2"))
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let body = http_body_util::Full::<bytes::Bytes>::from(encoded(1));
    let request = http::Request::post("https://localhost/v1/traces")
        .header("content-type", "application/x-protobuf")
        .body(body)
        .unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    assert_eq!(next.spans(), 2);
    assert!(!works(address, &client(&others, None, b"h2")).await);
    drop(sender);
    running.tasks.end().await;
}

#[tokio::test]
async fn clients_need_a_certificate_where_it_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, clients) = (Authority::new(), Authority::new());
    write(folder.path(), &authority.sign("one"), &clients);
    let more = format!(", client_ca_file: {}/clients.pem", folder.path().display());
    let next = Next::new();
    let running = start_with(&lines(folder.path(), &more), Limits::default(), &next).await;
    let address = running.address("http");
    let (good, bad) = (clients.sign("good"), authority.sign("bad"));
    assert!(works(address, &client(&authority, Some(&good), b"http/1.1")).await);
    assert!(!works(address, &client(&authority, Some(&bad), b"http/1.1")).await);
    assert!(!works(address, &client(&authority, None, b"http/1.1")).await);
    assert_eq!(next.spans(), 1);
    running.tasks.end().await;
}

#[tokio::test]
async fn certificates_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    write(folder.path(), &old.sign("one"), &old);
    let path = folder.path().join("clients.pem");
    let more = format!(
        ", reload_interval: 50ms, client_ca_file: {}, client_ca_file_reload: true",
        path.display()
    );
    let limits = Limits {
        client_ca: Duration::from_millis(50),
        ..Limits::default()
    };
    let next = Next::new();
    let running = start_with(&lines(folder.path(), &more), limits, &next).await;
    let address = running.address("http");
    let (mine, others) = (old.sign("mine"), new.sign("others"));
    assert!(works(address, &client(&old, Some(&mine), b"http/1.1")).await);
    // What is broken leaves all as it was.
    std::fs::write(folder.path().join("cert.pem"), "broken").unwrap();
    sleep(Duration::from_millis(200)).await;
    assert!(works(address, &client(&old, Some(&mine), b"http/1.1")).await);
    write(folder.path(), &new.sign("two"), &new);
    let renewed = async {
        while !works(address, &client(&new, Some(&others), b"http/1.1")).await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), renewed).await.unwrap();
    assert!(!works(address, &client(&old, Some(&mine), b"http/1.1")).await);
    running.tasks.end().await;
}

/// A change right after the start was taken for what had been there before.
#[tokio::test]
async fn the_authorities_of_clients_are_read_again_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, old, new) = (Authority::new(), Authority::new(), Authority::new());
    write(folder.path(), &authority.sign("one"), &old);
    let path = folder.path().join("clients.pem");
    let more = format!(
        ", client_ca_file: {}, client_ca_file_reload: true",
        path.display()
    );
    let limits = Limits {
        client_ca: Duration::from_millis(50),
        ..Limits::default()
    };
    let next = Next::new();
    let running = start_with(&lines(folder.path(), &more), limits, &next).await;
    let address = running.address("http");
    let others = new.sign("others");
    assert!(!works(address, &client(&authority, Some(&others), b"http/1.1")).await);
    std::fs::write(&path, new.0.pem()).unwrap();
    let renewed = async {
        while !works(address, &client(&authority, Some(&others), b"http/1.1")).await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), renewed).await.unwrap();
    running.tasks.end().await;
}

#[tokio::test]
async fn handshakes_end_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    write(folder.path(), &authority.sign("one"), &authority);
    let limits = Limits {
        handshake: Duration::from_millis(200),
        ..Limits::default()
    };
    let next = Next::new();
    let running = start_with(&lines(folder.path(), ""), limits, &next).await;
    let mut silent = TcpStream::connect(running.address("http")).await.unwrap();
    assert!(is_ended(&mut silent, Duration::from_secs(3)).await);
    // A client without TLS is not left to wait, either.
    let mut plain = TcpStream::connect(running.address("http")).await.unwrap();
    plain.write_all(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(is_ended(&mut plain, Duration::from_secs(3)).await);
    running.tasks.end().await;
}

#[tokio::test]
async fn files_that_are_none_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    write(folder.path(), &authority.sign("one"), &authority);
    let told = async |lines: String| {
        let next = Next::new();
        let started = try_start(&lines, Limits::default(), next as _).await;
        started.err().unwrap().to_string()
    };
    let other = authority.sign("two");
    std::fs::write(folder.path().join("key.pem"), &other.key).unwrap();
    let text = told(lines(folder.path(), "")).await;
    assert!(
        text.starts_with("receivers.otlp.protocols.http.tls.key_file: "),
        "{text}"
    );
    std::fs::write(folder.path().join("key.pem"), "").unwrap();
    let text = told(lines(folder.path(), "")).await;
    assert!(
        text.contains("key.pem: there is no private key in it"),
        "{text}"
    );
    std::fs::remove_file(folder.path().join("cert.pem")).unwrap();
    let text = told(lines(folder.path(), "")).await;
    assert!(text.contains("tls.cert_file: cannot read"), "{text}");
}
