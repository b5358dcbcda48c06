//! No acknowledged command is lost (G2), and none has its effect twice (G3): each stands in the final state.

use std::collections::BTreeMap;

use super::{
    Wrong,
    state::{Final, Movement},
};
use crate::history::{Action, Op, Outcome};

pub fn acknowledged(ops: &[Op], end: &Final, first: &BTreeMap<String, i64>) -> Wrong {
    let mut wrong = Wrong::new();
    for op in ops {
        wrong.extend(
            one(op, ops, end).map(|what| format!("op {} ({:?} -> {:?}): {what}", op.id, op.action, op.outcome)),
        );
    }
    for (sku, levels) in &end.stock {
        let (mut least, mut most) = (first.get(sku).copied().unwrap_or(0), 0);
        for op in ops {
            let Action::Receive { sku: of, units, .. } = &op.action else { continue };
            match &op.outcome {
                _ if of != sku => {}
                Outcome::Unknown { .. } => most += *units as i64,
                Outcome::Stock { .. } => least += *units as i64,
                _ => {}
            }
        }
        if !(least..=least + most).contains(&levels.received) {
            wrong.push(format!("{sku}: received {}, acknowledged {least}, unknown {most}", levels.received));
        }
        wrong.extend(twice(sku, end));
    }
    wrong
}

fn booked<'a>(end: &'a Final, sku: &str, is: impl Fn(&Movement) -> bool) -> Vec<&'a Movement> {
    end.book.get(sku).into_iter().flatten().filter(|line| is(line)).collect()
}

/// The missing effect of this operation.
fn one(op: &Op, ops: &[Op], end: &Final) -> Option<String> {
    match (&op.action, &op.outcome) {
        (Action::Receive { sku, units, key }, Outcome::Stock { version, .. }) => {
            let lines = booked(end, sku, |line| line.reference.as_deref() == Some(key));
            let [line] = lines[..] else { return Some(format!("{} lines of the book", lines.len())) };
            let same = line.version == *version && line.quantity == *units as i64;
            (!same).then(|| format!("the book says {line:?}"))
        }
        (Action::Hold { sku, units, key }, Outcome::Held { hold, version, .. }) => {
            let lines = booked(end, sku, |line| line.hold.as_ref() == Some(hold));
            let taken = lines.iter().filter(|line| line.kind == "hold").collect::<Vec<_>>();
            let [line] = taken[..] else { return Some(format!("{} holds in the book", taken.len())) };
            if line.quantity != *units as i64 || line.version > *version {
                return Some(format!("the book says {line:?}"));
            }
            let given_back = lines.len() > 1;
            let asked = ops.iter().any(|op| matches!(&op.action, Action::Release { key: of, .. } if of == key));
            (given_back && !asked).then(|| "it was ended by nobody".to_owned())
        }
        (Action::Release { sku, key }, Outcome::Stock { .. }) => {
            let held = ops.iter().find_map(|op| match (&op.action, &op.outcome) {
                (Action::Hold { key: of, .. }, Outcome::Held { hold, .. }) if of == key => Some(hold),
                _ => None,
            })?;
            let ended = booked(end, sku, |line| line.hold.as_ref() == Some(held) && line.kind == "release");
            (ended.len() != 1).then(|| format!("{} releases in the book", ended.len()))
        }
        (Action::Checkout { email, lines }, Outcome::Placed { .. } | Outcome::Undecided { .. }) => {
            let Some(order) = end.order_of(email) else { return Some("the order is gone".to_owned()) };
            let told = match &op.outcome {
                Outcome::Placed { order: id, version } => id == &order.id && order.version >= *version,
                Outcome::Undecided { order: id } => id == &order.id,
                _ => true,
            };
            let same = lines.len() == order.stock.len()
                && lines.iter().all(|(sku, units)| order.stock.iter().any(|(of, n, _)| (of, n) == (sku, units)));
            (!told || !same).then(|| format!("it became {order:?}"))
        }
        (Action::Pay { order, .. }, Outcome::Paid { number }) => {
            let Some(end) = end.orders.get(order) else { return Some("the order is gone".to_owned()) };
            let numbered = number.is_none_or(|number| end.number == Some(number));
            let cancels = |op: &Op| matches!(&op.action, Action::Cancel { order: of } if of == order);
            let stands = end.sold() || (end.status == "cancelled" && ops.iter().any(cancels));
            (!numbered || !stands).then(|| format!("it became {end:?}"))
        }
        (Action::Cancel { order }, Outcome::Cancelled) => {
            let status = end.orders.get(order).map(|order| order.status.as_str());
            (status != Some("cancelled")).then(|| format!("it is {status:?}"))
        }
        _ => None,
    }
}

/// One receipt, one line; and no hold is taken again while it stands.
fn twice(sku: &str, end: &Final) -> Wrong {
    let mut wrong = Wrong::new();
    let (mut references, mut open) = (BTreeMap::new(), BTreeMap::new());
    for line in end.book.get(sku).into_iter().flatten() {
        if let Some(reference) = &line.reference {
            *references.entry(reference).or_insert(0) += 1;
        }
        let Some(hold) = &line.hold else { continue };
        let held = open.entry(hold).or_insert(0);
        match line.kind.as_str() {
            "hold" => *held += 1,
            "release" | "expiry" => *held -= 1,
            _ => {}
        }
        if !(0..=1).contains(held) {
            wrong.push(format!("{sku}: hold {hold} is taken {held} times at version {}", line.version));
        }
    }
    let repeated = references.iter().filter(|(_, times)| **times > 1);
    wrong.extend(repeated.map(|(reference, times)| format!("{sku}: receipt {reference} is booked {times} times")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::{
        super::state::{Levels, OrderEnd},
        *,
    };

    fn op(action: Action, outcome: Outcome) -> Op {
        Op { id: 1, who: "ann".into(), node: 0, from: 1, to: 2, tries: 1, action, outcome }
    }

    fn receive(key: &str) -> Action {
        Action::Receive { sku: "A".into(), units: 4, key: key.into() }
    }

    fn line(version: u64, kind: &str, quantity: i64) -> Movement {
        Movement { version, kind: kind.into(), quantity, ..Movement::default() }
    }

    fn told() -> Vec<Op> {
        vec![
            op(receive("r1"), Outcome::Stock { version: 2, available: 14 }),
            op(receive("r2"), Outcome::Unknown { why: "no answer".into() }),
            op(
                Action::Hold { sku: "A".into(), units: 2, key: "h1".into() },
                Outcome::Held { hold: "h".into(), version: 4, available: 12 },
            ),
            op(
                Action::Hold { sku: "A".into(), units: 1, key: "h2".into() },
                Outcome::Held { hold: "i".into(), version: 4, available: 11 },
            ),
            op(Action::Release { sku: "A".into(), key: "h2".into() }, Outcome::Stock { version: 5, available: 12 }),
            op(
                Action::Checkout { email: "e1".into(), lines: vec![("A".into(), 1)] },
                Outcome::Placed { order: "o1".into(), version: 3 },
            ),
            op(Action::Pay { order: "o1".into(), token: "tok_ok".into() }, Outcome::Paid { number: Some(7) }),
            op(
                Action::Checkout { email: "e2".into(), lines: vec![("A".into(), 1)] },
                Outcome::Undecided { order: "o2".into() },
            ),
            op(Action::Cancel { order: "o2".into() }, Outcome::Cancelled),
        ]
    }

    fn shop() -> Final {
        let order = |id: &str, email: &str, status: &str, number| OrderEnd {
            id: id.into(),
            email: email.into(),
            version: 6,
            number,
            status: status.into(),
            stock: vec![("A".into(), 1, String::new())],
            ..OrderEnd::default()
        };
        let book = vec![
            line(1, "receipt", 10),
            Movement { reference: Some("r1".into()), ..line(2, "receipt", 4) },
            Movement { hold: Some("h".into()), ..line(3, "hold", 2) },
            Movement { hold: Some("i".into()), ..line(4, "hold", 1) },
            Movement { hold: Some("i".into()), ..line(5, "release", 1) },
        ];
        Final {
            stock: [("A".to_owned(), Levels { received: 14, ..Levels::default() })].into(),
            book: [("A".to_owned(), book)].into(),
            orders: [
                ("o1".to_owned(), order("o1", "e1", "verified", Some(7))),
                ("o2".to_owned(), order("o2", "e2", "cancelled", None)),
            ]
            .into(),
            ..Final::default()
        }
    }

    fn judge(change: impl FnOnce(&mut Final)) -> usize {
        let mut end = shop();
        change(&mut end);
        acknowledged(&told(), &end, &[("A".to_owned(), 10)].into()).len()
    }

    #[test]
    fn what_stands_is_good_and_the_unknown_may_stand_or_not() {
        assert_eq!(acknowledged(&told(), &shop(), &[("A".to_owned(), 10)].into()), Wrong::new());
        let both = |end: &mut Final| {
            end.stock.get_mut("A").unwrap().received = 18;
            let late = Movement { reference: Some("r2".into()), ..line(6, "receipt", 4) };
            end.book.get_mut("A").unwrap().push(late);
        };
        assert_eq!(judge(both), 0);
    }

    #[test]
    fn whatever_is_lost_or_twice_is_found() {
        fn book(end: &mut Final) -> &mut Vec<Movement> {
            end.book.get_mut("A").unwrap()
        }
        assert!(judge(|end| drop(book(end).remove(1))) > 0, "the receipt's line");
        assert!(judge(|end| book(end)[1].version = 3) > 0, "acknowledged with another version");
        assert!(judge(|end| end.stock.get_mut("A").unwrap().received = 10) > 0, "its units");
        assert!(judge(|end| end.stock.get_mut("A").unwrap().received = 19) > 0, "units of nobody");
        assert!(
            judge(|end| {
                let again = book(end)[1].clone();
                book(end).push(again)
            }) > 0,
            "booked twice"
        );
        assert!(judge(|end| drop(book(end).remove(2))) > 0, "the hold");
        assert!(judge(|end| drop(book(end).pop())) > 0, "its release");
        assert!(judge(|end| book(end)[2].quantity = 3) > 0, "a hold of other units");
        assert!(judge(|end| book(end)[4].hold = Some("h".into())) > 0, "ended by nobody");
        assert!(
            judge(|end| {
                let again = book(end)[2].clone();
                book(end).push(again)
            }) > 0,
            "held twice"
        );
        assert!(judge(|end| drop(end.orders.remove("o1"))) > 1, "order and payment");
        assert!(judge(|end| end.orders.get_mut("o1").unwrap().version = 2) > 0, "an older order");
        assert!(judge(|end| end.orders.get_mut("o1").unwrap().stock[0].1 = 2) > 0, "other units");
        assert!(judge(|end| end.orders.get_mut("o1").unwrap().number = Some(8)) > 0, "another number");
        assert!(judge(|end| end.orders.get_mut("o1").unwrap().status = "expired".into()) > 0, "paid, and not sold");
        assert!(judge(|end| end.orders.get_mut("o1").unwrap().status = "cancelled".into()) > 0, "by nobody");
        assert!(judge(|end| end.orders.get_mut("o2").unwrap().status = "verified".into()) > 0, "not cancelled");
    }
}
