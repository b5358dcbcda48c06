//! Each message names the one before it by its checksum, so that a reader notices when it is shown another log than the
//! one that was written on.
//!
//! The copies of a stream are not always the same. On nats-server 2.9.10 (others up to 2.10.18, by their issues) a message
//! whose sender was never told that it is stored has been seen in one copy, where the two others had the barrier that took
//! its place (docs/adr/0011). A reader may be served by any copy. What it folded from the odd one would be the ground of
//! the next decision, and then no copy is whole any more.
//!
//! So a record that has a successor is held back until the successor has named it, and is replaced by the leader's
//! copy where it was another; the newest record is shown at once, and a successor that does not know it ends the
//! reader, and with it this node's views. Messages of before this header name nothing, and are taken as they are.

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

/// What is known of the message before the next one.
#[derive(Debug, PartialEq)]
pub(super) enum Fit {
    Fits,
    /// It is still here, and another one was written on.
    HeldDiffers(Message),
    /// It was handed out.
    ShownDiffers,
}

#[derive(Default)]
pub(super) struct Chain {
    held: Option<Message>,
    /// Of the newest message that was handed out.
    shown: Option<u32>,
    ready: VecDeque<Message>,
}

impl Chain {
    /// Whether `next` was written on what came before it here; what was not is taken out.
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

    /// The leader's copy of what was taken out.
    pub(super) fn mend(&mut self, message: Message) {
        self.held = Some(message);
    }

    /// Takes what fits. `followed`: the log goes on behind it, so it can wait for its successor.
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

    /// Nothing is held or ready: all that was taken was handed out.
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
