//! Where the journal's records stand in sled's file, for tests that damage one: sled writes a page anew at times, so a
//! record may stand there more than once.

use std::collections::BTreeMap;

/// Where each copy of each record of shard 0 begins, by its number.
pub fn copies(bytes: &[u8]) -> BTreeMap<u64, Vec<usize>> {
    const NAME: &[u8] = b"{\"shard\":0,\"seq\":";
    let mut copies = BTreeMap::<u64, Vec<usize>>::new();
    for (at, _) in bytes.windows(NAME.len()).enumerate().filter(|(_, found)| *found == NAME) {
        let digits = bytes[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        let seq = digits.fold(0, |seq, digit| seq * 10 + u64::from(digit - b'0'));
        copies.entry(seq).or_default().push(at);
    }
    copies
}

/// One bit of each of these copies, behind its number.
pub fn flip(bytes: &mut [u8], copies: &[usize]) {
    copies.iter().for_each(|at| bytes[at + 40] ^= 4);
}
