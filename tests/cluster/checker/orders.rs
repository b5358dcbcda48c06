//! Every order ends (G4): sold with its stock and its money, or undone with both.

use std::collections::BTreeSet;

use super::{
    Wrong,
    state::{Final, OrderEnd},
};

pub fn rests(order: &OrderEnd) -> bool {
    let all = |states: &[&str]| order.stock.iter().all(|(_, _, state)| states.contains(&state.as_str()));
    match order.status.as_str() {
        "verified" => order.payment_status == "captured" && all(&["committed"]),
        "rejected" | "expired" | "cancelled" => {
            all(&["released", "refused", "lost"])
                && ["none", "failed", "voided", "refunded"].contains(&order.payment_status.as_str())
        }
        _ => false,
    }
}

pub fn terminal(end: &Final) -> Wrong {
    let restless = end.orders.values().filter(|order| !rests(order));
    let mut wrong: Wrong = restless.map(|order| format!("not at rest: {order:?}")).collect();
    let numbers: Vec<u64> = end.orders.values().filter_map(|order| order.number).collect();
    if numbers.iter().collect::<BTreeSet<_>>().len() != numbers.len() {
        wrong.push("an order number was given twice".to_owned());
    }
    let unnumbered = end.orders.values().filter(|order| order.sold() && order.number.is_none());
    wrong.extend(unnumbered.map(|order| format!("sold, and without a number: {order:?}")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(status: &str, payment: &str, stock: &str) -> OrderEnd {
        OrderEnd {
            status: status.into(),
            payment_status: payment.into(),
            stock: vec![("A".into(), 1, stock.into())],
            ..OrderEnd::default()
        }
    }

    #[test]
    fn only_sold_and_undone_are_ends() {
        for (status, payment, stock) in [
            ("verified", "captured", "committed"),
            ("cancelled", "refunded", "released"),
            ("cancelled", "none", "released"),
            ("rejected", "none", "refused"),
            ("expired", "failed", "released"),
            ("expired", "refunded", "lost"),
        ] {
            assert!(rests(&order(status, payment, stock)), "{status} {payment} {stock}");
        }
        for (status, payment, stock) in [
            ("placing", "none", "wanted"),
            ("awaiting_payment", "none", "held"),
            ("verified", "authorized", "committed"),
            ("verified", "captured", "held"),
            ("cancelled", "captured", "released"),
            ("cancelled", "refunded", "releasing"),
            ("expired", "pending", "released"),
        ] {
            assert!(!rests(&order(status, payment, stock)), "{status} {payment} {stock}");
        }
    }

    #[test]
    fn numbers_are_given_once_and_to_whatever_was_sold() {
        let mut end = Final::default();
        let sold = |number| OrderEnd { number, ..order("verified", "captured", "committed") };
        end.orders.insert("a".into(), sold(Some(1)));
        end.orders.insert("b".into(), sold(Some(2)));
        assert_eq!(terminal(&end), Wrong::new());
        end.orders.insert("c".into(), sold(Some(2)));
        assert_eq!(terminal(&end).len(), 1);
        end.orders.insert("c".into(), sold(None));
        assert_eq!(terminal(&end).len(), 1);
        end.orders.insert("d".into(), order("placing", "none", "wanted"));
        assert_eq!(terminal(&end).len(), 2);
    }
}
