//! Any text in a string of a template is read as JSON with holes without a panic, and its places are those of the template.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        mlops_lint_fuzz::syntax::embedded_json(text);
    }
});
