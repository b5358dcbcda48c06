//! Each message carries its predecessor's checksum, so that a reader detects a copy of the log that differs from the
//! one the writer continued.
//!
//! The copies of a stream are not always the same. On nats-server 2.9.10 (others up to 2.10.18, by their issues) an
//! unacknowledged message has been seen in one copy, while the two others had the barrier that took its place
//! (docs/adr/0011). Any copy may serve a reader. The next decision would rest on states folded from the differing copy,
//! and then no copy is whole any more.
//!
//! So a record with a successor is held back until the successor names its checksum, and is replaced by the leader's
//! copy if the checksums differ. The newest record is delivered at once; a successor that names another checksum ends
//! the reader, and with the reader this node's projections. Messages from before this header name nothing and are
//! accepted unchecked.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::actors::ports::journal::Seq;

/// The header: eight hex digits of the CRC-32 (IEEE) of the message before. The first record of a log has none.
pub(super) const BEFORE: &str = "Souk-Before";

pub(super) fn sum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

pub(super) fn written(sum: u32) -> String {
    format!("{sum:08x}")
}

pub(super) fn parsed(text: &str) -> Option<u32> {
    u32::from_str_radix(text.trim(), 16).ok()
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    pub(super) seq: Seq,
    pub(super) payload: Bytes,
    pub(super) before: Option<u32>,
}

/// How the next message's predecessor compares with the message received here.
#[derive(Debug, PartialEq)]
pub(super) enum Fit {
    Fits,
    /// The predecessor is still held, and the writer continued another message.
    HeldDiffers(Message),
    /// The predecessor differs and was already delivered.
    ShownDiffers,
}

#[derive(Default)]
pub(super) struct Chain {
    held: Option<Message>,
    /// Checksum of the newest delivered message.
    shown: Option<u32>,
    ready: VecDeque<Message>,
}

impl Chain {
    /// For a reader that continues behind a message with this checksum.
    pub(super) fn behind(shown: Option<u32>) -> Self {
        Self { shown, ..Self::default() }
    }

    /// Whether `message` was written on the newest delivered message. `true` where either is unknown.
    pub(super) fn follows(&self, message: &Message) -> bool {
        message.before.is_none_or(|before| self.shown.is_none_or(|shown| before == shown))
    }

    /// Whether `next` was written after its predecessor here; a differing held predecessor is removed.
    pub(super) fn fit(&mut self, next: &Message) -> Fit {
        let known = self.held.as_ref().map(|held| sum(&held.payload)).or(self.shown);
        match (next.before, known) {
            (Some(before), Some(known)) if before != known => match self.held.take() {
                Some(held) => Fit::HeldDiffers(held),
                None => Fit::ShownDiffers,
            },
            (_, _) => Fit::Fits,
        }
    }

    /// Puts the leader's copy in place of the removed message.
    pub(super) fn mend(&mut self, message: Message) {
        self.held = Some(message);
    }

    /// Takes a message that fits. `followed`: the log continues after the message, which can therefore wait for its
    /// successor.
    pub(super) fn take(&mut self, next: Message, followed: bool) {
        if let Some(held) = self.held.take() {
            self.show(held);
        }
        match followed {
            true => self.held = Some(next),
            false => self.show(next),
        }
    }

    fn show(&mut self, message: Message) {
        self.shown = Some(sum(&message.payload));
        self.ready.push_back(message);
    }

    pub(super) fn ready(&mut self) -> Option<Message> {
        self.ready.pop_front()
    }

    /// Nothing is held or ready: every accepted message was delivered.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_none() && self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: Seq, payload: &'static str, before: Option<&str>) -> Message {
        let before = before.map(|before| sum(before.as_bytes()));
        Message { seq, payload: Bytes::from_static(payload.as_bytes()), before }
    }

    fn shown(chain: &mut Chain) -> Vec<Seq> {
        std::iter::from_fn(|| chain.ready()).map(|message| message.seq).collect()
    }

    #[test]
    fn history_waits_for_its_successor_and_the_newest_does_not() {
        let mut chain = Chain::default();
        let (a, b) = (message(1, "a", None), message(2, "b", Some("a")));
        assert_eq!(chain.fit(&a), Fit::Fits);
        chain.take(a, true);
        assert_eq!(shown(&mut chain), Vec::<Seq>::new());
        assert_eq!(chain.fit(&b), Fit::Fits);
        chain.take(b, false);
        assert_eq!(shown(&mut chain), [1, 2]);
        assert!(chain.is_empty());
    }

    #[test]
    fn an_odd_copy_in_the_history_is_taken_out_and_mended() {
        let mut chain = Chain::default();
        chain.take(message(1, "odd", None), true);
        let next = message(2, "b", Some("a"));
        let Fit::HeldDiffers(odd) = chain.fit(&next) else { panic!("it was not written on") };
        assert_eq!(odd.seq, 1);
        chain.mend(message(1, "a", None));
        assert_eq!(chain.fit(&next), Fit::Fits);
        chain.take(next, false);
        assert_eq!(shown(&mut chain), [1, 2]);
    }

    #[test]
    fn an_odd_copy_that_was_shown_is_noticed() {
        let mut chain = Chain::default();
        chain.take(message(1, "odd", None), false);
        assert_eq!(shown(&mut chain), [1]);
        assert_eq!(chain.fit(&message(2, "b", Some("a"))), Fit::ShownDiffers);
    }

    #[test]
    fn two_odd_copies_in_a_row_are_noticed_by_what_the_leaders_names() {
        let mut chain = Chain::default();
        chain.take(message(1, "odd", None), true);
        let second = message(2, "odd too", Some("odd"));
        assert_eq!(chain.fit(&second), Fit::Fits);
        chain.take(second, true);
        assert_eq!(shown(&mut chain), [1]);
        assert!(matches!(chain.fit(&message(3, "c", Some("b"))), Fit::HeldDiffers(_)));
        assert!(!chain.follows(&message(2, "b", Some("a"))), "it was written on another than was delivered");
        assert!(chain.follows(&message(2, "b", Some("odd"))) && chain.follows(&message(2, "b", None)));
    }

    #[test]
    fn a_reader_that_continues_compares_its_first_message() {
        let sum = |text: &str| Some(sum(text.as_bytes()));
        assert_eq!(Chain::behind(sum("odd")).fit(&message(2, "b", Some("a"))), Fit::ShownDiffers);
        assert_eq!(Chain::behind(sum("a")).fit(&message(2, "b", Some("a"))), Fit::Fits);
        assert_eq!(Chain::behind(None).fit(&message(2, "b", Some("a"))), Fit::Fits);
    }

    #[test]
    fn messages_without_the_header_are_taken_as_they_are() {
        let mut chain = Chain::default();
        chain.take(message(1, "a", None), false);
        assert_eq!(chain.fit(&message(2, "b", None)), Fit::Fits);
    }

    #[test]
    fn a_sum_is_read_as_it_is_written() {
        assert_eq!(parsed(&written(0x0000_beef)), Some(0xbeef));
        assert_eq!(parsed("no sum"), None);
    }
}
