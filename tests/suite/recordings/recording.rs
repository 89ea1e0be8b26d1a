//! A recording, and what is true of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::read::GzDecoder;
use serde::Deserialize;

/// A trace id and a span id.
pub type Context = (Vec<u8>, Vec<u8>);

/// In what state the traces are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// As the emitter has it when all is well.
    AsIs,
    /// A script took the contexts that travelled with messages away.
    Lost,
    /// A script made the contexts of links zeros.
    Zeroed,
    /// Recorded with propagation off.
    Off,
}

/// One of `recordings.json`.
#[derive(Debug, Deserialize)]
pub struct Recording {
    pub name: String,
    pub emitter: String,
    pub language: String,
    pub instrumentation: String,
    #[serde(default)]
    pub client: String,
    #[serde(default)]
    pub broker: String,
    pub recorded: String,
    pub script: String,
    pub variant: Variant,
    #[serde(default)]
    pub advice: Option<String>,
    /// The configuration of the rule, a file beside.
    #[serde(default)]
    pub config: Option<String>,
    #[serde(skip)]
    folder: PathBuf,
}

impl Recording {
    /// All of them, in the order of their names.
    pub fn all() -> Vec<Self> {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/data");
        let mut all = Vec::new();
        for entry in std::fs::read_dir(data).unwrap() {
            let folder = entry.unwrap().path();
            let list = std::fs::read_to_string(folder.join("recordings.json")).unwrap();
            let mut list: Vec<Self> = serde_json::from_str(&list).unwrap();
            for recording in &mut list {
                recording.folder.clone_from(&folder);
            }
            all.append(&mut list);
        }
        all.sort_by_key(Self::path);
        all
    }

    /// Its folder and name.
    pub fn path(&self) -> String {
        let language = self.folder.file_name().unwrap_or_default();
        format!("{}/{}", language.to_string_lossy(), self.name)
    }

    /// All contexts are there.
    pub fn is_intact(&self) -> bool {
        self.variant == Variant::AsIs && self.advice.is_none()
    }

    /// The advice holds for the recording as it was made. What a script took away
    /// afterwards it may not bring back: a header that was captured stays, a link
    /// that was the only one to name its message does not.
    pub fn is_followed(&self) -> bool {
        matches!(self.variant, Variant::AsIs | Variant::Off)
    }

    /// The configuration of the rule, as JSON.
    pub fn rule_config(&self) -> String {
        let Some(name) = &self.config else {
            return "{}".into();
        };
        let text = std::fs::read_to_string(self.folder.join(name)).unwrap();
        let document = linkmend_config::read(&text).unwrap();
        serde_json::to_string(document.value()).unwrap()
    }

    /// The requests, as they were received.
    pub fn batches(&self) -> Vec<Bytes> {
        let path = self.folder.join(format!("{}.pb.gz", self.name));
        let file = std::fs::File::open(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut bytes = Vec::new();
        GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        let mut rest = Bytes::from(bytes);
        let mut batches = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest.split_to(4).as_ref().try_into().unwrap());
            batches.push(rest.split_to(length as usize));
        }
        batches
    }

    /// Who sent what each consumer received.
    pub fn truth(&self) -> BTreeMap<Context, BTreeSet<Context>> {
        let path = self.folder.join(format!("{}.truth.jsonl", self.name));
        let text = std::fs::read_to_string(path).unwrap();
        let mut truth: BTreeMap<Context, BTreeSet<Context>> = BTreeMap::new();
        for line in text.lines() {
            let ids: [String; 4] = serde_json::from_str(line).unwrap();
            let [consumer_trace, consumer, producer_trace, producer] = ids.map(|id| hex(&id));
            let senders = truth.entry((consumer_trace, consumer)).or_default();
            senders.insert((producer_trace, producer));
        }
        truth
    }
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
