//! The manifest and the configuration of a rule: the CNCF's layout of Wasm artifacts.

use std::collections::BTreeMap;

use linkmend::Checksum;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reference::{SHA256, shown};

/// Of the configuration.
pub(crate) const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
/// Of the one layer, which is the component.
pub(crate) const LAYER_TYPE: &str = "application/wasm";
/// Of the manifest.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The annotation of a manifest with the signature of the component, as minisign
/// writes it.
pub const SIGNATURE: &str = "io.linkmend.rule.minisig";

/// What a rule says of itself, for those who look at a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// The interfaces that the component imports.
    pub imports: Vec<String>,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
}

/// What is pushed beside the component.
pub(crate) struct Artifact {
    pub(crate) config: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    #[serde(default)]
    media_type: String,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Artifact {
    /// The same for the same component: nothing of when and where is in it.
    pub(crate) fn of(component: &[u8], about: &About, signature: Option<&str>) -> Self {
        let config = serde_json::json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [shown(Checksum::of(component))],
            "component": {
                "exports": about.exports,
                "imports": about.imports,
                "target": Value::Null,
            },
        });
        let config = config.to_string().into_bytes();
        let texts = [
            ("org.opencontainers.image.title", about.name.as_str()),
            ("org.opencontainers.image.version", &about.version),
            ("org.opencontainers.image.description", &about.summary),
            (SIGNATURE, signature.unwrap_or_default()),
        ];
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let manifest = Manifest {
            schema_version: 2,
            media_type: MANIFEST_TYPE.to_owned(),
            config: descriptor(CONFIG_TYPE, &config),
            layers: vec![descriptor(LAYER_TYPE, component)],
            annotations: texts
                .map(|(key, text)| (key.to_owned(), text.to_owned()))
                .collect(),
        };
        Self {
            // It has texts and numbers only.
            manifest: serde_json::to_vec(&manifest).unwrap_or_default(),
            config,
        }
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: shown(Checksum::of(bytes)),
        size: bytes.len() as u64,
    }
}

/// The component that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) digest: Checksum,
    pub(crate) size: u64,
    pub(crate) signature: Option<String>,
}

impl Layer {
    /// Of a manifest as it came.
    ///
    /// # Errors
    ///
    /// What it is, when it is no rule.
    pub(crate) fn of(manifest: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            media_type: Option<String>,
            manifests: Option<Value>,
        }
        let unreadable = |error| format!("its manifest cannot be read: {error}");
        let kind: Kind = serde_json::from_slice(manifest).map_err(unreadable)?;
        if kind.manifests.is_some() {
            let kind = kind.media_type.unwrap_or_default();
            return Err(format!(
                "it is an index of several manifests ({kind}), and a rule is one for all machines"
            ));
        }
        let mut manifest: Manifest = serde_json::from_slice(manifest).map_err(unreadable)?;
        let kind = &manifest.config.media_type;
        if kind != CONFIG_TYPE {
            return Err(format!(
                "its configuration has the media type {kind}, and that of a rule is {CONFIG_TYPE}"
            ));
        }
        let [layer] = manifest.layers.as_slice() else {
            let count = manifest.layers.len();
            return Err(format!("it has {count} layers, and a rule has one"));
        };
        if layer.media_type != LAYER_TYPE {
            return Err(format!(
                "its layer has the media type {}, and that of a rule is {LAYER_TYPE}",
                layer.media_type
            ));
        }
        let digest = layer.digest.strip_prefix(SHA256).and_then(Checksum::parse);
        Ok(Self {
            digest: digest.ok_or_else(|| format!("its layer has no SHA-256: {}", layer.digest))?,
            size: layer.size,
            signature: manifest.annotations.remove(SIGNATURE),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    #[test]
    fn what_is_pushed_is_what_is_pulled() {
        let made = Artifact::of(b"component", &About::default(), Some("signed"));
        let again = Artifact::of(b"component", &About::default(), Some("signed"));
        assert_eq!(made.manifest, again.manifest, "the same each time");
        let layer = Layer::of(&made.manifest).unwrap();
        assert_eq!(layer.digest, Checksum::of(b"component"));
        assert_eq!(layer.size, 9);
        assert_eq!(layer.signature.as_deref(), Some("signed"));
    }

    #[test]
    fn what_is_no_rule_is_told() {
        let config = format!(r#"{{"mediaType":"{CONFIG_TYPE}","digest":"sha256:","size":2}}"#);
        let image = r#"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:","size":2}"#;
        let layer =
            r#"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"","size":1}"#;
        let manifest = |config: &str, layers: &str| {
            format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#)
        };
        for (manifest, told) in [
            ("<html>".into(), "cannot be read"),
            (r#"{"schemaVersion":2,"manifests":[]}"#.into(), "an index"),
            (manifest(image, layer), "image.config.v1+json"),
            (manifest(&config, ""), "0 layers"),
            (manifest(&config, layer), "tar+gzip"),
            (
                manifest(
                    &config,
                    &layer.replace("vnd.oci.image.layer.v1.tar+gzip", "wasm"),
                ),
                "no SHA-256",
            ),
        ] {
            let text = Layer::of(manifest.as_bytes()).unwrap_err();
            assert!(text.contains(told), "{text}");
        }
    }
}
