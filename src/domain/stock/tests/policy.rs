//! Selling beyond the units in the house: up to a bound, without one, and back.

use super::*;

fn policy(policy: StockPolicy) -> StockEvent {
    StockEvent::PolicySet { policy }
}

#[test]
fn a_backorder_sells_up_to_its_bound_and_counts_what_is_owed() {
    let backorder = policy(StockPolicy::Backorder { up_to: n(3) });
    given([received(2), backorder.clone()]).when(hold(1, 5, 100)).then([held(1, 5, 100)]);
    let refused = StockRejection::OutOfStock { requested: n(6), available: 5 };
    given([received(2), backorder.clone()]).when(hold(1, 6, 100)).then_rejected(refused);
    let owing = || [received(2), backorder.clone(), held(1, 5, 100)];
    let view = replay::<Stock>(owing()).view();
    assert_eq!((view.available, view.oversold, view.held, view.on_hand), (0, 3, 5, 2));
    assert!(view.is_balanced());
    given(owing()).when(hold(2, 1, 100)).then_rejected(StockRejection::OutOfStock { requested: n(1), available: 0 });
    // A lapsed hold gives its units to the next one; goods are first of all for what is owed.
    given(owing()).at(100).when(hold(2, 5, 200)).then([expired(1), held(2, 5, 200)]);
    let view = replay::<Stock>(owing().into_iter().chain([received(3)])).view();
    assert_eq!((view.available, view.oversold, view.on_hand), (0, 0, 5));
    given(owing()).when(adjust(-1)).then_rejected(StockRejection::AdjustsBelowZero { delta: -1, available: 0 });
    // Units that are found need no room, so no hold ends for them.
    given(owing()).at(100).when(adjust(1)).then([StockEvent::Adjusted { delta: 1, reason: "count".to_owned() }]);
}

#[test]
fn a_policy_is_set_once_and_what_is_owed_stays() {
    let untracked = StockPolicy::Untracked;
    let set = |policy| StockCommand::SetPolicy { policy };
    given([]).when(set(StockPolicy::Tracked)).then_nothing();
    given([]).when(set(untracked)).then([policy(untracked)]);
    given([policy(untracked)]).when(set(untracked)).then_nothing();
    given([policy(untracked)]).when(hold(1, u32::MAX, 100)).then([held(1, u32::MAX, 100)]);
    let back = || [policy(untracked), held(1, 4, 100), policy(StockPolicy::Tracked)];
    assert_eq!(replay::<Stock>(back()).view().oversold, 4);
    given(back()).when(hold(2, 1, 100)).then_rejected(StockRejection::OutOfStock { requested: n(1), available: 0 });
    given(back()).when(StockCommand::Commit { order: order(1), attempt: 0 }).then([committed(1)]);
    check_stored(&replay::<Stock>(back()));
}
