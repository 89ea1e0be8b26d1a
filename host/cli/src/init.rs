//! `linkmend init`.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use linkmend_init::Pair;
use linkmend_pipeline::config::{Config, Fault, Faults, Source};

use crate::args::InitArguments;
use crate::exit::Exit;
use crate::sources;
use crate::terminal::{say, tell};

const LINKMEND: &str = "linkmend.yaml";

/// Runs the command.
pub fn run(arguments: &InitArguments) -> Exit {
    let folder = arguments.output.as_path();
    let (files, notes) = match &arguments.from {
        None => {
            let files = vec![(folder.join(LINKMEND), linkmend_init::smallest())];
            (files, Vec::new())
        }
        Some(from) => match beside(from, folder) {
            Ok(made) => made,
            Err(error) => {
                tell(error);
                return Exit::Usage;
            }
        },
    };
    if !arguments.force
        && let Some((path, _)) = files
            .iter()
            .find(|(path, _)| path.symlink_metadata().is_ok())
    {
        let path = path.display();
        tell(format_args!(
            "{path} is there already, and nothing was written; give another directory with \
             --output, or --force to replace it"
        ));
        return Exit::Usage;
    }
    if let Err(error) = fs::create_dir_all(folder) {
        tell(format_args!("cannot make {}: {error}", folder.display()));
        return Exit::Incomplete;
    }
    for (path, text) in &files {
        if let Err(error) = write(path, text, arguments.force) {
            tell(format_args!("cannot write {}: {error}", path.display()));
            return Exit::Incomplete;
        }
    }
    for note in notes {
        say(format_args!("- {note}"));
    }
    let mut next = "written: ";
    for (path, _) in &files {
        say(format_args!("{next}{}", path.display()));
        next = "         ";
    }
    if let Some((path, _)) = files.first() {
        say(format_args!(
            "next:    linkmend validate --config {}",
            path.display()
        ));
    }
    Exit::Done
}

type Files = Vec<(PathBuf, String)>;

/// Both halves, and what is to be told of them.
fn beside(from: &str, folder: &Path) -> Result<(Files, Vec<String>), String> {
    let Source { name, text } = sources::read(from)?;
    let path = Path::new(&name);
    let file = path
        .file_name()
        .map_or("collector.yaml".into(), |file| file.to_string_lossy());
    let check = |text: &str| {
        let faults = faults(text).into_iter();
        faults
            .map(|fault| format!("{}: {}", fault.path, fault.text))
            .collect()
    };
    let Pair {
        linkmend,
        collector,
        notes,
    } = linkmend_init::from_collector(&file, &text, &check)
        .map_err(|error| format!("{name}: {error}"))?;
    let faults = faults(&linkmend);
    if !faults.is_empty() {
        let faults = Faults(faults);
        return Err(format!(
            "{name}: linkmend's half would not be valid, which is a fault of linkmend; please \
             report it with your file:\n{faults}"
        ));
    }
    let stem = path.file_stem().filter(|_| path.extension().is_some());
    let stem = stem.map_or("collector".into(), |stem| stem.to_string_lossy());
    let files = vec![
        (folder.join(LINKMEND), linkmend),
        (folder.join(format!("{stem}-with-linkmend.yaml")), collector),
    ];
    Ok((files, notes))
}

/// What is wrong with a configuration of linkmend, whatever the environment says
/// where it runs.
fn faults(text: &str) -> Vec<Fault> {
    let source = Source {
        name: LINKMEND.into(),
        text: text.into(),
    };
    let (_, Faults(faults)) = Config::examine(&[source], &|name| env::var(name));
    let of_environment = |fault: &Fault| {
        let text = &fault.text;
        text.contains("the environment variable ")
            || text.contains("the value of `")
            || text.contains("cannot read the file `")
    };
    faults
        .into_iter()
        .filter(|fault| !of_environment(fault))
        .collect()
}

fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
