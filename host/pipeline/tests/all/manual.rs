//! docs/configuration.md has the tables of the code.

use linkmend_pipeline::config::tables;

/// `LINKMEND_WRITE_DOCS=1 cargo test -p linkmend-pipeline the_manual` writes
/// them anew.
#[test]
fn the_manual_has_the_tables_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let mut manual = std::fs::read_to_string(path).unwrap();
    let writes = std::env::var_os("LINKMEND_WRITE_DOCS").is_some();
    for table in tables() {
        let (begin, end) = (format!("<!-- {} -->\n", table.name), "<!-- end -->\n");
        let found = manual.find(&begin);
        let start = found.unwrap_or_else(|| panic!("no table {}", table.name)) + begin.len();
        let length = manual[start..].find(end).unwrap();
        if writes {
            manual.replace_range(start..start + length, &table.text);
        }
        let length = manual[start..].find(end).unwrap();
        assert_eq!(
            &manual[start..start + length],
            table.text,
            "docs/configuration.md: the table {} is not that of the code",
            table.name
        );
    }
    assert_eq!(manual.matches("<!-- end -->").count(), tables().len());
    if writes {
        std::fs::write(path, manual).unwrap();
    }
}

/// What a table calls another one is there.
#[test]
fn every_section_of_the_manual_has_its_table() {
    let tables = tables();
    let names: Vec<_> = tables.iter().map(|table| table.name).collect();
    for table in &tables {
        for row in table.text.lines().filter(|row| row.starts_with("| `")) {
            let values = row.split(" | ").nth(2).unwrap();
            let Some(name) = values
                .strip_prefix('*')
                .and_then(|name| name.strip_suffix('*'))
            else {
                continue;
            };
            // Lists of ids have none.
            let is_list = ["receivers", "processors", "exporters", "extensions"].contains(&name);
            assert!(is_list || names.contains(&name), "{}: {row}", table.name);
        }
    }
}
