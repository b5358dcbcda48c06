//! An order takes over what the older orders of its cart hold.

use super::*;

/// D1: the last unit is not lost to one's own older order, and nobody comes between.
#[test]
fn an_order_takes_over_what_the_older_ones_of_its_cart_hold() {
    let take = |units| {
        let instead_of = vec![order(1), order(2), order(1)];
        StockCommand::TakeOver { order: order(9), units: n(units), until: Timestamp(100), attempt: 1, instead_of }
    };
    let released = |id| StockEvent::Released { order: order(id) };
    let now_held = |units| StockEvent::Held { order: order(9), units: n(units), until: Timestamp(100), attempt: 1 };
    let history = || given([received(3), held(1, 2, 50), held(3, 1, 50)]);
    history().when(take(2)).then([released(1), now_held(2)]);
    // The rest is free for all; more than was held is taken from the shelf or refused, and then nothing is released.
    history().when(take(1)).then([released(1), now_held(1)]);
    history().when(take(3)).then_rejected(StockRejection::OutOfStock { requested: n(3), available: 2 });
    history().after([released(1), now_held(2)]).when(take(2)).then_nothing();
    // A lapsed one counts once.
    history().at(60).when(take(3)).then([released(1), expired(3), now_held(3)]);
    // A sale stays a sale.
    let sold = || given([received(3), held(1, 2, 50), committed(1)]);
    sold().when(take(2)).then_rejected(StockRejection::OutOfStock { requested: n(2), available: 1 });
    sold().when(take(1)).then([now_held(1)]);
    // The older order's own messages come too late.
    let after = || history().after([released(1), now_held(2)]);
    after().when(hold(1, 2, 50)).then_nothing();
    after().when(StockCommand::Release { order: order(1), attempt: 1 }).then_nothing();
    after()
        .when(StockCommand::Commit { order: order(1), attempt: 0 })
        .then_rejected(StockRejection::NoHold { order: order(1) });
}
