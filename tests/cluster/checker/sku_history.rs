//! A history's operations on one SKU, as windows for the search.
//!
//! For a command that is not remembered by its id (a hold, a release) the reply to a retry, also to a node's own retry,
//! shows the state at that time: such a reply is a read of its own in the same window. Orders release their holds in
//! their own time: the stock's book has the number of holds and releases of each order, and the search finds their
//! times.

use std::collections::BTreeMap;

use super::{
    linear::Window,
    sku::{Seen, SkuOp},
    state::{Final, Movement},
};
use crate::history::{Action, Micros, Op, Outcome};

type Windows = Vec<Window<SkuOp>>;

/// The windows, and the recorded operation that each came from; `None`: the end, or what a book told.
pub fn windows(sku: &str, ops: &[Op], end: &Final, ttl: Micros) -> (Windows, Vec<Option<u64>>) {
    let (mut windows, mut from_op) = (Windows::new(), Vec::new());
    for op in ops {
        let made = of_staff(sku, op);
        from_op.extend(made.iter().map(|_| Some(op.id)));
        windows.extend(made);
    }
    let mut told: BTreeMap<&str, Vec<&Movement>> = BTreeMap::new();
    for line in end.book.get(sku).into_iter().flatten() {
        let of_order = line.hold.as_deref().filter(|hold| end.orders.contains_key(*hold));
        if let Some(order) = of_order {
            told.entry(order).or_default().push(line);
        }
    }
    for (order, lines) in told {
        let made = of_order(order, &lines, ops, end, ttl);
        from_op.extend(made.iter().map(|_| None));
        windows.extend(made);
    }
    for op in ops {
        let Action::Checkout { lines, .. } = &op.action else { continue };
        // With several lines, the others of a refused order came and went.
        if let (Outcome::OutOfStock { available: Some(available) }, [(of, units)]) = (&op.outcome, &lines[..])
            && of == sku
        {
            let refuse = SkuOp::Refuse { units: *units, available: *available };
            windows.push(Window { from: op.from, to: Some(op.to), op: refuse });
            from_op.push(Some(op.id));
        }
    }
    if let Some(levels) = end.stock.get(sku) {
        let seen = Seen { version: levels.version, available: levels.available.max(0) as u64 };
        windows.push(Window { from: end.at, to: Some(end.at), op: SkuOp::Look { seen, hold: None } });
        from_op.push(None);
    }
    (windows, from_op)
}

fn of_staff(sku: &str, op: &Op) -> Windows {
    let window = |to: bool, what| Window { from: op.from, to: to.then_some(op.to), op: what };
    let mut made = Windows::new();
    let shown = |version, available, hold| SkuOp::Look { seen: Seen { version, available }, hold };
    match (&op.action, &op.outcome) {
        (Action::Receive { sku: of, units, .. }, outcome) if of == sku => match outcome {
            // Remembered by its id: the reply is the first run's, at any time.
            Outcome::Stock { version, available } => {
                let seen = Some(Seen { version: *version, available: *available });
                made.push(window(true, SkuOp::Add { units: *units, seen }));
            }
            Outcome::Unknown { .. } => made.push(window(false, SkuOp::Add { units: *units, seen: None })),
            _ => {}
        },
        (Action::Hold { sku: of, units, key }, outcome) if of == sku => {
            let take = SkuOp::Take { hold: key.clone(), units: *units };
            match outcome {
                Outcome::Held { version, available, .. } => {
                    made.push(window(true, take));
                    made.push(window(true, shown(*version, *available, Some((key.clone(), true)))));
                }
                Outcome::OutOfStock { available: Some(available) } => {
                    made.push(window(true, SkuOp::Refuse { units: *units, available: *available }));
                }
                Outcome::Unknown { .. } => made.push(window(false, take)),
                _ => {}
            }
        }
        (Action::Release { sku: of, key }, outcome) if of == sku => {
            let give = SkuOp::Give { hold: key.clone() };
            match outcome {
                Outcome::Stock { version, available } => {
                    made.push(window(true, give));
                    made.push(window(true, shown(*version, *available, Some((key.clone(), false)))));
                }
                Outcome::Unknown { .. } => made.push(window(false, give)),
                _ => {}
            }
        }
        (Action::Look { sku: of }, Outcome::Stock { version, available }) if of == sku => {
            made.push(window(true, shown(*version, *available, None)));
        }
        _ => {}
    }
    made
}

/// One order's holds and releases here. The first hold lies within its checkout, if that has a reply.
fn of_order(order: &str, lines: &[&Movement], ops: &[Op], end: &Final, ttl: Micros) -> Windows {
    let email = &end.orders[order].email;
    let placed = ops.iter().find(|op| matches!(&op.action, Action::Checkout { email: of, .. } if of == email));
    let begun = placed.map_or(0, |op| op.from);
    let answered = placed.filter(|op| matches!(op.outcome, Outcome::Placed { .. })).map(|op| op.to);
    let cancelled = ops.iter().filter(|op| matches!(&op.action, Action::Cancel { order: of } if of == order));
    let lapses = begun.saturating_add(ttl);
    // An order of several lines that is refused for one gives the others back at once.
    let refused = end.orders[order].status == "rejected";
    let given_from = if refused { begun } else { cancelled.map(|op| op.from).min().unwrap_or(lapses).min(lapses) };
    let (mut made, mut takes) = (Windows::new(), 0_u32);
    for line in lines {
        match line.kind.as_str() {
            "hold" => {
                let to = if takes == 0 { answered.unwrap_or(end.at) } else { end.at };
                // Again: for money that came late, or by a late copy of the first command, which ends by itself.
                let from = if takes == 0 { begun } else { given_from };
                // A hold that was taken again is another one for the model.
                let op = SkuOp::Take { hold: format!("{order}/{takes}"), units: line.quantity as u64 };
                made.push(Window { from: from.min(to), to: Some(to), op });
                takes += 1;
            }
            "release" | "expiry" => {
                let op = SkuOp::Give { hold: format!("{order}/{}", takes.saturating_sub(1)) };
                made.push(Window { from: given_from.min(end.at), to: Some(end.at), op });
            }
            _ => {}
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            linear::{Verdict, check},
            sku::{Sku, SkuModel},
            state::{Levels, OrderEnd},
        },
        *,
    };

    fn op(id: u64, from: u64, to: u64, action: Action, outcome: Outcome) -> Op {
        Op { id, who: "ann".into(), node: 0, from, to, tries: 1, action, outcome }
    }

    fn sold(email: &str, from: u64, to: u64, outcome: Outcome) -> Op {
        op(from, from, to, Action::Checkout { email: email.into(), lines: vec![("A".into(), 5)] }, outcome)
    }

    fn placed(order: &str) -> Outcome {
        Outcome::Placed { order: order.into(), version: 1 }
    }

    fn end(available: i64, orders: &[(&str, &str)], book: &[(&str, &str)]) -> Final {
        let line = |(kind, order): &(&str, &str)| Movement {
            kind: (*kind).into(),
            quantity: 5,
            hold: Some((*order).into()),
            ..Movement::default()
        };
        let order = |(id, status): &(&str, &str)| {
            let order = OrderEnd {
                id: (*id).into(),
                email: format!("e-{id}"),
                status: (*status).into(),
                ..OrderEnd::default()
            };
            ((*id).to_owned(), order)
        };
        Final {
            at: 100,
            stock: [("A".to_owned(), Levels { available, ..Levels::default() })].into(),
            book: [("A".to_owned(), book.iter().map(line).collect())].into(),
            orders: orders.iter().map(order).collect(),
            ..Final::default()
        }
    }

    fn judge(ops: &[Op], end: &Final, strict: bool) -> bool {
        let (windows, from) = windows("A", ops, end, 50);
        assert_eq!(windows.len(), from.len());
        let sku = Sku { available: 5, version: 0, strict, ..Sku::default() };
        matches!(check::<SkuModel>(sku, &windows, 10_000), Verdict::Linear { .. })
    }

    #[test]
    fn an_order_gives_back_after_its_cancel_or_its_time_and_not_before() {
        let cancel = op(9, 40, 41, Action::Cancel { order: "o1".into() }, Outcome::Cancelled);
        let told = |second: u64| {
            vec![sold("e-o1", 1, 5, placed("o1")), sold("e-o2", second, second + 2, placed("o2")), cancel.clone()]
        };
        let book = [("hold", "o1"), ("release", "o1"), ("hold", "o2")];
        let after = end(0, &[("o1", "cancelled"), ("o2", "verified")], &book);
        assert!(judge(&told(42), &after, false));
        assert!(!judge(&told(20), &after, false), "the units were the first order's until its cancel");
        let expired =
            end(0, &[("o1", "expired"), ("o2", "verified")], &[("hold", "o1"), ("expiry", "o1"), ("hold", "o2")]);
        let told = |second: u64| vec![sold("e-o1", 1, 5, placed("o1")), sold("e-o2", second, second + 2, placed("o2"))];
        assert!(judge(&told(60), &expired, false));
        assert!(!judge(&told(30), &expired, false), "its time was not over");
    }

    #[test]
    fn what_was_answered_must_fit() {
        let refused = |available| sold("e-o9", 10, 12, Outcome::OutOfStock { available: Some(available) });
        let after = end(0, &[("o1", "verified")], &[("hold", "o1")]);
        assert!(judge(&[sold("e-o1", 1, 5, placed("o1")), refused(0)], &after, false));
        assert!(!judge(&[sold("e-o1", 20, 25, placed("o1")), refused(0)], &after, false), "five were there");
        let look =
            |available| op(3, 30, 31, Action::Look { sku: "A".into() }, Outcome::Stock { version: 3, available });
        assert!(judge(&[sold("e-o1", 1, 5, placed("o1")), look(0)], &after, false));
        assert!(!judge(&[sold("e-o1", 1, 5, placed("o1")), look(5)], &after, false), "a stale look");
        let unknown = Outcome::Unknown { why: "no answer".into() };
        assert!(judge(&[sold("e-o1", 1, 5, unknown), look(5)], &after, false), "it may have come later");
        assert!(!judge(&[], &end(4, &[], &[]), false), "a unit is gone");
    }

    #[test]
    fn a_hold_by_hand_is_seen_by_its_answer_and_by_all_after_it() {
        let hold = |key: &str, from, outcome| {
            op(from, from, from + 2, Action::Hold { sku: "A".into(), units: 2, key: key.into() }, outcome)
        };
        let held = |version, available| Outcome::Held { hold: "x".into(), version, available };
        let release = |from, version, available| {
            let action = Action::Release { sku: "A".into(), key: "h1".into() };
            op(from, from, from + 2, action, Outcome::Stock { version, available })
        };
        let mut after = end(5, &[], &[]);
        after.stock.get_mut("A").unwrap().version = 2;
        assert!(judge(&[hold("h1", 1, held(1, 3)), release(5, 2, 5)], &after, true));
        assert!(!judge(&[hold("h1", 1, held(1, 5)), release(5, 2, 5)], &after, true), "not counted");
        assert!(!judge(&[hold("h1", 1, held(1, 3)), release(5, 3, 5)], &after, true), "a version of nobody");
        assert!(!judge(&[hold("h1", 1, held(1, 3))], &after, true), "released by nobody");
        let lost = hold("h1", 1, Outcome::Unknown { why: "no answer".into() });
        assert!(!judge(std::slice::from_ref(&lost), &after, true), "an unknown hold is one change, not two");
        after.stock.insert("A".into(), Levels { available: 3, version: 1, ..Levels::default() });
        assert!(judge(&[lost], &after, true));
    }
}
