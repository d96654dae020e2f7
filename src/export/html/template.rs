//! The page's own files as one document: what `page/index.html` refers to stands in it,
//! and nothing else may run or be loaded (Content Security Policy, Level 3).

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::export::decode::base64;

const PAGE: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/style.css");
/// The modules as one script, which `build/page.rs` makes.
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/page.js"));

/// What the page says where it is served as files.
const STYLE_FILE: &str = "<link rel=\"stylesheet\" href=\"style.css\">";
const SCRIPT_FILE: &str = "<script type=\"module\" src=\"main.js\"></script>";

/// The page around its data.
pub(super) struct Frame {
    before: String,
    after: String,
}

impl Frame {
    pub(super) fn new() -> Self {
        let (head, rest) = PAGE.split_once(STYLE_FILE).unwrap_or((PAGE, ""));
        let (body, end) = rest.split_once(SCRIPT_FILE).unwrap_or((rest, ""));
        Self {
            before: [head, &policy(), "\n<style>", STYLE, "</style>", body].concat(),
            after: ["<script type=\"module\">", SCRIPT, "</script>", end].concat(),
        }
    }

    pub(super) fn before(&self) -> &str {
        &self.before
    }

    pub(super) fn after(&self) -> &str {
        &self.after
    }

    /// Bytes of all of it.
    pub(super) fn len(&self) -> u64 {
        (self.before.len() + self.after.len()) as u64
    }
}

/// Nothing is allowed but this style, this script, and pictures that the script makes.
fn policy() -> String {
    let hash = |text: &str| base64(&Sha256::digest(text.as_bytes()));
    [
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'",
        "; script-src 'sha256-",
        &hash(SCRIPT),
        "'; style-src 'sha256-",
        &hash(STYLE),
        "'; img-src blob: data:; base-uri 'none'; form-action 'none'\">",
    ]
    .concat()
}

/// What the page is told of itself: JSON without anything that is markup.
pub(super) fn about(json: &str, out: &mut impl Write) -> io::Result<()> {
    debug_assert!(!json.contains('<'), "markup in {json}");
    out.write_all(b"<script type=\"application/json\" id=\"page-meta\">")?;
    out.write_all(json.as_bytes())?;
    out.write_all(b"</script>\n")
}

/// How two runs differ: JSON, in which what could be markup is escaped as its strings can
/// (RFC 8259).
pub(super) fn comparison(json: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"<script type=\"application/json\" id=\"comparison\">")?;
    out.write_all(json.replace('<', "\\u003c").as_bytes())?;
    out.write_all(b"</script>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_in_the_page_and_no_other_is_asked_for() {
        let Frame { before, after } = Frame::new();
        assert!(before.contains(STYLE) && after.contains(SCRIPT) && after.contains("</html>"));
        for text in ["src=", "href=\"style", "@import", "url("] {
            assert!(!before.contains(text), "the page asks for a file: {text}");
        }
        assert!(!after.contains("src=\"main.js\""));
    }

    #[test]
    fn the_policy_comes_before_all_that_it_is_about() {
        let before = Frame::new().before;
        let at = |text: &str| before.find(text).expect(text);
        assert!(at("Content-Security-Policy") < at("<style>"));
        // What ends a style early would make the rest of it markup.
        assert!(!STYLE.contains("</"));
    }
}
