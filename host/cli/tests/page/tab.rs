//! A tab of the browser, as somebody uses it: with a mouse and a keyboard.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::browser::Browser;

/// A tab.
pub struct Tab {
    browser: Browser,
    session: String,
}

/// Writes the page of `linkmend flows`.
pub fn page_of(inputs: &[PathBuf], page: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_linkmend"))
        .args(["flows", "--quiet", "-o"])
        .arg(page)
        .args(inputs)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

impl Tab {
    /// `None` where there is no browser, which is said.
    pub fn new() -> Option<Self> {
        let mut browser = Browser::start()?;
        let target = browser.call(None, "Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call(None, "Target.attachToTarget", &attach);
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut tab = Self { browser, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), &json!({}));
        }
        tab.size(1400, 1000);
        Some(tab)
    }

    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.browser.call(Some(&self.session), method, parameters)
    }

    pub fn open(&mut self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.call("Page.navigate", &json!({ "url": url }));
        self.browser.wait_for("Page.loadEventFired");
    }

    pub fn size(&mut self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// `light` or `dark`, as the system of the reader says.
    pub fn scheme(&mut self, name: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": name}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// What an expression of JavaScript is.
    pub fn is(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let told = self.call("Runtime.evaluate", &asked);
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    pub fn text(&mut self, selector: &str) -> String {
        let told = self.is(&format!(
            "document.querySelector('{selector}')?.textContent"
        ));
        let text = told.as_str();
        text.unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    pub fn count(&mut self, selector: &str) -> u64 {
        let told = self.is(&format!("document.querySelectorAll('{selector}').length"));
        told.as_u64().unwrap()
    }

    /// With the mouse, in the middle of what can be seen of it.
    pub fn click(&mut self, selector: &str) {
        let place = self.is(&format!(
            "(() => {{ const one = document.querySelector('{selector}'); \
             one.scrollIntoView({{block: 'nearest'}}); const at = one.getBoundingClientRect(); \
             return [at.x + at.width / 2, at.y + at.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// A key that is no letter: `ArrowDown`.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "PageDown" => 34,
            "End" => 35,
            "Home" => 36,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
            });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Letters, one after the other.
    pub fn type_in(&mut self, text: &str) {
        for letter in text.chars() {
            let event = json!({"type": "keyDown", "key": letter, "text": letter});
            self.call("Input.dispatchKeyEvent", &event);
            self.call(
                "Input.dispatchKeyEvent",
                &json!({"type": "keyUp", "key": letter}),
            );
        }
    }

    /// Waits until an expression is true.
    pub fn until(&mut self, expression: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.is(expression) != true {
            assert!(Instant::now() < end, "never: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where somebody wants to look at it.
    pub fn picture(&mut self, name: &str) {
        if let Some(folder) = std::env::var_os("LINKMEND_SCREENSHOTS") {
            let asked = json!({"format": "png", "captureBeyondViewport": true});
            let taken = self.call("Page.captureScreenshot", &asked);
            let image = BASE64.decode(taken["data"].as_str().unwrap()).unwrap();
            let file = Path::new(&folder).join(format!("{name}.png"));
            std::fs::write(file, image).unwrap();
        }
    }

    /// Nothing failed, nothing was complained of, and nothing but the page was asked for.
    #[track_caller]
    pub fn is_clean(&mut self) {
        // All that was caused by what was done before is there then.
        self.is("0");
        for event in self.browser.events() {
            let parameters = &event["params"];
            match event["method"].as_str().unwrap_or_default() {
                "Runtime.exceptionThrown" | "Network.loadingFailed" => panic!("{event}"),
                "Log.entryAdded" => panic!("{}", parameters["entry"]),
                "Runtime.consoleAPICalled" => panic!("{parameters}"),
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str().unwrap();
                    assert!(url.starts_with("file://"), "{url}");
                }
                _ => {}
            }
        }
    }
}
