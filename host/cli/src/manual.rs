//! Completions for shells, and manual pages: both are made from the table that
//! `--help` is made from.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::exit::Exit;
use crate::terminal::tell;

/// The arguments of `linkmend completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell to write completions for
    pub shell: Shell,
}

/// The arguments of `linkmend man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// The directory to write the pages to; it is created if it does not exist
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}

/// Writes the completions of one shell for `table` to standard output.
pub fn completions(arguments: &CompletionsArguments, table: &Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut shown(table), "linkmend", &mut script);
    match io::stdout().write_all(&script) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tell(format_args!("cannot write to standard output: {error}"));
            Exit::Incomplete
        }
        _ => Exit::Done,
    }
}

/// Writes one page for `table`, and one for each of its commands.
pub fn man(arguments: &ManArguments, table: &Command) -> Exit {
    match write_pages(&arguments.directory, table) {
        Ok(()) => Exit::Done,
        Err(error) => {
            tell(format_args!("{error:#}"));
            Exit::Incomplete
        }
    }
}

/// A table without the commands that are hidden, which completions would offer.
fn shown(table: &Command) -> Command {
    let shown = table.get_subcommands().filter(|sub| !sub.is_hide_set());
    let mut command = Command::new("linkmend")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .subcommands(shown.cloned());
    if let Some(about) = table.get_about() {
        command = command.about(about.clone());
    }
    if let Some(about) = table.get_long_about() {
        command = command.long_about(about.clone());
    }
    command
}

fn write_pages(directory: &Path, table: &Command) -> anyhow::Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    let mut command = shown(table).disable_help_subcommand(true);
    command.build();
    write_page(&command, directory)
}

/// The page of a command, and those of its subcommands.
fn write_page(command: &Command, directory: &Path) -> anyhow::Result<()> {
    for subcommand in command.get_subcommands() {
        write_page(subcommand, directory)?;
    }
    let page = Man::new(command.clone())
        .source(concat!("linkmend ", env!("CARGO_PKG_VERSION")))
        .manual("linkmend");
    let path = directory.join(page.get_filename());
    let mut text = Vec::new();
    render(&page, command, &mut text)
        .and_then(|()| fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn render(page: &Man, command: &Command, out: &mut dyn Write) -> io::Result<()> {
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    if command
        .get_arguments()
        .any(|argument| !argument.is_hide_set())
    {
        page.render_options_section(out)?;
    }
    if command.has_subcommands() {
        page.render_subcommands_section(out)?;
    }
    let closing = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    if let Some(closing) = closing {
        render_closing(&closing.to_string(), out)?;
    }
    Ok(())
}

/// What `--help` ends with. `clap_mangen` would fill its lines into one
/// paragraph: examples and tables of exit codes keep theirs.
fn render_closing(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut is_indented = false;
    for line in text.lines() {
        let indents = line.starts_with(' ');
        if indents != is_indented && !line.is_empty() {
            writeln!(out, "{}", if indents { ".nf" } else { ".fi" })?;
            is_indented = indents;
        }
        match line.strip_suffix(':') {
            Some(heading) if !indents => {
                writeln!(out, ".SH \"{}\"", escaped(&heading.to_uppercase()))?;
            }
            _ if line.is_empty() && !is_indented => writeln!(out, ".PP")?,
            _ => writeln!(out, "{}", escaped(line))?,
        }
    }
    if is_indented {
        writeln!(out, ".fi")?;
    }
    Ok(())
}

/// Text that roff takes for nothing but text.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) {
        return format!("\\&{line}");
    }
    line
}
