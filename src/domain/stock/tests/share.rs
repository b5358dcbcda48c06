//! What one buyer may keep unpaid of a SKU.

use super::*;
use crate::domain::ids::UserId;

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// Two units of any SKU, a quarter of a larger stock.
fn hold_for(buyer: u128, id: u128, units: u32, instead_of: Vec<OrderId>) -> StockCommand {
    let buyer = Buyer { user: user(buyer), share: Share { units: 2, percent: 25 } };
    StockCommand::HoldFor { order: order(id), units: n(units), until: Timestamp(100), attempt: 1, instead_of, buyer }
}

fn held_for(buyer: u128, id: u128, units: u32) -> StockEvent {
    let user = user(buyer);
    StockEvent::HeldFor { order: order(id), units: n(units), until: Timestamp(100), attempt: 1, user }
}

fn over(requested: u32, kept: u64, most: u64) -> StockRejection {
    StockRejection::OverShare { requested: n(requested), kept, most }
}

/// B2: one buyer leaves three quarters to the others, in one order or in many.
#[test]
fn a_buyer_keeps_a_share_of_what_is_for_sale_and_others_have_theirs() {
    given([received(40)]).when(hold_for(1, 1, 11, vec![])).then_rejected(over(11, 0, 10));
    let some = || given([received(40), held_for(1, 1, 6)]);
    some().when(hold_for(1, 2, 5, vec![])).then_rejected(over(5, 6, 10));
    some().when(hold_for(1, 2, 4, vec![])).then([held_for(1, 2, 4)]);
    some().when(hold_for(2, 2, 10, vec![])).then([held_for(2, 2, 10)]);
    // Units in others' unpaid holds are for sale: the share does not melt while everybody has one.
    let crowd = || given([received(40), held(9, 30, 50)]);
    crowd().when(hold_for(1, 1, 10, vec![])).then([held_for(1, 1, 10)]);
    // Of a small stock the floor counts, and the last units can be bought.
    given([received(2)]).when(hold_for(1, 1, 2, vec![])).then([held_for(1, 1, 2)]);
    given([received(4)]).when(hold_for(1, 1, 3, vec![])).then_rejected(over(3, 0, 2));
    // What is not there is refused as ever.
    given([received(1)])
        .when(hold_for(1, 1, 2, vec![]))
        .then_rejected(StockRejection::OutOfStock { requested: n(2), available: 1 });
}

#[test]
fn what_is_paid_lapsed_released_or_passed_on_is_not_kept() {
    let full = || given([received(40), held_for(1, 1, 10)]);
    full().when(hold_for(1, 2, 1, vec![])).then_rejected(over(1, 10, 10));
    full().after([committed(1)]).when(hold_for(1, 2, 7, vec![])).then([held_for(1, 2, 7)]);
    full()
        .after([StockEvent::Released { order: order(1) }])
        .when(hold_for(1, 2, 10, vec![]))
        .then([held_for(1, 2, 10)]);
    // The alarm is late: the lapsed hold keeps nothing, though nobody needed its units yet.
    full().at(100).when(hold_for(1, 2, 10, vec![])).then([held_for(1, 2, 10)]);
    // A newer checkout of the cart takes over what the older one kept, and does not count twice.
    let released = StockEvent::Released { order: order(1) };
    full().when(hold_for(1, 2, 10, vec![order(1)])).then([released, held_for(1, 2, 10)]);
    full().when(hold_for(1, 2, 11, vec![order(1)])).then_rejected(over(11, 0, 10));
    // Somebody else's older order gives its units and not its share.
    full().when(hold_for(1, 1, 10, vec![])).then_nothing();
}

#[test]
fn without_a_bound_of_the_stock_there_is_no_share() {
    let untracked = StockEvent::PolicySet { policy: StockPolicy::Untracked };
    given([untracked]).when(hold_for(1, 1, 900, vec![])).then([held_for(1, 1, 900)]);
    let backorder = StockEvent::PolicySet { policy: StockPolicy::Backorder { up_to: n(40) } };
    given([backorder.clone()]).when(hold_for(1, 1, 10, vec![])).then([held_for(1, 1, 10)]);
    given([backorder]).when(hold_for(1, 1, 11, vec![])).then_rejected(over(11, 0, 10));
}

#[test]
fn the_sums_of_buyers_follow_the_holds_and_are_stored() {
    let history = [received(40), held_for(1, 1, 6), held_for(1, 2, 4), held_for(2, 3, 10), held(4, 5, 50)];
    let stock = replay::<Stock>(history);
    check_stored(&stock);
    let loaded: Stock = serde_json::from_str(&serde_json::to_string(&stock).unwrap()).unwrap();
    assert_eq!([1, 2, 3].map(|buyer| loaded.kept_by(user(buyer), Timestamp(0))), [10, 10, 0]);
    assert_eq!(loaded.kept_by(user(1), Timestamp(100)), 0, "lapsed");
}
