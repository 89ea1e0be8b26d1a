//! The page of `examples/traces/orders`.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::tab::{Tab, page_of};

/// A tab, and the page that is to be opened in it.
fn orders() -> Option<(Tab, TempDir)> {
    let tab = Tab::new()?;
    let place = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let input = root.join("examples/traces/orders/orders.jsonl");
    page_of(&[input], &place.path().join("flows.html"));
    Some((tab, place))
}

/// The texts of the rows of a table, by its caption.
fn rows(tab: &mut Tab, caption: &str) -> Vec<Vec<String>> {
    let told = tab.is(&format!(
        "[...document.querySelectorAll('table')].find(one => one.caption.textContent === '{caption}') \
         && [...[...document.querySelectorAll('table')].find(one => one.caption.textContent === '{caption}') \
         .tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent))"
    ));
    serde_json::from_value(told).unwrap_or_else(|error| panic!("{caption}: {error}"))
}

/// What a person who has never seen it wants to know first.
#[test]
fn it_says_which_message_waited_longest_and_why_one_has_no_link() {
    let Some((mut tab, place)) = orders() else {
        return;
    };
    tab.open(&place.path().join("flows.html"));
    tab.picture("orders-light");
    let lead = tab.text(".lead");
    let longest = rows(&mut tab, "Messages that waited longest");
    let (waited, message) = (&longest[0][0], &longest[0][1]);
    assert!(
        lead.contains(&format!("Message {message} waited longest: {waited}")),
        "{lead}"
    );
    // The flow that is shown first is that one.
    let chosen = tab.text("[aria-selected=true]");
    assert!(
        chosen.starts_with(waited) && chosen.contains(&**message),
        "{chosen}"
    );
    assert!(tab.text("#detail").contains(&**message));
    // From the sentence to the reason, by a click.
    assert!(lead.contains("One message has no link"), "{lead}");
    tab.click(".lead a");
    tab.until("location.hash === '#unlinked'");
    let unlinked = rows(&mut tab, "Messages without a link");
    assert_eq!(unlinked.len(), 1);
    let [count, service, system, why, what] = &*unlinked[0] else {
        panic!("{unlinked:?}");
    };
    assert_eq!((&**count, &**system), ("1", "rabbitmq"));
    assert!(!service.is_empty() && !why.is_empty());
    assert!(what.ends_with('.') && what.len() > 40, "{what}");
    tab.is_clean();
}

#[test]
fn flows_are_found_with_mouse_and_keyboard() {
    let Some((mut tab, place)) = orders() else {
        return;
    };
    tab.open(&place.path().join("flows.html"));
    let all = tab.count("#list .flow");
    assert!(all > 3, "{all}");
    tab.click("#list .flow:nth-child(3)");
    let third =
        tab.is("document.querySelector('#list .flow:nth-child(3)').getAttribute('aria-selected')");
    assert_eq!(third, "true");
    assert_eq!(tab.count("[aria-selected=true]"), 1);
    // Producer's trace above, consumers' below, and the way between them.
    assert!(tab.count("#detail .fall .trace") >= 2);
    assert_eq!(tab.count("#detail .fall .link.chosen"), 1);
    assert_eq!(tab.count("#detail .fall .own"), 2);
    tab.press("ArrowDown");
    let is_chosen = |number: u32| {
        format!(
            "document.querySelector('#list .flow:nth-child({number})').getAttribute('aria-selected') === 'true'"
        )
    };
    // The mouse left the keyboard in the list.
    tab.until(&is_chosen(4));
    tab.press("Home");
    tab.until(&is_chosen(1));
    tab.press("End");
    tab.until("document.querySelector('#list').lastChild.getAttribute('aria-selected') === 'true'");

    tab.type_in("/");
    tab.until("document.activeElement.id === 'search'");
    assert_eq!(tab.is("document.activeElement.value"), "");
    let message = tab.is("JSON.parse(document.getElementById('data').textContent).flows[0][9]");
    let message = tab.is(&format!(
        "JSON.parse(document.getElementById('data').textContent).names[{message}]"
    ));
    tab.type_in(message.as_str().unwrap());
    tab.until(&format!(
        "document.querySelectorAll('#list .flow').length < {all}"
    ));
    assert!(tab.text("#list .flow").contains(message.as_str().unwrap()));
    assert!(tab.text("#count").ends_with(&format!("of {all} flows")));
    tab.type_in(" nothing is like that");
    tab.until("document.querySelectorAll('#list .flow').length === 0");
    assert!(tab.text("#detail").contains("No flow is like that"));
    tab.is("document.querySelector('#search').value = ''");
    tab.type_in(" ");
    tab.until(&format!(
        "document.querySelectorAll('#list .flow').length === {all}"
    ));
    tab.press("ArrowDown");
    tab.until("document.activeElement.id === 'list'");

    tab.click("#failed");
    let failed = tab.is("JSON.parse(document.getElementById('data').textContent).flows.filter(one => one[8] === 1).length");
    assert_eq!(Value::from(tab.count("#list .flow")), failed);
    tab.is_clean();
}

/// By trace id and by service, as the placeholder says.
#[test]
fn flows_are_found_by_trace_and_service() {
    let Some((mut tab, place)) = orders() else {
        return;
    };
    tab.open(&place.path().join("flows.html"));
    let longest = rows(&mut tab, "Messages that waited longest");
    // The producer's trace, the consumer's, and who sent it.
    for column in [6, 7, 2] {
        let wanted = &longest[0][column];
        tab.is("document.querySelector('#search').value = ''");
        tab.click("#search");
        tab.type_in(wanted);
        tab.until("document.querySelectorAll('#list .flow').length > 0");
        let found = tab.is(&format!(
            "document.querySelector('#detail').textContent.includes('{wanted}')"
        ));
        assert_eq!(found, true, "{wanted}");
    }
    tab.is_clean();
}

/// The least contrast of texts and what is behind them, by WCAG, and whose it is.
const CONTRAST: &str = "(() => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(part => {
      part /= 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = one => {
    for (let at = one; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return numbers(getComputedStyle(document.body).backgroundColor);
  };
  let least = [100, 'nothing'];
  const all = document.querySelectorAll('h1, h2, p, td, th, a, caption, label, dt, dd, .who, .what, .flow b, svg text');
  for (const one of all) {
    const style = getComputedStyle(one);
    const color = one.ownerSVGElement ? style.fill : style.color;
    const [high, low] = [light(numbers(color)), light(behind(one))].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < least[0]) least = [contrast, one.outerHTML.slice(0, 200)];
  }
  return [...least, all.length];
})()";

#[test]
fn it_can_be_read_in_light_and_dark_and_on_a_telephone() {
    let Some((mut tab, place)) = orders() else {
        return;
    };
    let mut backs = Vec::new();
    for scheme in ["light", "dark"] {
        tab.scheme(scheme);
        tab.open(&place.path().join("flows.html"));
        let least = tab.is(CONTRAST);
        assert!(least[2].as_u64().unwrap() > 100, "{least}");
        assert!(least[0].as_f64().unwrap() >= 4.5, "{scheme}: {least}");
        backs.push(tab.is("getComputedStyle(document.body).backgroundColor"));
        tab.picture(&format!("orders-{scheme}"));
        tab.size(390, 800);
        let overflow = tab.is("document.documentElement.scrollWidth - innerWidth");
        assert!(overflow.as_f64().unwrap() <= 0.0, "{scheme}: {overflow}");
        tab.picture(&format!("orders-{scheme}-narrow"));
        tab.size(1400, 1000);
    }
    assert_ne!(backs[0], backs[1]);
    tab.is_clean();
}

#[test]
fn without_scripts_there_are_the_graph_and_the_tables() {
    let Some((mut tab, place)) = orders() else {
        return;
    };
    tab.call(
        "Emulation.setScriptExecutionDisabled",
        &serde_json::json!({"value": true}),
    );
    tab.open(&place.path().join("flows.html"));
    tab.picture("orders-without-scripts");
    // What asks is not the page's own.
    let height = |tab: &mut Tab, selector: &str| {
        let found = tab.is(&format!(
            "document.querySelector('{selector}')?.getBoundingClientRect().height"
        ));
        found.as_f64().unwrap_or(0.0)
    };
    assert!(height(&mut tab, "svg.graph") > 50.0);
    assert!(height(&mut tab, "noscript p") > 5.0);
    assert!(height(&mut tab, "#explorer") < 0.5);
    assert_eq!(tab.count("#list .flow"), 0);
    for caption in [
        "Messages without a link",
        "Destinations",
        "Edges",
        "Messages that waited longest",
    ] {
        assert!(!rows(&mut tab, caption).is_empty(), "{caption}");
    }
    tab.is_clean();
}
