//! The contents of each operator's board, and the time of an order's first frame.
//!
//! A board that was too slow is sent again with its newest orders only (`live.snapshot_entities_max`). Orders shown
//! before count as seen, because an operator has seen them, but are no longer compared unless sent again.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use uuid::Uuid;

use crate::load::{
    checks::Orders,
    error::LoadError,
    invariant::Invariant,
    live::{Frame, Listener},
};

/// Lifecycles that are no longer on the board.
const CLOSED: [&str; 4] = ["completed", "rejected", "expired", "cancelled"];

#[derive(Default)]
pub struct Boards {
    boards: Vec<Mutex<Board>>,
    frames: AtomicU64,
    resets: AtomicU64,
}

#[derive(Default)]
struct Board {
    orders: HashMap<Uuid, Shown>,
    first: HashMap<Uuid, Instant>,
    was_reset: bool,
}

#[derive(Clone, Copy)]
struct Shown {
    version: u64,
    gone: bool,
}

impl Boards {
    pub fn new(count: usize) -> Self {
        Self { boards: (0..count).map(|_| Mutex::default()).collect(), ..Self::default() }
    }

    /// Reads one board's frames until its socket ends.
    pub async fn watch(self: Arc<Self>, n: usize, mut listener: Listener) -> LoadError {
        loop {
            let outcome = listener.text().await.and_then(|text| {
                if let Some(frame) = Frame::read(&text)? {
                    self.frame(n, &frame, Instant::now());
                }
                Ok(())
            });
            if let Err(error) = outcome {
                return error;
            }
        }
    }

    fn frame(&self, n: usize, frame: &Frame<'_>, now: Instant) {
        let Some(board) = self.boards.get(n) else { return };
        let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.op == Some("reset") {
            board.orders.clear();
            board.was_reset = true;
            self.resets.fetch_add(1, Relaxed);
        }
        let order = frame.key.and_then(|key| Uuid::parse_str(key).ok());
        if let (Some(order), Some(version)) = (order, frame.version) {
            self.frames.fetch_add(1, Relaxed);
            board.first.entry(order).or_insert(now);
            let shown = board.orders.entry(order).or_insert(Shown { version, gone: frame.gone });
            if version > shown.version {
                *shown = Shown { version, gone: frame.gone };
            }
        }
    }

    pub fn all_show(&self, now: &Orders) -> bool {
        self.invariant(now, Vec::new()).broken == 0
    }

    pub fn invariant(&self, now: &Orders, broken: Vec<String>) -> Invariant {
        let mut one = Invariant::new("each order is on each board as the API's list has it");
        for (n, board) in self.boards.iter().enumerate() {
            let board = board.lock().unwrap_or_else(PoisonError::into_inner);
            for order in now.values() {
                let closed = CLOSED.contains(&order.status.as_str());
                let right = match board.orders.get(&order.id) {
                    Some(shown) => shown.version >= order.version && shown.gone == closed,
                    // Opened and closed between two frames; or omitted when the board was sent again.
                    None => closed || (board.was_reset && board.first.contains_key(&order.id)),
                };
                one.check(right, || match board.orders.get(&order.id) {
                    None => format!("board {n} does not show order {} ({})", order.id, order.status),
                    Some(shown) => format!(
                        "board {n} shows order {} at version {}{}, the list {} at version {}",
                        order.id,
                        shown.version,
                        if shown.gone { " as gone" } else { "" },
                        order.status,
                        order.version
                    ),
                });
            }
        }
        broken.into_iter().for_each(|why| one.check(false, || why));
        one
    }

    /// Orders that a board shows as open and that are not among these.
    pub fn strangers(&self, known: &Orders) -> HashSet<Uuid> {
        let mut found = HashSet::new();
        for board in &self.boards {
            let board = board.lock().unwrap_or_else(PoisonError::into_inner);
            let open = board.orders.iter().filter(|(_, shown)| !shown.gone).map(|(order, _)| *order);
            found.extend(open.filter(|order| !known.contains_key(order)));
        }
        found
    }

    /// Each order on each board, with the time it first came up.
    pub fn first(&self, mut tell: impl FnMut(Uuid, Instant)) {
        for board in &self.boards {
            let board = board.lock().unwrap_or_else(PoisonError::into_inner);
            board.first.iter().for_each(|(order, at)| tell(*order, *at));
        }
    }

    pub fn frames(&self) -> u64 {
        self.frames.load(Relaxed)
    }

    pub fn resets(&self) -> u64 {
        self.resets.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "49d6e64d-7a72-5abc-a37d-c64b64dc2e91";

    fn list(version: u64, status: &str) -> Orders {
        let order = serde_json::json!({"id": ID, "version": version, "status": status, "payment_status": "none",
            "lines": [], "stock": [], "totals": {"total": {"amount": 1}}});
        let order: crate::load::checks::Order = serde_json::from_value(order).expect("an order");
        Orders::from([(order.id, order)])
    }

    #[test]
    fn a_board_must_show_each_order_as_the_list_has_it() {
        let boards = Boards::new(2);
        let show = |n: usize, version: u64, gone: bool| {
            let text = format!(r#"{{"topic":"board","key":"{ID}","version":{version},"gone":{gone},"view":{{}}}}"#);
            boards.frame(n, &Frame::read(&text).expect("a frame").expect("no answer"), Instant::now());
        };
        show(0, 2, false);
        let one = boards.invariant(&list(2, "awaiting_payment"), vec![]);
        assert_eq!((one.checked, one.broken), (2, 1), "the second shows nothing: {:?}", one.examples);
        show(1, 2, false);
        assert!(boards.all_show(&list(2, "awaiting_payment")));
        assert!(!boards.all_show(&list(3, "verified")), "not the newest version");
        assert!(!boards.all_show(&list(2, "cancelled")), "closed, and still shown");
        assert_eq!((boards.strangers(&Orders::new()).len(), boards.strangers(&list(2, "verified")).len()), (1, 0));
        show(0, 3, true);
        show(1, 3, true);
        show(1, 2, false);
        assert!(boards.all_show(&list(3, "cancelled")));
        assert!(boards.strangers(&Orders::new()).is_empty(), "what is gone is nobody's");
    }

    #[test]
    fn a_board_that_is_sent_anew_forgets() {
        let boards = Boards::new(1);
        let tell = |text: &str| boards.frame(0, &Frame::read(text).expect("a frame").expect("some"), Instant::now());
        tell(r#"{"op":"reset","topic":"board"}"#);
        assert!(!boards.all_show(&list(1, "verified")), "never shown");
        tell(&format!(r#"{{"topic":"board","key":"{ID}","version":1,"view":{{}}}}"#));
        tell(r#"{"op":"reset","topic":"board"}"#);
        assert!(boards.all_show(&list(1, "verified")), "it was shown, and the snapshot is bounded");
        assert_eq!(boards.resets(), 2);
    }
}
