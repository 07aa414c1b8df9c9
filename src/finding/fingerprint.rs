//! The identity of a finding, which survives edits elsewhere in the file.

use std::collections::HashMap;

use super::Finding;

/// FNV-1a, 64 bits: stable across platforms and releases, unlike the hashers of the standard library.
pub fn fnv1a(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// One fingerprint per finding, in their order: 16 hexadecimal digits over rule, file, resource, path and value.
///
/// `file` gives the path relative to the project; repeats get `-2`, `-3` in the order of the findings.
pub fn fingerprints<'a>(findings: &[Finding], file: impl Fn(&Finding) -> &'a str) -> Vec<String> {
    let mut seen: HashMap<u64, u32> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let subject = &finding.subject;
            let hash = fnv1a(&[
                finding.rule.as_str(),
                file(finding),
                subject.resource.as_deref().unwrap_or_default(),
                &subject.stable_path,
                &subject.value,
            ]);
            let count = seen.entry(hash).or_default();
            *count += 1;
            if *count == 1 { format!("{hash:016x}") } else { format!("{hash:016x}-{count}") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_matches_the_published_vector_and_separates_parts() {
        // Vector of the FNV reference: FNV-1a 64 of "a" is af63dc4c8601ec8c; ours appends a zero byte per part.
        let a_then_zero = (0xaf63_dc4c_8601_ec8c_u64).wrapping_mul(0x0100_0000_01b3);
        assert_eq!(fnv1a(&["a"]), a_then_zero);
        assert_ne!(fnv1a(&["ab", "c"]), fnv1a(&["a", "bc"]));
    }
}
