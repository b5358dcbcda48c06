//! Stock and money add up: no SKU is oversold (G1), and money is taken only for sold goods.

use std::collections::{BTreeMap, BTreeSet};

use super::{Wrong, state::Final};

/// G1 for each SKU, from its levels, from its book line by line, and against the orders that were sold.
pub fn stock(end: &Final) -> Wrong {
    let mut wrong = Wrong::new();
    let mut sold: BTreeMap<&str, i64> = BTreeMap::new();
    for order in end.orders.values().filter(|order| order.sold()) {
        for (sku, units, _) in &order.stock {
            *sold.entry(sku).or_default() += *units as i64;
        }
    }
    for (sku, levels) in &end.stock {
        let places = [levels.available, levels.held, levels.committed, levels.shipped];
        let owned = levels.received + levels.adjusted;
        if places.iter().any(|units| *units < 0) || places.iter().sum::<i64>() != owned {
            wrong.push(format!("{sku}: G1 does not hold: {levels:?}"));
        }
        let of_orders = sold.get(sku.as_str()).copied().unwrap_or(0);
        if levels.committed + levels.shipped != of_orders {
            wrong.push(format!("{sku}: {of_orders} units are in sold orders, {levels:?}"));
        }
        let held = open_holds(sku, end);
        if levels.held != held {
            wrong.push(format!("{sku}: {held} units are held by hand, {levels:?}"));
        }
        if of_orders > owned {
            wrong.push(format!("{sku}: {of_orders} units sold of {owned}"));
        }
        wrong.extend(book(sku, end));
    }
    wrong
}

/// Units of holds by hand that stand in the book. At rest no order holds anything.
pub fn open_holds(sku: &str, end: &Final) -> i64 {
    let mut open = BTreeMap::new();
    for line in end.book.get(sku).into_iter().flatten() {
        let Some(hold) = line.hold.as_ref().filter(|hold| !end.orders.contains_key(*hold)) else { continue };
        match line.kind.as_str() {
            "hold" => drop(open.insert(hold, line.quantity)),
            "release" | "expiry" => drop(open.remove(hold)),
            _ => {}
        }
    }
    open.into_values().sum()
}

fn book(sku: &str, end: &Final) -> Wrong {
    let mut wrong = Wrong::new();
    let Some(book) = end.book.get(sku) else { return vec![format!("{sku}: has no book")] };
    let (mut available, mut version) = (0, 0);
    for line in book {
        available += line.units;
        if line.version < version {
            wrong.push(format!("{sku}: version {} stands after {version}", line.version));
        }
        version = line.version;
        // Within one commit, lapsed holds are ended before the next one takes their units.
        if available < 0 {
            wrong.push(format!("{sku}: version {version} leaves {available} available"));
        }
    }
    let levels = &end.stock[sku];
    if (available, version) != (levels.available, levels.version) {
        wrong.push(format!("{sku}: the book ends at version {version} with {available} available, {levels:?}"));
    }
    let versions: BTreeSet<u64> = book.iter().map(|line| line.version).collect();
    if versions.len() as u64 != version {
        wrong.push(format!("{sku}: {} versions of {version} are in the book", versions.len()));
    }
    wrong
}

/// Captured less refunded money is the total of each sold order, and zero for any other.
pub fn money(end: &Final) -> Wrong {
    let mut wrong = Wrong::new();
    let mut kept: BTreeMap<&str, i64> = BTreeMap::new();
    for payment in &end.payments {
        let left = match payment.status.as_str() {
            "captured" | "partially_refunded" | "refunded" => payment.amount - payment.refunded,
            "failed" | "voided" if payment.refunded == 0 => 0,
            _ => {
                wrong.push(format!("a payment is not at rest: {payment:?}"));
                continue;
            }
        };
        if !(0..=payment.amount).contains(&left) || (payment.status == "refunded" && left != 0) {
            wrong.push(format!("refunds and status disagree: {payment:?}"));
        }
        match end.orders.contains_key(&payment.order) {
            true => *kept.entry(&payment.order).or_default() += left,
            false => wrong.push(format!("a payment for no order: {payment:?}")),
        }
    }
    for (id, order) in &end.orders {
        let kept = kept.get(id.as_str()).copied().unwrap_or(0);
        let due = if order.sold() { order.total } else { 0 };
        if kept != due {
            wrong.push(format!("order {id} is {}: {kept} was kept of it, {due} is due", order.status));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{super::state::*, *};

    fn line(version: u64, kind: &str, units: i64, quantity: i64, hold: &str) -> Movement {
        let hold = (!hold.is_empty()).then(|| hold.to_owned());
        Movement { version, kind: kind.into(), units, quantity, hold, reference: None }
    }

    fn shop() -> Final {
        let levels = Levels { version: 4, available: 7, held: 0, committed: 3, shipped: 0, received: 10, adjusted: 0 };
        let book = vec![
            line(1, "receipt", 8, 8, ""),
            line(2, "hold", -3, 3, "o1"),
            line(3, "commit", 0, 3, "o1"),
            line(4, "receipt", 2, 2, ""),
        ];
        let order = OrderEnd {
            id: "o1".into(),
            status: "verified".into(),
            total: 60,
            stock: vec![("A".into(), 3, "committed".into())],
            ..OrderEnd::default()
        };
        let undone = OrderEnd { id: "o2".into(), status: "cancelled".into(), total: 20, ..OrderEnd::default() };
        let paid =
            PaymentEnd { id: "p1".into(), order: "o1".into(), status: "captured".into(), amount: 60, refunded: 0 };
        let back =
            PaymentEnd { id: "p2".into(), order: "o2".into(), status: "refunded".into(), amount: 20, refunded: 20 };
        Final {
            at: 0,
            stock: [("A".to_owned(), levels)].into(),
            book: [("A".to_owned(), book)].into(),
            orders: [("o1".to_owned(), order), ("o2".to_owned(), undone)].into(),
            payments: vec![paid, back],
        }
    }

    fn changed(change: impl FnOnce(&mut Final)) -> (usize, usize) {
        let mut end = shop();
        change(&mut end);
        (stock(&end).len(), money(&end).len())
    }

    #[test]
    fn a_good_shop_is_good() {
        assert_eq!((stock(&shop()), money(&shop())), (vec![], vec![]));
    }

    #[test]
    fn each_thing_wrong_with_stock_is_found() {
        let levels = |change: fn(&mut Levels)| changed(|end| change(end.stock.get_mut("A").unwrap())).0;
        assert!(levels(|levels| levels.available += 1) > 0, "one unit too many");
        assert!(levels(|levels| (levels.available, levels.held) = (8, -1)) > 0, "below zero");
        assert!(levels(|levels| (levels.available, levels.committed) = (8, 2)) > 0, "sold and not committed");
        assert!(levels(|levels| (levels.available, levels.held) = (6, 1)) > 0, "held by nobody");
        let book = |change: fn(&mut Vec<Movement>)| changed(|end| change(end.book.get_mut("A").unwrap())).0;
        assert!(book(|book| drop(book.pop())) > 0, "a lost line");
        assert!(book(|book| book[1].units = -9) > 0, "oversold in between");
        assert!(book(|book| book[2].version = 2) > 0, "a version without a line");
        assert!(book(|book| book.swap(1, 2)) > 0, "out of order");
        let oversold = changed(|end| end.orders.get_mut("o1").unwrap().stock[0].1 = 11).0;
        assert!(oversold > 1);
        assert!(changed(|end| end.book.clear()).0 > 0);
    }

    #[test]
    fn each_thing_wrong_with_money_is_found() {
        let pays = |change: fn(&mut Vec<PaymentEnd>)| changed(|end| change(&mut end.payments)).1;
        assert!(pays(|list| drop(list.remove(0))) > 0, "sold and not paid");
        assert!(pays(|list| list.push(PaymentEnd { id: "p3".into(), ..list[0].clone() })) > 0, "paid twice");
        assert!(pays(|list| list[1].refunded = 5) > 0, "part of it is kept");
        assert!(pays(|list| list[1].status = "captured".into()) == 0, "refunded in full, whatever it is called");
        assert!(pays(|list| list[0].status = "authorized".into()) > 0, "not at rest");
        assert!(pays(|list| list[0].order = "o9".into()) > 0, "of no order");
        assert!(changed(|end| end.orders.get_mut("o1").unwrap().status = "cancelled".into()).1 > 0);
    }
}
