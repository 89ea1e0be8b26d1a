//! A service under load: its SDK's queue must not run over while its spans wait
//! for those of their producers. `tests/fleet/run` measures more.

use std::process::Command;

use crate::support::clients::{installed, sources};
use crate::support::linkmend::program;
use crate::support::peers::built;

#[test]
fn nothing_is_dropped_under_load() {
    let (Some(clients), Some(peers)) = (installed(), built()) else {
        return;
    };
    let run = sources().join("../fleet/run");
    let output = Command::new(clients.join("python/bin/python"))
        .arg("-B")
        .arg(run)
        .args(["--language", "python", "--rate", "300", "--seconds", "10"])
        .arg("--linkmend")
        .arg(program())
        .arg("--clients")
        .arg(clients)
        .arg("--peers")
        .arg(peers)
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("| 12,000 | 12,000 | 3,000 of 3,000 | 0 | 0 |"),
        "{told}"
    );
}
