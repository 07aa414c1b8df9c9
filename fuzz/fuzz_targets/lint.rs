//! Any two texts are checked as one project without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let (first, second) = text.split_once('\u{0}').unwrap_or((text, ""));
        mlops_lint_fuzz::lint::lint(&[first, second]);
    }
});
