//! Whole checkouts against the rules: stock and money together, in every order of events.

use std::num::NonZeroU32;

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    provider::Answer,
    world::{Luck, SKUS, World, cart_key, item, payment_key, placement, shopper, stock_key},
};
use crate::domain::{
    cart::CartCommand,
    ids::{FulfilmentId, OrderId, RefundId, Sku},
    kinds::{AnyCommand, AnyView},
    money::{Currency, Money},
    order::{
        CapturePolicy, CheckoutSnapshot, HoldAt, HoldState, OrderCommand, OrderStatus, PaymentStatus, StaffTransition,
    },
    payment::{PaymentCommand, ProviderEvent},
    stock::StockCommand,
    time::Timestamp,
};

#[derive(Clone, Debug)]
enum Step {
    Perform { which: usize, luck: Luck },
    RepeatAnswer(usize),
    Wait(i64),
    Ring,
    Pay,
    Confirm(usize),
    Decline(usize),
    Transition(StaffTransition),
    Fulfil { fulfilment: u128, sku: usize, units: u32 },
    Refund { which: usize, refund: u128, amount: i64 },
    Void(usize),
    Capture(usize),
    Rival { rival: u128, sku: usize, units: u32 },
}

fn luck() -> impl Strategy<Value = Luck> {
    let answer =
        prop_oneof![6 => Just(Answer::Authorize), 1 => Just(Answer::Decline), 2 => Just(Answer::RequireAction)];
    (prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.1), answer)
        .prop_map(|(twice, lost, fail, answer)| Luck { twice, lost, fail, answer })
}

fn step() -> impl Strategy<Value = Step> {
    let moves = prop::sample::select(StaffTransition::ALL.to_vec());
    prop_oneof![
        24 => (0..20_usize, luck()).prop_map(|(which, luck)| Step::Perform { which, luck }),
        4 => (0..50_usize).prop_map(Step::RepeatAnswer),
        2 => prop_oneof![0..60_000_i64, 0..700_000_i64].prop_map(Step::Wait),
        2 => Just(Step::Ring),
        4 => Just(Step::Pay),
        2 => (0..3_usize).prop_map(Step::Confirm),
        1 => (0..3_usize).prop_map(Step::Decline),
        1 => moves.prop_map(Step::Transition),
        1 => (0..4_u128, 0..2_usize, 1..4_u32).prop_map(|(fulfilment, sku, units)| Step::Fulfil { fulfilment, sku, units }),
        1 => (0..3_usize, 0..4_u128, 1..3000_i64).prop_map(|(which, refund, amount)| Step::Refund { which, refund, amount }),
        1 => (0..3_usize).prop_map(Step::Void),
        1 => (0..3_usize).prop_map(Step::Capture),
        1 => (0..3_u128, 0..2_usize, 1..4_u32).prop_map(|(rival, sku, units)| Step::Rival { rival, sku, units }),
    ]
}

fn run(world: &mut World, step: &Step) {
    let payment = |world: &World, which: usize| world.payments.get(which).copied();
    match step {
        Step::Perform { which, luck } => {
            let owed = world.pending_effects();
            if !owed.is_empty() {
                world.perform(&owed[which % owed.len()], *luck);
            }
        }
        Step::RepeatAnswer(n) => world.repeat_answer(*n),
        Step::Wait(ms) => world.now = world.now.plus_ms(*ms),
        Step::Ring => world.ring_alarms(),
        Step::Pay => world.pay(),
        Step::Confirm(which) => {
            // Only a payment that asked for it can be confirmed by its shopper, also long after.
            let known = payment(world, *which).filter(|payment| world.provider.accounts.contains_key(payment));
            if let Some(payment) = known {
                let news = world.provider.confirm(payment);
                world.webhook(payment, news);
            }
        }
        Step::Decline(which) => {
            // A late answer to an earlier try; a provider never declines an authorised payment.
            let open = payment(world, *which).filter(|payment| !world.provider.has_authorised(payment));
            if let Some(payment) = open {
                world.webhook(payment, ProviderEvent::Declined { code: "late".to_owned() });
            }
        }
        Step::Transition(to) => {
            let before = world.order();
            let listed = before.next_transitions().iter().any(|next| next.to == *to && next.allowed);
            assert_eq!(
                world.tell(OrderCommand::Transition { to: *to }).is_ok(),
                listed,
                "the view and the rules differ"
            );
        }
        Step::Fulfil { fulfilment, sku, units } => {
            let lines = vec![(Sku::parse(SKUS[*sku]).unwrap(), NonZeroU32::new(*units).unwrap())];
            let fulfilment = FulfilmentId(Uuid::from_u128(*fulfilment));
            let _ = world.tell(OrderCommand::Fulfil { fulfilment, lines, carrier: None, tracking: None });
        }
        Step::Refund { which, refund, amount } => {
            let (refund, amount) = (RefundId(Uuid::from_u128(*refund)), Some(Money::new(*amount, Currency::EUR)));
            ask_payment(world, *which, PaymentCommand::Refund { refund, amount, reason: "late".to_owned() });
        }
        Step::Void(which) => ask_payment(world, *which, PaymentCommand::Void),
        Step::Capture(which) => ask_payment(world, *which, PaymentCommand::Capture),
        Step::Rival { rival, sku, units } => {
            let (order, units) = (OrderId(Uuid::from_u128(1000 + rival)), NonZeroU32::new(*units).unwrap());
            let until = world.now.plus_ms(90_000);
            let _ = world.send(
                &stock_key(SKUS[*sku]),
                &AnyCommand::Stock(StockCommand::Hold { order, units, until, attempt: 0 }),
            );
        }
    }
}

fn ask_payment(world: &mut World, which: usize, command: PaymentCommand) {
    if let Some(payment) = world.payments.get(which).copied() {
        let _ = world.send(&payment_key(payment), &AnyCommand::Payment(command));
    }
}

/// True after every step.
fn check_always(world: &World) {
    let order = world.order();
    for sku in SKUS {
        let stock = world.stock(sku);
        let places = stock.available + stock.held + stock.committed + stock.shipped;
        assert_eq!(i128::from(places), i128::from(stock.received) + i128::from(stock.adjusted));
    }
    let sold = order.number.is_some() && !order.lifecycle.is_given_up();
    if sold {
        for line in &order.stock {
            let stock = world.stock(line.sku.as_str());
            // The rest of a part shipment may have been given up.
            if matches!(line.state, HoldState::Releasing | HoldState::Released) {
                assert!(line.shipped < line.units && order.lifecycle != OrderStatus::PartiallyShipped, "{line:?}");
                assert_eq!(stock.shipped, u64::from(line.shipped));
                continue;
            }
            assert!(matches!(line.state, HoldState::Committed | HoldState::Shipped), "{line:?}");
            assert_eq!(stock.committed + stock.shipped, u64::from(line.units), "sold and not set aside");
        }
    }
}

/// True when nothing is left to do.
fn check_settled(world: &World) {
    let order = world.order();
    assert!(order.settled);
    let sold = order.number.is_some() && !order.lifecycle.is_given_up();
    assert!(sold || order.lifecycle.is_given_up(), "{:?} is no place to rest", order.lifecycle);
    for (payment, account) in &world.provider.accounts {
        let whose = order.payment == Some(*payment);
        assert!(!account.bound() || (sold && whose) || account.refund_failed(), "{account:?} of {order:?}");
        assert!(account.captured == 0 || order.number.is_some() || !account.bound() || account.refund_failed());
    }
    for line in &order.stock {
        let (stock, shipped) = (world.stock(line.sku.as_str()), u64::from(line.shipped));
        assert_eq!((stock.held, stock.shipped), (0, shipped));
        let kept = sold && line.state != HoldState::Released;
        assert_eq!(stock.committed, if kept { u64::from(line.units) - shipped } else { 0 });
    }
}

#[test]
fn a_checkout_without_trouble_is_sold_captured_and_settled() {
    let mut world = World::new([5, 5], CapturePolicy::OnVerified);
    let lines = vec![(item("TEA"), 4)];
    let put = AnyCommand::Cart(CartCommand::SetLines { owner: shopper(), lines, add: false });
    world.send(&cart_key(), &put).unwrap();
    for _ in 0..20 {
        for effect in world.pending_effects() {
            world.perform(&effect, Luck::GOOD);
        }
        if world.order().lifecycle == OrderStatus::AwaitingPayment && world.payments.is_empty() {
            assert!(world.order().settled);
            world.pay();
        }
    }
    let order = world.order();
    assert_eq!((order.lifecycle, order.payment_status), (OrderStatus::Verified, PaymentStatus::Captured));
    assert_eq!(order.number, Some(1001));
    check_settled(&world);
    // Three of the four were bought; the one added since stays.
    match world.send(&cart_key(), &AnyCommand::Cart(CartCommand::Expire)) {
        Ok(AnyView::Cart(cart)) => assert_eq!(cart.items, 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn news_settle_the_steps_whose_outcome_waits_for_them() {
    let mut world = World::new([5, 5], CapturePolicy::OnVerified);
    let (mut waiting, mut rounds) = (Vec::new(), 0);
    loop {
        // Each effect is begun once: one that waits for an update is still in flight.
        let owed = world.pending_effects().into_iter().filter(|effect| !waiting.contains(effect)).collect::<Vec<_>>();
        for effect in &owed {
            let waits = effect.1.outcome_may_wait();
            world.perform(effect, Luck { lost: waits, ..Luck::GOOD });
            waiting.extend(waits.then(|| effect.clone()));
        }
        if world.order().lifecycle == OrderStatus::AwaitingPayment && world.payments.is_empty() {
            world.pay();
        } else if owed.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds < 50, "{owed:?}");
    }
    let order = world.order();
    assert_eq!((order.lifecycle, order.payment_status), (OrderStatus::Verified, PaymentStatus::Captured));
    assert_eq!(waiting.len(), 3, "{waiting:?}");
    assert_eq!(world.pending_effects(), []);
    // The outcomes come late, with nothing left to record.
    let before = world.events();
    waiting.iter().for_each(|effect| world.perform(effect, Luck::GOOD));
    assert_eq!(world.events(), before);
    check_settled(&world);
}

#[test]
fn a_short_line_releases_the_others_and_every_shortage_is_named() {
    let mut world = World::new([2, 5], CapturePolicy::OnVerified);
    world.settle();
    let order = world.order();
    assert_eq!(order.lifecycle, OrderStatus::Rejected);
    let states: Vec<_> = order.stock.iter().map(|line| line.state).collect();
    assert_eq!(states, [HoldState::Refused { available: 2 }, HoldState::Released]);
    check_settled(&world);
}

#[test]
fn a_payment_after_the_expiry_revives_the_order_where_stock_is_left() {
    for (rival_takes, expected) in [(0, OrderStatus::Verified), (4, OrderStatus::Expired)] {
        let mut world = World::new([5, 5], CapturePolicy::OnVerified);
        for effect in world.pending_effects() {
            world.perform(&effect, Luck::GOOD);
        }
        world.pay();
        world.now = Timestamp(700_000);
        world.ring_alarms();
        assert_eq!(world.order().lifecycle, OrderStatus::Expired);
        if let Some(units) = NonZeroU32::new(rival_takes) {
            let (order, until) = (OrderId(Uuid::from_u128(9)), Timestamp(2_000_000));
            let hold = AnyCommand::Stock(StockCommand::Hold { order, units, until, attempt: 0 });
            // The releases are pending, not done: the rival gets the units that the stock's late alarm frees.
            world.send(&stock_key("TEA"), &hold).unwrap();
        }
        world.settle();
        assert_eq!(world.order().lifecycle, expected, "{:?}", world.order());
        check_settled(&world);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn stock_and_money_move_together(
        units in [0..6_u32, 0..6_u32],
        manual in prop::bool::weighted(0.2),
        at_payment in any::<bool>(),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let capture = if manual { CapturePolicy::Manual } else { CapturePolicy::OnVerified };
        // One order in three finds enough of everything.
        let units = if units[0] % 3 == 0 { [6, 6] } else { units };
        let hold_at = if at_payment { HoldAt::Payment } else { HoldAt::Checkout };
        let mut world = World::with(units, CheckoutSnapshot { hold_at, ..placement(capture) });
        for step in &steps {
            let begun = world.provider.accounts.len();
            run(&mut world, step);
            check_always(&world);
            // No provider is asked for an order that does not hold everything, or did until a moment ago.
            let covered = world.order().stock.iter().all(|line| !matches!(line.state, HoldState::Wanted | HoldState::Refused { .. }));
            prop_assert!(world.provider.accounts.len() == begun || covered, "{:?}", world.order());
        }
        world.check_replay();
        world.settle();
        check_always(&world);
        check_settled(&world);
        world.check_replay();
    }
}
