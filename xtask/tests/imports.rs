//! No two files of a crate import each other: what both need is below both.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The path of a module in its crate.
type Module = Vec<String>;

/// Folders that hold no crate of the repository, or copies of such.
const OTHERS: [&str; 3] = ["target", "node_modules", "dist"];

/// The files of a crate, by module.
fn crate_files(source: &Path) -> BTreeMap<Module, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(source.join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if source.join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(source.join(&path)).unwrap();
                files.insert(module_of(&path), text);
            }
        }
    }
    files
}

fn module_of(path: &Path) -> Module {
    let steps = path.with_extension("");
    let steps = steps.iter().map(|step| step.to_string_lossy().into_owned());
    let mut steps: Module = steps.collect();
    let names_its_folder = |step: &String| ["mod", "lib", "main"].contains(&step.as_str());
    if steps.last().is_some_and(names_its_folder) {
        steps.pop();
    }
    steps
}

/// The crates of the repository: folders with a manifest and sources.
fn crates(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        if folder.join("Cargo.toml").is_file() && folder.join("src").is_dir() {
            found.push(folder.clone());
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_other = OTHERS.contains(&name.as_str()) || name.starts_with('.');
            // A link leads to what is found elsewhere.
            if entry.file_type().unwrap().is_dir() && !is_other && name != "src" {
                folders.push(entry.path());
            }
        }
    }
    found
}

/// The pairs of modules that import each other; what stands below `#[cfg(test)]` does
/// not count.
fn circles(files: &BTreeMap<Module, String>) -> Vec<(Module, Module)> {
    let imports: BTreeMap<&Module, BTreeSet<Module>> = files
        .iter()
        .map(|(module, text)| (module, imported(module, text, files)))
        .collect();
    let mut circles = Vec::new();
    for (&one, of_one) in &imports {
        for other in of_one.iter().filter(|other| *other > one) {
            if imports.get(other).is_some_and(|back| back.contains(one)) {
                circles.push((one.clone(), other.clone()));
            }
        }
    }
    circles
}

/// The other modules of the crate that a module imports from.
fn imported(module: &Module, text: &str, files: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    for path in uses(text) {
        let (first, rest) = path.split_first().unwrap();
        let mut full = match first.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.clone(),
            child => [module.as_slice(), &[child.to_owned()]].concat(),
        };
        if first == "super" {
            full.pop();
        }
        for step in rest {
            match step.as_str() {
                "super" => drop(full.pop()),
                "self" => {}
                step => full.push(step.to_owned()),
            }
        }
        let is_of_crate = ["crate", "self", "super"].contains(&first.as_str());
        let is_child = |full: &Module| full.len() > module.len() && files.contains_key(full);
        // The longest part that is a file; a crate of that name is none of its children.
        while !files.contains_key(&full) && !full.is_empty() {
            full.pop();
        }
        if full != *module && (is_of_crate || is_child(&full)) {
            found.insert(full);
        }
    }
    found
}

/// The paths that a text imports, `{…}` written out.
fn uses(text: &str) -> Vec<Module> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut paths = Vec::new();
    let mut start = 0;
    for part in code.split([';', '}', '{']) {
        let begin = start;
        start += part.len() + 1;
        let Some(tail) = after_use(part) else {
            continue;
        };
        let begin = begin + part.len() - tail.len();
        let end = code[begin..]
            .find(';')
            .map_or(code.len(), |end| begin + end);
        written_out(&[], &code[begin..end], &mut paths);
    }
    paths
}

/// What stands behind the keyword of an import that ends a part of the code.
fn after_use(part: &str) -> Option<&str> {
    let line = part.rfind("use ")?;
    let before = part[..line].trim_end();
    let begins = before.is_empty()
        || before.ends_with("pub")
        || before.ends_with([')', ']', '\n'])
        || part[..line].ends_with('\n');
    begins.then(|| &part[line + "use ".len()..])
}

fn written_out(before: &[String], text: &str, paths: &mut Vec<Module>) {
    let text = text.trim();
    // Of another crate, though a module has its name.
    if text.starts_with("::") {
        return;
    }
    let (path, list) = match text.split_once('{') {
        Some((path, list)) => (path, list.trim_end().strip_suffix('}')),
        None => (text.split(" as ").next().unwrap(), None),
    };
    let steps = path
        .split("::")
        .map(str::trim)
        .filter(|step| !step.is_empty());
    let full: Module = before
        .iter()
        .cloned()
        .chain(steps.map(str::to_owned))
        .collect();
    let Some(list) = list else {
        paths.extend((!full.is_empty()).then_some(full));
        return;
    };
    let (mut depth, mut begin) = (0, 0);
    for (at, letter) in list.char_indices().chain([(list.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let element = &list[begin..at];
                if !element.trim().is_empty() {
                    written_out(&full, element, paths);
                }
                begin = at + 1;
            }
            _ => {}
        }
    }
}

fn sources(files: &[(&str, &str)]) -> BTreeMap<Module, String> {
    let files = files.iter();
    files
        .map(|(path, text)| (module_of(Path::new(path)), (*text).to_owned()))
        .collect()
}

/// Scenario: made-up crates.
/// Guarantees: a circle is found however its imports are written, and nothing else is
/// one: not a test, not a comment, not a crate that is called as a module.
#[test]
fn circles_are_found() {
    let pairs = |files: &[(&str, &str)]| circles(&sources(files)).len();
    let parent = ("a/mod.rs", "mod b;\npub use b::{B, C};\npub struct A;\n");
    for child in [
        "use super::A;",
        "use crate::a::{A, other::X};",
        "use crate::{x::Y, a::A as B};",
        "pub(crate) use super::{\n    A,\n};",
    ] {
        assert_eq!(pairs(&[parent, ("a/b.rs", child)]), 1, "{child}");
    }
    for child in [
        "use super::c::A;",
        "// use super::A;",
        "fn f() {}\n#[cfg(test)]\nmod tests {\n    use super::super::A;\n}",
        "use a::A;",
        "use ::a::A;",
    ] {
        let files = [parent, ("a/b.rs", child), ("a/c.rs", "pub struct A;")];
        assert_eq!(pairs(&files), 0, "{child}");
    }
    let siblings = [("a.rs", "use crate::b::B;"), ("b.rs", "use crate::a;\n")];
    assert_eq!(pairs(&siblings), 1);
}

/// Scenario: all crates of the repository.
/// Guarantees: no two files of one import each other.
#[test]
fn no_two_files_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = crates(&root);
    assert!(crates.len() > 20, "{crates:?}");
    let mut found = Vec::new();
    for folder in crates {
        let files = crate_files(&folder.join("src"));
        for (one, other) in circles(&files) {
            let name = |module: Module| match module.join("::") {
                root if root.is_empty() => "crate".into(),
                path => path,
            };
            let folder = folder.strip_prefix(&root).unwrap().display();
            found.push(format!("{folder}: {} and {}", name(one), name(other)));
        }
    }
    assert!(
        found.is_empty(),
        "what both need belongs into a file below both:\n{}",
        found.join("\n")
    );
}
