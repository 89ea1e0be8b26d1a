//! Chromium without a window, by the `DevTools` protocol over a pair of pipes.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A page of 50,000 flows, a debug build, and a machine that does other things.
const LONG: Duration = Duration::from_mins(2);
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// A browser that runs, and ends with the test.
pub struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    /// What came while something else was waited for.
    events: VecDeque<Value>,
    calls: u64,
    _place: TempDir,
}

/// Where one is: `LINKMEND_CHROMIUM`, or on the path. Without one a test is
/// skipped, and says so.
fn program() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("LINKMEND_CHROMIUM") {
        return Some(given.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .filter(|file| file.is_file());
    let found = all.next();
    if found.is_none() {
        // Past the capture of what tests print.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: there is no Chromium (Debian: chromium)"
        );
    }
    found
}

impl Browser {
    pub fn start() -> Option<Self> {
        let program = program()?;
        let place = tempfile::tempdir().unwrap();
        let [to, from] = ["to", "from"].map(|name| place.path().join(name));
        let made = Command::new("mkfifo").args([&to, &from]).status();
        assert!(made.unwrap().success());
        // The protocol is spoken on the descriptors 3 and 4, which a shell can open.
        let child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$TO\" 4>\"$FROM\""])
            .arg(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--remote-debugging-pipe",
            ])
            .arg(format!(
                "--user-data-dir={}",
                place.path().join("profile").display()
            ))
            .arg("about:blank")
            .envs([
                ("TO", &to),
                ("FROM", &from),
                ("HOME", &place.path().to_owned()),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // In the order in which the shell opens them.
        let to = OpenOptions::new().write(true).open(&to).unwrap();
        let from = listen(&from);
        let browser = Self {
            child,
            to,
            from,
            events: VecDeque::new(),
            calls: 0,
            _place: place,
        };
        Some(browser)
    }

    /// Calls a method, of a session or of the browser itself.
    pub fn call(&mut self, session: Option<&str>, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.to
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        let end = Instant::now() + LONG;
        loop {
            let answer = self
                .receive(end)
                .unwrap_or_else(|| panic!("no answer: {method}"));
            if answer["id"].as_u64() == Some(id) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push_back(answer);
        }
    }

    /// The next event of this name; others are kept.
    pub fn wait_for(&mut self, method: &str) -> Value {
        let is_it = |event: &Value| event["method"] == method;
        if let Some(place) = self.events.iter().position(is_it) {
            return self.events.remove(place).unwrap();
        }
        let end = Instant::now() + LONG;
        loop {
            let event = self.receive(end).unwrap_or_else(|| panic!("no {method}"));
            if is_it(&event) {
                return event;
            }
            self.events.push_back(event);
        }
    }

    /// All events that came, and were not waited for.
    pub fn events(&mut self) -> Vec<Value> {
        self.events.extend(self.from.try_iter());
        self.events.drain(..).collect()
    }

    fn receive(&self, end: Instant) -> Option<Value> {
        let left = end.saturating_duration_since(Instant::now());
        match self.from.recv_timeout(left) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the browser has ended"),
        }
    }
}

/// Messages end in a zero.
fn listen(path: &Path) -> Receiver<Value> {
    let file = File::open(path).unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let messages = BufReader::new(file).split(0);
        for message in messages.map_while(Result::ok) {
            let message = serde_json::from_slice(&message).unwrap();
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It takes its own processes along; nothing in it is to be kept.
        let asked = self
            .to
            .write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let end = Instant::now() + Duration::from_secs(20);
        while asked.is_ok() && Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
