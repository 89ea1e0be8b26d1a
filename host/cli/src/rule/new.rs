//! `linkmend rule new` and `linkmend rule component`.

use std::path::PathBuf;

use linkmend_workbench::component::{default_output, make};
use linkmend_workbench::new::{FirstCase, NewError, Wanted, first_case, write};

use super::args::{ComponentArguments, NewArguments};
use crate::exit::Exit;
use crate::terminal::{say, tell};

/// Runs `linkmend rule new`.
pub fn new(arguments: &NewArguments) -> Exit {
    let repository = std::env::var_os("LINKMEND_REPO").filter(|path| !path.is_empty());
    let wanted = Wanted {
        language: arguments.language,
        name: arguments.name.clone(),
        into: arguments.into.clone(),
        repository: repository.map(PathBuf::from),
    };
    let written = match write(&wanted) {
        Ok(written) => written,
        Err(error) => {
            tell(&error);
            return match error {
                NewError::Write { .. } => Exit::Incomplete,
                _ => Exit::Usage,
            };
        }
    };
    let folder = written.folder.strip_prefix(".").unwrap_or(&written.folder);
    say(format_args!("{}/", folder.display()));
    for file in &written.files {
        say(format_args!("  {file}"));
    }
    if let (Some(traces), Some(span)) = (&arguments.from, &arguments.span) {
        match first_case(traces, span, &written.folder) {
            Ok(FirstCase { before, spans }) => say(format_args!(
                "\n{}: {spans} spans of {}.\nWrite the links that it is to get as after.jsonl beside it, or let \
                 `linkmend rule test --update` write what the rule makes of it.",
                before.display(),
                traces.display()
            )),
            Err(error) => {
                tell(format_args!("there is no case of your traces: {error}"));
                return Exit::Incomplete;
            }
        }
    }
    say(format_args!("\nNext:\n  cd {}", folder.display()));
    if let Some(toolchain) = arguments.language.toolchain() {
        say(format_args!("  {toolchain}"));
    }
    let name = &arguments.name;
    say(format_args!("  ./build\n  linkmend rule test {name}.wasm"));
    Exit::Done
}

/// Runs `linkmend rule component`.
pub fn component(arguments: &ComponentArguments) -> Exit {
    let module = &arguments.module;
    let output = arguments.output.clone();
    let output = output.unwrap_or_else(|| default_output(module));
    if output == *module {
        tell("the component would take the place of the module; name another file with -o");
        return Exit::Usage;
    }
    let made = match make(module, arguments.wit.as_deref(), &output) {
        Ok(made) => made,
        Err(error) => {
            tell(&error);
            return Exit::Incomplete;
        }
    };
    say(format_args!("{}: {} bytes", made.path.display(), made.size));
    if !made.foreign.is_empty() {
        tell(format_args!(
            "it imports {}, which rules are not given: it will not load",
            made.foreign.join(", ")
        ));
        return Exit::Incomplete;
    }
    if !made.wasi.is_empty() {
        say(format_args!(
            "it imports WASI ({}), and is given one with nothing in it; what it prints is shown by `linkmend rule test`",
            made.wasi.join(", ")
        ));
    }
    Exit::Done
}
