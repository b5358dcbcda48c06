//! The bounds as checkouts meet them, and the table as orders change it.

use std::{net::Ipv4Addr, sync::Arc};

use uuid::Uuid;

use super::*;
use crate::{
    actors::ports::Clock,
    config,
    domain::{
        ids::{OrderId, PaymentId, UserId},
        order::{Order, OrderStatus, OrderView, PaymentStatus},
    },
    network::Bucket,
    testing::{EPOCH, FixedClock, an_order, sku},
};

const TTL_MS: i64 = 600_000;

fn timed(change: impl FnOnce(&mut config::Unpaid)) -> (UnpaidOrders, Arc<FixedClock>) {
    let mut bounds = config::Unpaid { orders_per_buyer_max: 2, units_per_buyer_max: 10, ..config::Unpaid::default() };
    change(&mut bounds);
    let clock = Arc::new(FixedClock::default());
    (UnpaidOrders::new(bounds, &config::Shop::default(), clock.clone()), clock)
}

fn orders(change: impl FnOnce(&mut config::Unpaid)) -> UnpaidOrders {
    timed(change).0
}

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn from(n: u8) -> Bucket {
    Bucket::of(Ipv4Addr::new(10, 0, 0, n).into())
}

/// `units` of one SKU, of which an address may keep 6.
fn asked(n: u128, buyer: u128, units: u64) -> Asked {
    Asked {
        order: order(n),
        buyer: user(buyer),
        address: None,
        lines: vec![AskedLine { sku: sku("A"), units, most: 6 }],
        replaces: vec![],
        pay_by: EPOCH.plus_ms(TTL_MS),
    }
}

fn view(n: u128, buyer: u128, units: u32, status: OrderStatus) -> OrderView {
    let order = an_order().id(order(n)).user(user(buyer)).line("A", units, 100).pay_by(EPOCH.plus_ms(TTL_MS));
    order.placed_at(EPOCH).status(status).payment_status(PaymentStatus::None).view()
}

#[test]
fn orders_and_units_of_one_buyer_are_bounded_and_the_refusal_says_what_is_left() {
    let all = orders(|_| {});
    all.enter(&asked(1, 1, 7)).unwrap();
    all.enter(&asked(1, 1, 7)).expect("the same order again");
    let too_much = |what, max, remaining| UnpaidRefusal::TooMuch {
        of: "buyer",
        what,
        max,
        remaining,
        retry_after_ms: TTL_MS as u64,
    };
    assert_eq!(all.enter(&asked(2, 1, 4)), Err(too_much("units", 10, 3)));
    all.enter(&asked(2, 1, 3)).unwrap();
    assert_eq!(all.enter(&asked(3, 1, 1)), Err(too_much("orders", 2, 0)));
    all.enter(&asked(3, 2, 10)).expect("another buyer");
    let large = UnpaidRefusal::TooLarge { of: "buyer", requested: 11, max: 10 };
    assert_eq!(all.enter(&asked(4, 3, 11)), Err(large));
    let summary = all.summary();
    assert_eq!((summary.orders, summary.units), (3, 20));
    assert_eq!(summary.largest, [(user(2), 1, 10), (user(1), 2, 10)]);
    assert_eq!(summary.refused.into_iter().collect::<Vec<_>>(), [("checkout_too_large", 1), ("too_much_unpaid", 2)]);
}

#[test]
fn a_newer_checkout_of_the_cart_counts_once_and_takes_nobody_elses_place() {
    let all = orders(|bounds| bounds.orders_per_buyer_max = 1);
    all.enter(&asked(1, 1, 10)).unwrap();
    all.enter(&Asked { replaces: vec![order(1)], ..asked(2, 1, 10) }).unwrap();
    // Checkouts at once: the older one comes second, and gives way all the same.
    all.enter(&Asked { replaces: vec![order(5)], ..asked(6, 5, 10) }).unwrap();
    all.enter(&asked(5, 5, 10)).unwrap();
    all.enter(&asked(3, 2, 1)).unwrap();
    let not_mine = Asked { replaces: vec![order(3)], ..asked(4, 1, 1) };
    assert!(matches!(all.enter(&not_mine), Err(UnpaidRefusal::TooMuch { what: "orders", .. })));
}

#[test]
fn an_address_is_bounded_over_all_its_buyers_and_so_is_its_share_of_a_sku() {
    let all = orders(|bounds| (bounds.orders_per_address_max, bounds.units_per_address_max) = (3, 20));
    let of = |n, units| Asked { address: Some(from(1)), ..asked(n, n, units) };
    all.enter(&of(1, 4)).unwrap();
    let over = vec![OverShare { sku: sku("A"), requested: 3, remaining: 2, told_max: 10 }];
    let refused = UnpaidRefusal::OverShare { lines: over, retry_after_ms: Some(TTL_MS as u64) };
    assert_eq!(all.enter(&of(2, 3)), Err(refused));
    all.enter(&of(2, 1)).unwrap();
    all.enter(&of(3, 1)).unwrap();
    let refused = all.enter(&of(4, 0));
    assert!(matches!(refused, Err(UnpaidRefusal::TooMuch { of: "address", what: "orders", .. })), "{refused:?}");
    all.enter(&Asked { address: Some(from(2)), ..asked(5, 5, 6) }).expect("another address");
    all.enter(&asked(6, 6, 10)).expect("an address that is not counted");
}

#[test]
fn what_is_paid_or_given_up_makes_room() {
    let all = orders(|bounds| bounds.orders_per_buyer_max = 1);
    for (n, status) in [(1, OrderStatus::Verified), (2, OrderStatus::Cancelled), (3, OrderStatus::Rejected)] {
        all.enter(&asked(n, 1, 5)).unwrap();
        all.follow(order(n), &view(n, 1, 5, OrderStatus::AwaitingPayment));
        assert_eq!((all.summary().orders, all.summary().held), (1, 5));
        let waiting = view(n, 1, 5, OrderStatus::AwaitingPayment);
        all.follow(order(n), &OrderView { payment_status: PaymentStatus::Authorized, ..waiting });
        assert_eq!((all.summary().orders, all.summary().units), (0, 0), "what is paid does not wait for its sale");
        all.follow(order(n), &view(n, 1, 5, status));
        assert_eq!((all.summary().orders, all.summary().units, all.summary().held), (0, 0, 0));
    }
    all.enter(&asked(4, 1, 5)).unwrap();
    all.forget(order(4));
    all.enter(&asked(5, 1, 5)).expect("a placement that was refused keeps nothing");
}

/// Each node folds every order: a buyer's are known wherever they were placed, and after a restart.
#[test]
fn orders_of_elsewhere_and_of_before_a_restart_count() {
    let all = orders(|_| {});
    all.restore(order(1), &view(1, 1, 8, OrderStatus::AwaitingPayment));
    assert!(matches!(all.enter(&asked(9, 1, 3)), Err(UnpaidRefusal::TooMuch { what: "units", remaining: 2, .. })));
    all.follow(order(2), &view(2, 1, 1, OrderStatus::Placing));
    assert!(matches!(all.enter(&asked(9, 1, 1)), Err(UnpaidRefusal::TooMuch { what: "orders", .. })));
}

/// An order that ends so long after its placing.
fn end(all: &UnpaidOrders, clock: &FixedClock, who: (u128, u128), status: OrderStatus, after_ms: i64) {
    let (n, buyer) = who;
    let placed = clock.now();
    let at = |status| {
        let mut view = view(n, buyer, 1, status);
        view.placed_at = placed;
        Arc::make_mut(view.placement.as_mut().unwrap()).pay_by = placed.plus_ms(TTL_MS);
        view
    };
    let asked = Asked { address: Some(from(1)), pay_by: placed.plus_ms(TTL_MS), ..asked(n, buyer, 1) };
    all.enter(&asked).unwrap();
    all.follow(order(n), &at(OrderStatus::AwaitingPayment));
    clock.pass(after_ms);
    all.follow(order(n), &at(status));
    // Its releases follow, and are no further lapse.
    all.follow(order(n), &at(status));
}

fn buyer(n: u128) -> [Holder; 1] {
    [Holder::Buyer(user(n))]
}

#[test]
fn who_lets_orders_expire_waits_longer_each_time_and_a_sale_ends_it() {
    let (all, clock) = timed(|bounds| bounds.lapses_free_per_address = 3);
    let paused = |of, minutes: u64| Err(UnpaidRefusal::Paused { of, retry_after_ms: minutes * 60_000 });
    end(&all, &clock, (1, 1), OrderStatus::Expired, TTL_MS);
    assert_eq!(all.check_pause(buyer(1)), Ok(()), "the first costs nothing");
    end(&all, &clock, (2, 1), OrderStatus::Expired, TTL_MS);
    assert_eq!(all.check_pause(buyer(1)), paused("buyer", 1));
    end(&all, &clock, (3, 1), OrderStatus::Expired, TTL_MS);
    assert_eq!(all.check_pause(buyer(1)), paused("buyer", 2));
    // Another session from the same address: the address has three lapses, and the fourth is not free.
    let address = [Holder::Address(from(1))];
    assert_eq!((all.check_pause(buyer(2)), all.check_pause(address)), (Ok(()), Ok(())));
    end(&all, &clock, (4, 2), OrderStatus::Expired, TTL_MS);
    assert_eq!(all.check_pause(address), paused("address", 1));
    assert_eq!(all.check_pause([Holder::Address(from(2))]), Ok(()));
    end(&all, &clock, (5, 1), OrderStatus::Verified, 5);
    assert_eq!((all.check_pause(buyer(1)), all.check_pause(address)), (Ok(()), Ok(())));
    assert_eq!(all.summary().refused["checkout_paused"], 3);
}

/// Units that are kept by checking out again and again, or by cancelling in time, are kept all the same.
#[test]
fn giving_up_in_time_adds_the_time_that_was_kept() {
    let (all, clock) = timed(|_| {});
    for n in 0..5 {
        end(&all, &clock, (n, 1), OrderStatus::Cancelled, TTL_MS / 3);
        clock.pass(1);
    }
    assert_eq!(all.check_pause(buyer(1)), Ok(()), "less than two times to pay");
    end(&all, &clock, (9, 1), OrderStatus::Cancelled, TTL_MS / 3);
    assert!(matches!(all.check_pause(buyer(1)), Err(UnpaidRefusal::Paused { .. })));
}

#[test]
fn a_buyers_lapses_survive_a_restart() {
    let (all, clock) = timed(|_| {});
    clock.pass(TTL_MS);
    for n in 1..=2 {
        all.restore(order(n), &view(n, 1, 1, OrderStatus::Expired));
    }
    assert!(matches!(all.check_pause(buyer(1)), Err(UnpaidRefusal::Paused { of: "buyer", .. })));
    assert_eq!(all.check_pause(buyer(2)), Ok(()));
}

#[test]
fn an_order_whose_payment_was_tried_is_no_lapse() {
    let (all, clock) = timed(|bounds| bounds.lapses_free_per_buyer = 0);
    let mut tried = view(1, 1, 1, OrderStatus::Expired);
    tried.payment = Some(PaymentId(Uuid::from_u128(7)));
    clock.pass(TTL_MS);
    all.restore(order(1), &tried);
    assert_eq!(all.check_pause(buyer(1)), Ok(()));
    all.restore(order(2), &view(2, 1, 1, OrderStatus::Expired));
    assert!(all.check_pause(buyer(1)).is_err());
}

/// Sixty-four at once, each under its own key: no two may pass the bound together.
#[test]
fn checkouts_at_once_do_not_pass_the_bound_together() {
    let all = orders(|bounds| (bounds.orders_per_buyer_max, bounds.units_per_buyer_max) = (64, 100));
    let entered = std::thread::scope(|scope| {
        let each = (0..64).map(|n| {
            scope.spawn({
                let all = all.clone();
                move || u64::from(all.enter(&asked(n, 1, 7)).is_ok())
            })
        });
        each.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
    });
    assert_eq!((entered, all.summary().units), (14, 98));
}

#[test]
fn a_placement_that_was_lost_on_its_way_is_forgotten_after_its_time_to_pay() {
    let all = orders(|_| {});
    let before = Asked { pay_by: EPOCH.plus_ms(-Order::GRACE_MS), ..asked(1, 1, 10) };
    all.enter(&before).unwrap();
    all.enter(&asked(2, 1, 10)).expect("the lost one keeps nothing any more");
    assert_eq!(all.summary().orders, 1);
}

/// H64: what is left of a share is a part of the stock's count.
#[test]
fn a_refused_share_tells_the_count_only_to_those_who_see_counts() {
    let line = OverShare { sku: sku("A"), requested: 300, remaining: 250, told_max: 10 };
    let refused = UnpaidRefusal::OverShare { lines: vec![line], retry_after_ms: None };
    let shown = |counts| {
        let remaining = if counts { 250 } else { 10 };
        serde_json::json!([{"sku": "A", "requested": 300, "remaining": remaining}])
    };
    for counts in [false, true] {
        let problem = refused.clone().problem(counts);
        assert_eq!(problem, problem.clone().with("lines", shown(counts)), "{counts}");
    }
}
