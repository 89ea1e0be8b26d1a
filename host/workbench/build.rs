//! Puts the templates of `linkmend rule new` into the program: every file in
//! `templates/LANGUAGE/`, and what is written beside them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 5] = ["rust", "python", "javascript", "go", "c"];

/// What is written beside the files of a template: the language, the name in the
/// new folder, and the file or folder that it is. `beside/` links to where these
/// are in the repository; a package has copies in their place.
const BESIDE: [(&str, &str, &str); 9] = [
    ("rust", "linkmend/rule/src", "beside/sdk"),
    ("rust", "linkmend/rule/wit/rule.wit", "beside/wit/rule.wit"),
    ("rust", "linkmend/wire/src", "beside/wire"),
    ("python", "wit/rule.wit", "beside/wit/rule.wit"),
    ("python", "linkmend", "beside/python"),
    ("javascript", "wit/rule.wit", "beside/wit/rule.wit"),
    ("javascript", "linkmend", "beside/javascript"),
    ("go", "linkmend", "beside/go"),
    ("c", "linkmend", "beside/c"),
];

/// Folders that tools leave behind where a template was tried out.
const LEFT_BEHIND: [&str; 4] = ["__pycache__", ".venv", "node_modules", "target"];

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for language in LANGUAGES {
        let root = here.join("templates").join(language);
        let mut found = Vec::new();
        if root.is_dir() {
            collect(&root, &root, &mut found)?;
        }
        let has_template = !found.is_empty();
        for (of, name, path) in BESIDE {
            let path = here.join(path);
            println!("cargo::rerun-if-changed={}", path.display());
            if of == language && has_template {
                beside(name, path, &mut found)?;
            }
        }
        found.sort();
        files.extend(found.into_iter().map(|(name, path)| (language, name, path)));
    }
    println!(
        "cargo::rerun-if-changed={}",
        here.join("templates").display()
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("templates.rs"), table(&files))
}

fn beside(name: &str, path: PathBuf, found: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !path.is_dir() {
        found.push((name.into(), path));
        return Ok(());
    }
    let mut files = Vec::new();
    collect(&path, &path, &mut files)?;
    let named = files
        .into_iter()
        .map(|(file, path)| (format!("{name}/{file}"), path));
    found.extend(named);
    Ok(())
}

/// All files below a folder, by their names from `root` on.
fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default();
            if !LEFT_BEHIND.iter().any(|left| name == *left) {
                collect(root, &path, found)?;
            }
            continue;
        }
        let name = path.strip_prefix(root).map_err(io::Error::other)?;
        let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
        found.push((parts.join("/"), path));
    }
    Ok(())
}

fn table(files: &[(&str, String, PathBuf)]) -> String {
    let mut text = String::from("&[\n");
    for (language, name, path) in files {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "    TemplateFile {{ language: {language:?}, name: {name:?}, content: include_bytes!({:?}) }},",
            path.display().to_string()
        );
    }
    text + "]\n"
}
