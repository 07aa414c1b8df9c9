//! Random numbers that are the same everywhere (`SplitMix64`).

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of a name.
    pub(super) fn new(name: &str) -> Self {
        // FNV-1a: names that differ in one character start far apart.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A number from a range.
    pub(super) fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from)
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True for what breaks a policy on purpose.
    pub(super) fn bad(&mut self) -> bool {
        self.percent(12)
    }

    /// One of several.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let index = usize::try_from(self.below(from.len() as u64)).expect("below a length");
        from[index]
    }

    /// Several different ones, in a random order.
    pub(super) fn sample<'a>(&mut self, from: &[&'a str], count: usize) -> Vec<&'a str> {
        let mut left = from.to_vec();
        (0..count.min(from.len()))
            .map(|_| {
                let index = usize::try_from(self.below(left.len() as u64)).expect("below a length");
                left.swap_remove(index)
            })
            .collect()
    }
}
