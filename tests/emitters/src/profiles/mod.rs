//! The profiles, by the field that they are from.

mod amqp;
mod buses;
mod cloud;
mod jobs;
mod jvm;
mod kafka_go;
mod kafka_java;
mod kafka_other;
mod sqs;
mod sqs_java;
mod tasks;

use crate::profile::Profile;

/// Every profile, in the order of the matrix.
pub fn all() -> impl Iterator<Item = &'static Profile> {
    let fields = [
        kafka_java::PROFILES,
        kafka_go::PROFILES,
        kafka_other::PROFILES,
        amqp::PROFILES,
        sqs_java::PROFILES,
        sqs::PROFILES,
        cloud::PROFILES,
        jvm::PROFILES,
        buses::PROFILES,
        jobs::PROFILES,
        tasks::PROFILES,
    ];
    fields.into_iter().flatten()
}
