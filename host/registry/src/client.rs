//! Pulling and pushing.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::LOCATION;
use linkmend::Checksum;

use crate::artifact::{About, Artifact, Layer, MANIFEST_TYPE};
use crate::connection::Answer;
use crate::error::RegistryError;
use crate::reference::{Reference, shown};
use crate::session::{Ask, Session};

/// All of a pull, or a push.
const ALL: Duration = Duration::from_mins(5);
/// How often it is looked whether somebody still waits.
const LOOK: Duration = Duration::from_millis(100);

/// A rule that was pulled.
#[derive(Debug)]
#[non_exhaustive]
pub struct PulledRule {
    /// The component.
    pub component: Vec<u8>,
    /// The digest of its manifest: what pins it.
    pub digest: Checksum,
    /// The signature that came with it.
    pub signature: Option<String>,
    /// What its tag is now, when that is something else.
    pub moved: Option<Checksum>,
    pub(crate) manifest: Vec<u8>,
}

/// Pushes a rule, with what it says of itself, and a signature if there is one. Answers
/// with its pinned name.
///
/// # Errors
///
/// Why the registry does not have it now.
pub fn push(
    reference: &Reference,
    component: &[u8],
    about: &About,
    signature: Option<&str>,
) -> Result<Reference, RegistryError> {
    let artifact = Artifact::of(component, about, signature);
    let digest = Checksum::of(&artifact.manifest);
    if let Some(wanted) = reference.digest().filter(|wanted| *wanted != digest) {
        let (found, wanted) = (shown(digest), shown(wanted));
        return Err(RegistryError::OtherDigest { found, wanted });
    }
    let pushing = push_now(reference, component, &artifact);
    wait_for(reference, &|| false, pushing)?;
    Ok(reference.pinned(digest))
}

/// Pulls a rule of at most so many bytes; its digests are those that it is to have.
pub(crate) fn pull(
    reference: &Reference,
    most: usize,
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Result<PulledRule, RegistryError> {
    wait_for(reference, is_stopped, pull_now(reference, most))
}

/// On a thread of its own: the caller may be one that must not wait in this way.
fn wait_for<T: Send>(
    reference: &Reference,
    is_stopped: &(dyn Fn() -> bool + Sync),
    work: impl Future<Output = Result<T, RegistryError>> + Send,
) -> Result<T, RegistryError> {
    let away = |why: String| RegistryError::Away {
        host: reference.host().to_owned(),
        why,
    };
    let stopped = async {
        while !is_stopped() {
            tokio::time::sleep(LOOK).await;
        }
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build();
            let runtime = runtime.map_err(|error| away(error.to_string()))?;
            let done = runtime.block_on(async {
                tokio::select! {
                    done = work => done,
                    () = stopped => Err(RegistryError::Stopped),
                    () = tokio::time::sleep(ALL) => Err(away(format!("it is not done after {ALL:?}"))),
                }
            });
            // A helper of Docker's that hangs is left behind.
            runtime.shutdown_background();
            done
        });
        let done = thread.join();
        done.unwrap_or_else(|_| Err(away("asking it failed".into())))
    })
}

async fn pull_now(reference: &Reference, most: usize) -> Result<PulledRule, RegistryError> {
    let mut session = Session::new(reference, "pull")?;
    let (manifest, moved) = manifest(&mut session, reference).await?;
    let digest = Checksum::of(&manifest);
    if let Some(wanted) = reference.digest().filter(|wanted| *wanted != digest) {
        return Err(other_digest(digest, wanted));
    }
    let layer = Layer::of(&manifest).map_err(RegistryError::NotARule)?;
    let size = layer.size;
    let fits = usize::try_from(size).ok().filter(|size| *size <= most);
    let Some(length) = fits else {
        return Err(RegistryError::TooLarge { size, most });
    };
    let to = format!("/v2/{}/blobs/{}", reference.name(), shown(layer.digest));
    let answer = session
        .ask(&Ask {
            most: length,
            ..Ask::new(Method::GET, to)
        })
        .await?;
    if !answer.status.is_success() {
        return Err(session.refused(&answer));
    }
    let found = Checksum::of(&answer.body);
    if found != layer.digest {
        return Err(other_digest(found, layer.digest));
    }
    Ok(PulledRule {
        component: answer.body,
        digest,
        signature: layer.signature,
        moved,
        manifest,
    })
}

/// The manifest, and what its tag is now if that is another one.
async fn manifest(
    session: &mut Session<'_>,
    reference: &Reference,
) -> Result<(Vec<u8>, Option<Checksum>), RegistryError> {
    let Some(pinned) = reference.digest() else {
        let tag = reference.tag().unwrap_or_default();
        let answer = ask_manifest(session, reference, tag).await?;
        return if answer.status.is_success() {
            Ok((answer.body, None))
        } else {
            Err(session.refused(&answer))
        };
    };
    let answer = ask_manifest(session, reference, &shown(pinned)).await?;
    // What the tag has become is good to know; that it cannot be asked is no error.
    let now = match reference.tag() {
        Some(tag) => ask_manifest(session, reference, tag).await.ok(),
        None => None,
    };
    let now = now.filter(|now| now.status.is_success());
    let now = now.map(|now| Checksum::of(&now.body));
    let now = now.filter(|now| *now != pinned);
    match now {
        _ if answer.status.is_success() => Ok((answer.body, now)),
        Some(now) if answer.status == 404 => Err(RegistryError::Moved {
            now: shown(now),
            pinned: shown(pinned),
        }),
        _ => Err(session.refused(&answer)),
    }
}

async fn ask_manifest(
    session: &mut Session<'_>,
    reference: &Reference,
    which: &str,
) -> Result<Answer, RegistryError> {
    let to = format!("/v2/{}/manifests/{which}", reference.name());
    session
        .ask(&Ask {
            // An index is taken, to be able to say that it is one.
            accept: "application/vnd.oci.image.manifest.v1+json, \
                     application/vnd.oci.image.index.v1+json;q=0.1, \
                     application/vnd.docker.distribution.manifest.v2+json;q=0.1, \
                     application/vnd.docker.distribution.manifest.list.v2+json;q=0.1",
            ..Ask::new(Method::GET, to)
        })
        .await
}

async fn push_now(
    reference: &Reference,
    component: &[u8],
    artifact: &Artifact,
) -> Result<(), RegistryError> {
    let mut session = Session::new(reference, "pull,push")?;
    push_blob(&mut session, reference, component).await?;
    push_blob(&mut session, reference, &artifact.config).await?;
    let digest = shown(Checksum::of(&artifact.manifest));
    let which = reference.tag().unwrap_or(&digest);
    let answer = session
        .ask(&Ask {
            content: MANIFEST_TYPE,
            body: Bytes::copy_from_slice(&artifact.manifest),
            ..Ask::new(
                Method::PUT,
                format!("/v2/{}/manifests/{which}", reference.name()),
            )
        })
        .await?;
    if answer.status.is_success() {
        return Ok(());
    }
    Err(session.refused(&answer))
}

/// Gives a blob to a registry that does not have it yet.
async fn push_blob(
    session: &mut Session<'_>,
    reference: &Reference,
    blob: &[u8],
) -> Result<(), RegistryError> {
    let digest = shown(Checksum::of(blob));
    let blobs = format!("/v2/{}/blobs", reference.name());
    let there = session
        .ask(&Ask::new(Method::HEAD, format!("{blobs}/{digest}")))
        .await?;
    if there.status.is_success() {
        return Ok(());
    }
    let begun = session
        .ask(&Ask::new(Method::POST, format!("{blobs}/uploads/")))
        .await?;
    let to = begun.headers.get(LOCATION).and_then(|to| to.to_str().ok());
    let Some(to) = to.filter(|_| begun.status.is_success()) else {
        return Err(session.refused(&begun));
    };
    let join = if to.contains('?') { '&' } else { '?' };
    let answer = session
        .ask(&Ask {
            content: "application/octet-stream",
            body: Bytes::copy_from_slice(blob),
            sending: Some(ALL),
            ..Ask::new(Method::PUT, format!("{to}{join}digest={digest}"))
        })
        .await?;
    if answer.status.is_success() {
        return Ok(());
    }
    Err(session.refused(&answer))
}

fn other_digest(found: Checksum, wanted: Checksum) -> RegistryError {
    RegistryError::OtherDigest {
        found: shown(found),
        wanted: shown(wanted),
    }
}
