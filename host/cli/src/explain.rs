//! Why spans were or were not mended, for people: a block of lines a span.

use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use linkmend::{Explanation, plain};
use linkmend_files::Position;
use linkmend_process::Input;

/// Writes explanations to standard output.
pub struct Explanations {
    out: BufWriter<Stdout>,
    /// Whether the next block is the first one.
    first: bool,
    /// The rules are named.
    named: bool,
    /// Nothing else comes of the job.
    alone: bool,
    /// Once something could not be written, nothing more is.
    failed: Option<io::Error>,
}

impl Explanations {
    pub fn to_stdout(named: bool, alone: bool) -> Self {
        Self {
            out: BufWriter::new(io::stdout()),
            first: true,
            named,
            alone,
            failed: None,
        }
    }

    /// Writes one, if it still can be written.
    pub fn write(&mut self, input: &Input, position: Position, explanation: &Explanation) {
        if self.failed.is_some() {
            return;
        }
        let gap = if self.first { "" } else { "\n" };
        self.first = false;
        let block = block(&place(input, position), explanation, self.named);
        let mut written = write!(self.out, "{gap}{block}");
        // On a terminal there may be a bar that must not come between.
        if self.out.get_ref().is_terminal() {
            written = written.and_then(|()| self.out.flush());
        }
        self.failed = written.err();
    }

    /// Nobody gets anything of what is still to be done.
    pub fn is_pointless(&self) -> bool {
        self.alone && self.failed.is_some()
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// When not all could be written.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }
}

/// Where the batch of a span begins.
fn place(input: &Input, position: Position) -> String {
    format!("{}: {position}", plain(&input.to_string()))
}

/// What is said of one span.
fn block(place: &str, explanation: &Explanation, named: bool) -> String {
    let service = match explanation.service.as_str() {
        "" => "(no service.name)".into(),
        service => plain(service),
    };
    let mut text = format!(
        "{service}  {}  {}  span {}  trace {}  {place}\n",
        plain(&explanation.name),
        explanation.kind_name(),
        explanation.span_id_hex(),
        explanation.trace_id_hex(),
    );
    for said in &explanation.rules {
        // Writing to a String cannot fail.
        if named {
            let _ = writeln!(text, "  {}:", plain(&said.rule));
        }
        let indent = if named { "    " } else { "  " };
        for line in said.text.lines() {
            let _ = writeln!(text, "{indent}{}", plain(line));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use linkmend::RuleExplanation;

    use super::*;

    fn explanation() -> Explanation {
        let said = |rule: &str, text: &str| RuleExplanation {
            rule: rule.into(),
            text: text.into(),
        };
        Explanation {
            trace_id: vec![0xab; 16],
            span_id: vec![0x0c; 8],
            name: "process order\u{1b}[2J".into(),
            kind: 5,
            service: "worker".into(),
            rules: vec![
                said("one", "It got a link.\n\u{7}Another line."),
                said("two", "Nothing."),
            ],
        }
    }

    const HEADER: &str = "worker  process order\\u{1b}[2J  CONSUMER  span 0c0c0c0c0c0c0c0c  \
                          trace abababababababababababababababab  in.jsonl: line 3, column 1\n";

    #[test]
    fn a_block_names_the_span_and_indents_what_is_said() {
        let text = block("in.jsonl: line 3, column 1", &explanation(), false);
        let lines = "  It got a link.\n  \\u{7}Another line.\n  Nothing.\n";
        assert_eq!(text, format!("{HEADER}{lines}"));
    }

    #[test]
    fn each_of_several_rules_speaks_under_its_name() {
        let text = block("in.jsonl: line 3, column 1", &explanation(), true);
        let lines = "  one:\n    It got a link.\n    \\u{7}Another line.\n  two:\n    Nothing.\n";
        assert_eq!(text, format!("{HEADER}{lines}"));
    }

    #[test]
    fn a_resource_without_a_name_is_told() {
        let nobody = Explanation::default();
        assert!(block("-", &nobody, false).starts_with("(no service.name)  "));
    }
}
