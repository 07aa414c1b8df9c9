//! Any text is read without a panic, and what comes out holds together.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        mlops_lint_fuzz::syntax::parse(text);
    }
});
