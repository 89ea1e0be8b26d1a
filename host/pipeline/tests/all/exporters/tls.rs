//! TLS, against a server that is not ours: tonic's service over rustls.

use std::path::Path;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio_rustls::TlsAcceptor;
use tonic::codec::CompressionEncoding;
use tonic::{Request, Response, Status};

use super::bench::{data, make, start};

/// Certificates of an authority, in files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = folder.path().display().to_string();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes `NAME.pem` and `NAME.key`.
    fn issue(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// Writes `NAME.pem` and `NAME.key`, which nobody but itself has signed.
    fn sign_itself(&self, name: &str, is_ca: IsCa) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(self.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// The configuration of a server; with `clients`, it asks for certificates.
    fn server(&self, name: &str, clients: bool) -> ServerConfig {
        self.issue(name);
        self.shows(name, clients)
    }

    /// The same, with files that are there.
    fn shows(&self, name: &str, clients: bool) -> ServerConfig {
        let chain = CertificateDer::from_pem_file(self.path().join(format!("{name}.pem"))).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.path().join(format!("{name}.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if clients {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_single_cert(vec![chain], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

/// The service as it is generated from the protocol.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn serve(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, service: Service) {
    let service = TraceServiceServer::new(service)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd);
    let builder = auto::Builder::new(TokioExecutor::new());
    let service = TowerToHyperService::new(service);
    let _ = builder.serve_connection(TokioIo::new(io), service).await;
}

/// Serves tonic's service with TLS; its port.
async fn listen(config: ServerConfig) -> (u16, Service) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let service = Service::default();
    let served = service.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, service) = (acceptor.clone(), served.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, service).await;
                }
            });
        }
    });
    (port, service)
}

/// Serves one request at a Unix socket; the authority that it asked for.
pub async fn serve_once(listener: UnixListener) -> String {
    use http_body_util::BodyExt;
    let (stream, _) = listener.accept().await.unwrap();
    let asked = Arc::new(Mutex::new(String::new()));
    let service =
        TraceServiceServer::new(Service::default()).accept_compressed(CompressionEncoding::Gzip);
    let told = Arc::clone(&asked);
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            *told.lock() = request.uri().authority().unwrap().to_string();
            let mut service = service.clone();
            async move {
                tower_service::Service::call(&mut service, request.map(BodyExt::boxed_unsync)).await
            }
        });
    let builder = auto::Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let _ = tokio::time::timeout(std::time::Duration::from_millis(300), connection).await;
    asked.lock().clone()
}

const ONCE: &str = "retry_on_failure: {enabled: false}";

#[tokio::test]
async fn tonic_reads_what_is_sent_over_tls() {
    let authority = Authority::new();
    let (port, service) = listen(authority.server("localhost", false)).await;
    let folder = authority.path().display();
    for compression in ["gzip", "zstd", "none"] {
        let lines = format!(
            "endpoint: localhost:{port}\ncompression: {compression}\ntls: {{ca_file: '{folder}/ca.pem'}}"
        );
        let bench = start("otlp_grpc", &lines).await;
        bench.send(1000).await.unwrap();
        let taken = service.0.lock().pop().unwrap();
        assert_eq!(taken.resource_spans, data("span", 1000).resource_spans);
    }
}

#[tokio::test]
async fn servers_are_checked_unless_it_is_switched_off() {
    let authority = Authority::new();
    let (port, _) = listen(authority.server("other.example", false)).await;
    let folder = authority.path().display();
    let ca = format!("ca_file: '{folder}/ca.pem'");
    let stranger = Authority::new();
    let strange = format!("ca_file: '{}/ca.pem'", stranger.path().display());
    for (tls, fault) in [
        (ca.clone(), Some("tls.server_name_override")),
        (
            strange,
            Some("give the authority of its certificate as `tls.ca_file`"),
        ),
        (format!("{ca}, server_name_override: other.example"), None),
        ("insecure_skip_verify: true".to_owned(), None),
    ] {
        let lines = format!("endpoint: localhost:{port}\ntls: {{{tls}}}\n{ONCE}");
        let taken = start("otlp_grpc", &lines).await.send(1).await;
        match (fault, taken) {
            (None, taken) => assert!(taken.is_ok(), "{tls}: {taken:?}"),
            (Some(fault), Err(refusal)) => {
                assert!(refusal.is_retryable());
                assert!(refusal.message.contains(fault), "{tls}: {refusal}");
            }
            (Some(_), Ok(_)) => panic!("{tls}: it was sent"),
        }
    }
}

#[tokio::test]
async fn clients_show_their_certificates() {
    let authority = Authority::new();
    let (port, service) = listen(authority.server("localhost", true)).await;
    authority.issue("client");
    let folder = authority.path().display();
    let with = |more: &str| {
        format!("endpoint: localhost:{port}\ntls: {{ca_file: '{folder}/ca.pem'{more}}}\n{ONCE}")
    };
    let refused = start("otlp_grpc", &with(""))
        .await
        .send(1)
        .await
        .unwrap_err();
    assert!(refused.is_retryable(), "{refused}");
    let shown = format!(", cert_file: '{folder}/client.pem', key_file: '{folder}/client.key'");
    start("otlp_grpc", &with(&shown))
        .await
        .send(1)
        .await
        .unwrap();
    assert_eq!(service.0.lock().len(), 1);
}

/// HTTP is spoken in the version that the server chooses.
#[tokio::test]
async fn http_version_is_chosen_by_the_server() {
    let authority = Authority::new();
    let folder = authority.path().display();
    for (protocol, version) in [
        ("h2", http::Version::HTTP_2),
        ("http/1.1", http::Version::HTTP_11),
    ] {
        let mut config = authority.server("localhost", false);
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = format!(
            "endpoint: https://localhost:{port}\ntls: {{ca_file: '{folder}/ca.pem'}}\n{ONCE}"
        );
        let bench = start("otlp_http", &lines).await;
        let spoken = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&spoken);
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = TlsAcceptor::from(Arc::new(config))
                .accept(stream)
                .await
                .unwrap();
            let service = hyper::service::service_fn(move |request: http::Request<_>| {
                told.lock()
                    .push((request.version(), request.uri().path().to_owned()));
                drop::<http::Request<hyper::body::Incoming>>(request);
                async { Ok::<_, std::convert::Infallible>(http::Response::new(String::new())) }
            });
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        bench.send(1).await.unwrap();
        assert_eq!(spoken.lock()[..], [(version, "/v1/traces".to_owned())]);
        serving.abort();
    }
}

/// `openssl req -x509` makes certificates of authorities, which no server may show.
#[tokio::test]
async fn a_certificate_that_is_its_own_authority() {
    let authority = Authority::new();
    let ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (is_ca, is_taken) in [(ca, false), (IsCa::ExplicitNoCa, true), (IsCa::NoCa, true)] {
        authority.sign_itself("localhost", is_ca);
        let (port, _) = listen(authority.shows("localhost", false)).await;
        let file = authority.path().join("localhost.pem");
        let file = file.display();
        let lines = format!("endpoint: localhost:{port}\ntls: {{ca_file: '{file}'}}\n{ONCE}");
        let taken = start("otlp_grpc", &lines).await.send(1).await;
        match taken {
            Ok(_) => assert!(is_taken),
            Err(refusal) => {
                assert!(!is_taken, "{refusal}");
                let way_out = "make the server's own with `basicConstraints=CA:FALSE`";
                assert!(refusal.message.contains(way_out), "{refusal}");
            }
        }
    }
}

/// A port without TLS is a common mistake; the way out is told.
#[tokio::test]
async fn port_without_tls_is_told() {
    let intake = super::intake::Intake::open().await;
    let authority = Authority::new();
    let ca = authority.path().join("ca.pem");
    let lines = format!(
        "endpoint: {}\ntls: {{ca_file: '{}'}}\n{ONCE}",
        intake.address,
        ca.display()
    );
    let refusal = start("otlp_grpc", &lines).await.send(1).await.unwrap_err();
    assert!(refusal.message.contains("TLS: "), "{refusal}");
    assert!(refusal.message.contains("insecure: true"), "{refusal}");
}

/// Certificates that are renewed are read again, without a restart.
#[tokio::test]
async fn files_are_read_again() {
    let old = Authority::new();
    let new = Authority::new();
    let (port, _) = listen(new.server("localhost", false)).await;
    let ca = old.path().join("ca.pem");
    let lines = format!(
        "endpoint: localhost:{port}\ntls: {{ca_file: '{}', reload_interval: 1ms}}\n{ONCE}",
        ca.display()
    );
    let bench = start("otlp_grpc", &lines).await;
    let interval = || tokio::time::sleep(std::time::Duration::from_millis(5));
    assert!(bench.send(1).await.is_err());
    interval().await;
    // One that is half written does not count.
    std::fs::write(&ca, "-----BEGIN").unwrap();
    assert!(bench.send(1).await.is_err());
    std::fs::copy(new.path().join("ca.pem"), &ca).unwrap();
    interval().await;
    bench.send(1).await.unwrap();
}

#[test]
fn files_that_cannot_be_read_are_faults() {
    let lines = "endpoint: b:1\ntls: {ca_file: /nowhere/ca.pem}";
    let fault = make("otlp_grpc/x", lines, "{}").err().unwrap();
    assert_eq!(fault.path, "exporters.otlp_grpc/x.tls.ca_file");
    assert!(fault.text.contains("/nowhere/ca.pem"), "{fault}");
}
