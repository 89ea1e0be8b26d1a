//! What stands around `linkmend run` in these tests. None of it is made of
//! linkmend's own code: what both sides got wrong in the same way would not be
//! seen.

pub mod clients;
pub mod intake;
pub mod linkmend;
pub mod peers;
pub mod ports;
pub mod rabbitmq;
pub mod registry;
pub mod sender;
pub mod services;
pub mod signals;
pub mod spans;
pub mod wait;
pub mod web;
