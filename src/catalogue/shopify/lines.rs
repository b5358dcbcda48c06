//! Line numbers as an editor shows them.
//!
//! The csv crate counts from where it stopped last, so empty lines and Windows line ends put it behind. Here the
//! line feeds are counted as they are read, and given out up to the byte that a record ends at. Only those of
//! the parser's read-ahead buffer are kept, so memory stays small.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Read},
    rc::Rc,
};

use csv::ByteRecord;

#[derive(Default)]
struct Feeds {
    /// Bytes read so far.
    read: u64,
    /// Offsets of line feeds not yet counted.
    ahead: VecDeque<u64>,
    counted: u64,
    last: Option<u64>,
}

#[derive(Clone, Default)]
pub(super) struct Lines(Rc<RefCell<Feeds>>);

impl Lines {
    pub fn watch<R: Read>(&self, inner: R) -> Watched<R> {
        Watched { inner, lines: self.clone() }
    }

    /// The first line of a record that ends (with its line end, or before its line feed) at byte `end`.
    pub fn first_of(&self, record: &ByteRecord, end: u64) -> u64 {
        let mut feeds = self.0.borrow_mut();
        while let Some(at) = feeds.ahead.pop_front_if(|at| *at < end) {
            feeds.counted += 1;
            feeds.last = Some(at);
        }
        let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let own_end = u64::from(feeds.last.is_some_and(|at| at + 1 == end));
        (feeds.counted + 1).saturating_sub(inside + own_end)
    }
}

pub(super) struct Watched<R> {
    inner: R,
    lines: Lines,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let mut feeds = self.lines.0.borrow_mut();
        let start = feeds.read;
        let found = buffer[..count].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        feeds.ahead.extend(found.map(|(at, _)| start + at as u64));
        feeds.read += count as u64;
        Ok(count)
    }
}
