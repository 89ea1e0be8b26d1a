//! A package for Debian and its descendants.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Binary, tree};
use crate::tools::answer;

/// Where the unit of `examples/deploy` has the program, and where the package has it.
const LOCAL: &str = "/usr/local/bin/linkmend";
const PACKAGED: &str = "/usr/bin/linkmend";

const POSTINST: &str = "\
#!/bin/sh
# The service is not started: it needs to be told of a backend first.
set -e
if [ \"$1\" = configure ] && [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload || true
    if systemctl --quiet is-active linkmend.service; then
        systemctl restart linkmend.service || true
    fi
fi
";

const PRERM: &str = "\
#!/bin/sh
set -e
if [ \"$1\" = remove ] && [ -d /run/systemd/system ]; then
    systemctl --quiet disable --now linkmend.service || true
fi
";

const POSTRM: &str = "\
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload || true
fi
if [ \"$1\" = purge ]; then
    # Held spans and the queue, of the service's dynamic user.
    rm -rf /var/lib/linkmend /var/lib/private/linkmend /var/cache/linkmend \\
        /var/cache/private/linkmend
fi
";

/// `linkmend_VERSION_ARCHITECTURE.deb` in `output`.
pub fn package(root: &Path, binary: &Binary, licenses: &str, output: &Path) -> Result<PathBuf> {
    let architecture = answer(Command::new("dpkg").arg("--print-architecture"))?;
    let architecture = architecture.trim();
    let stage = output.join("stage-debian");
    tree::fresh(&stage)?;
    install(root, binary, licenses, &stage)?;
    control(binary, architecture, &stage)?;
    let package = output.join(format!("linkmend_{}_{architecture}.deb", binary.version));
    let mut build = Command::new("dpkg-deb");
    build
        .args(["--root-owner-group", "-Zxz", "--build"])
        .arg(&stage)
        .arg(&package);
    answer(&mut build)?;
    fs::remove_dir_all(&stage)?;
    Ok(package)
}

/// Everything but the control files.
fn install(root: &Path, binary: &Binary, licenses: &str, stage: &Path) -> Result<()> {
    let program = &binary.path;
    tree::copy(program, &stage.join("usr/bin/linkmend"), 0o755)?;
    let scripts = stage.join("scripts");
    tree::completions(program, &scripts)?;
    for (from, to) in [
        (
            "bash/linkmend",
            "usr/share/bash-completion/completions/linkmend",
        ),
        (
            "zsh/_linkmend",
            "usr/share/zsh/vendor-completions/_linkmend",
        ),
        (
            "fish/linkmend.fish",
            "usr/share/fish/vendor_completions.d/linkmend.fish",
        ),
    ] {
        tree::copy(&scripts.join(from), &stage.join(to), 0o644)?;
    }
    fs::remove_dir_all(&scripts)?;
    let pages = stage.join("usr/share/man/man1");
    tree::manual(program, &pages)?;
    for page in fs::read_dir(&pages)? {
        tree::compress(&page?.path())?;
    }
    let unit = unit(root)?;
    tree::write(
        &stage.join("usr/lib/systemd/system/linkmend.service"),
        unit,
        0o644,
    )?;
    tree::copy(
        &root.join("examples/pipelines/all-signals.yaml"),
        &stage.join("etc/linkmend/linkmend.yaml"),
        0o644,
    )?;
    documentation(root, licenses, &stage.join("usr/share/doc/linkmend"))
}

/// The unit, with the program where the package has it, and without the lines on
/// how to install by hand.
fn unit(root: &Path) -> Result<String> {
    let path = root.join("examples/deploy/systemd/linkmend.service");
    let unit =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let from = unit.find("[Unit]").context("the unit has no [Unit]")?;
    ensure!(unit.contains(LOCAL), "the unit does not start {LOCAL}");
    Ok(unit[from..].replace(LOCAL, PACKAGED))
}

fn documentation(root: &Path, licenses: &str, folder: &Path) -> Result<()> {
    let copyright = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: linkmend
Source: https://github.com/linkmend/linkmend

Files: *
Copyright: The linkmend authors
License: Apache-2.0
 On Debian systems, the text of the licence is in
 /usr/share/common-licenses/Apache-2.0. The licences of the crates that are linked
 into the program are in /usr/share/doc/linkmend/third-party-licenses.gz.
";
    tree::write(&folder.join("copyright"), copyright, 0o644)?;
    let third = folder.join("third-party-licenses");
    tree::write(&third, licenses, 0o644)?;
    tree::compress(&third)?;
    let changes = folder.join("changelog");
    tree::copy(&root.join("CHANGELOG.md"), &changes, 0o644)?;
    tree::compress(&changes)?;
    tree::copy(&root.join("README.md"), &folder.join("README.md"), 0o644)?;
    let examples = root.join("examples");
    tree::copy(
        &examples.join("traces/orders/orders.jsonl"),
        &folder.join("examples/orders.jsonl"),
        0o644,
    )?;
    let pipelines = fs::read_dir(examples.join("pipelines"))?;
    for file in pipelines {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default();
        tree::copy(&path, &folder.join("examples/pipelines").join(name), 0o644)?;
    }
    Ok(())
}

fn control(binary: &Binary, architecture: &str, stage: &Path) -> Result<()> {
    let size = size_in_kib(stage)?;
    let libc = newest_libc(&fs::read(&binary.path)?)
        .context("the binary is not linked with the GNU C library, which the package depends on")?;
    let text = format!(
        "\
Package: linkmend
Version: {version}
Architecture: {architecture}
Maintainer: The linkmend authors <linkmend@users.noreply.github.com>
Installed-Size: {size}
Depends: libc6 (>= {libc}), libgcc-s1
Recommends: ca-certificates
Section: net
Priority: optional
Homepage: https://github.com/linkmend/linkmend
Description: mends span links in OpenTelemetry traces
 Asynchronous work (queues, batch jobs, fan-out) runs in traces of its own, which
 span links tie together. linkmend adds the links that are missing, repairs or drops
 those that are broken, and keeps a span at 128 of them: in trace files, or as a hop
 between applications and their OpenTelemetry backend.
",
        version = binary.version,
    );
    let folder = stage.join("DEBIAN");
    tree::write(&folder.join("control"), text, 0o644)?;
    tree::write(
        &folder.join("conffiles"),
        "/etc/linkmend/linkmend.yaml\n",
        0o644,
    )?;
    tree::write(&folder.join("postinst"), POSTINST, 0o755)?;
    tree::write(&folder.join("prerm"), PRERM, 0o755)?;
    tree::write(&folder.join("postrm"), POSTRM, 0o755)
}

fn size_in_kib(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        size += if entry.file_type()?.is_dir() {
            size_in_kib(&entry.path())?
        } else {
            entry.metadata()?.len().div_ceil(1024)
        };
    }
    Ok(size)
}

/// The newest version of the C library that a symbol of the binary wants.
fn newest_libc(binary: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"GLIBC_2.";
    let minor = |at: usize| {
        let digits = binary.get(at + NAME.len()..)?;
        let length = digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        str::from_utf8(digits.get(..length)?)
            .ok()?
            .parse::<u32>()
            .ok()
    };
    let places = binary
        .windows(NAME.len())
        .enumerate()
        .filter(|(_, window)| *window == NAME);
    let newest = places.filter_map(|(at, _)| minor(at)).max()?;
    Some(format!("2.{newest}"))
}

#[cfg(test)]
mod tests {
    use super::{newest_libc, unit};

    #[test]
    fn the_newest_version_counts_and_not_the_last() {
        let symbols = b"\0GLIBC_2.2.5\0GLIBC_2.34\0memcpy\0GLIBC_2.9\0GLIBC_PRIVATE\0";
        assert_eq!(newest_libc(symbols).as_deref(), Some("2.34"));
        assert_eq!(newest_libc(b"statically linked, GLIBC_2."), None);
    }

    #[test]
    fn the_unit_of_the_package_starts_the_packaged_program() -> anyhow::Result<()> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let unit = unit(&root)?;
        assert!(unit.starts_with("[Unit]\n"));
        assert_eq!(unit.matches("=/usr/bin/linkmend ").count(), 2, "{unit}");
        assert!(!unit.contains("/usr/local"));
        Ok(())
    }
}
