//! OTLP/JSON of each signal.
//!
//! That of traces goes straight between texts and bytes, in `linkmend-files`.
//! The other signals pass as bytes; only who sends or wants JSON has them go
//! through the structs of opentelemetry-proto.

use bytes::Bytes;
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::MetricsData;
use opentelemetry_proto::tonic::profiles::v1development::ProfilesData;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::signal::Signal;

/// How many times as much as the text a batch may take in memory on its way
/// from JSON. Measured with points of metrics, which are the smallest.
pub(crate) fn growth(signal: Signal) -> u64 {
    match signal {
        Signal::Traces => 1,
        _ => 16,
    }
}

/// The protobuf form of a text.
///
/// # Errors
///
/// It is no JSON, or not of that signal.
pub(crate) fn decode(signal: Signal, text: &[u8]) -> Result<Bytes, String> {
    match signal {
        Signal::Traces => linkmend_files::json::decode(text)
            .map(Bytes::from)
            .map_err(|error| error.to_string()),
        Signal::Metrics => read::<MetricsData>(text, "resourceMetrics"),
        Signal::Logs => read::<LogsData>(text, "resourceLogs"),
        Signal::Profiles => read::<ProfilesData>(text, "resourceProfiles"),
    }
}

/// The text of a batch.
///
/// # Errors
///
/// It is not well-formed.
pub(crate) fn encode(signal: Signal, batch: &[u8]) -> Result<Vec<u8>, String> {
    match signal {
        Signal::Traces => linkmend_files::json::encode(batch).map_err(|error| error.to_string()),
        Signal::Metrics => write::<MetricsData>(batch),
        Signal::Logs => write::<LogsData>(batch),
        Signal::Profiles => write::<ProfilesData>(batch),
    }
}

fn read<T: DeserializeOwned + Message>(text: &[u8], key: &str) -> Result<Bytes, String> {
    let mut value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let Value::Object(members) = &mut value else {
        return Err("it is no object".into());
    };
    let is_other = !members.is_empty() && !members.contains_key(key);
    if let Some(other) = members.keys().next().filter(|_| is_other) {
        return Err(format!("`{other}` in place of `{key}`"));
    }
    // What JavaScript makes of a number that is none.
    drop_nulls(&mut value);
    let batch: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(batch.encode_to_vec().into())
}

fn write<T: Serialize + Message + Default>(batch: &[u8]) -> Result<Vec<u8>, String> {
    let batch = T::decode(batch).map_err(|error| error.to_string())?;
    serde_json::to_vec(&batch).map_err(|error| error.to_string())
}

/// `null` means that nothing was said. `serde_json` reads no deeper than 128, so
/// this goes no deeper either.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
