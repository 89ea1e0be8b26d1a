//! Where lines go: stdout, stderr, files.

use std::fs::OpenOptions;
use std::io::{self, Write};

use parking_lot::Mutex;

/// Several places that get the same lines.
pub(crate) struct Outputs(Vec<Mutex<Box<dyn Write + Send>>>);

impl Outputs {
    /// Opens all of them; files are appended to.
    ///
    /// # Errors
    ///
    /// A file cannot be opened: what is to be said of that.
    pub(crate) fn open(paths: &[String]) -> Result<Self, String> {
        let opened = paths.iter().map(|path| {
            let output = open(path);
            output.map_err(|error| format!("cannot open {path} for writing: {error}"))
        });
        opened
            .map(|output| output.map(Mutex::new))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Writes whole lines at once, so that those of several threads stay apart.
    ///
    /// # Errors
    ///
    /// The last of the places that could not be written to; the others were.
    pub(crate) fn write(&self, lines: &[u8]) -> io::Result<()> {
        let mut result = Ok(());
        for output in &self.0 {
            let mut output = output.lock();
            if let Err(error) = output.write_all(lines).and_then(|()| output.flush()) {
                result = Err(error);
            }
        }
        result
    }
}

fn open(path: &str) -> io::Result<Box<dyn Write + Send>> {
    Ok(match path {
        "stdout" => Box::new(io::stdout()),
        "stderr" => Box::new(io::stderr()),
        path => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
    })
}
