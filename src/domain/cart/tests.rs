//! Every transition and refusal of a cart.

use uuid::Uuid;

use super::*;
use crate::domain::{
    money::Currency,
    testing::{self, Given, replay},
};

fn given(events: impl IntoIterator<Item = CartEvent>) -> Given<Cart> {
    testing::given(events)
}

const DAY: i64 = 86_400_000;

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn item(text: &str) -> Item {
    Item { sku: sku(text), name: text.to_lowercase(), unit_price: Money::new(250, Currency::EUR) }
}

fn owner() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn line(text: &str, quantity: u32) -> CartEvent {
    CartEvent::LineSet { owner: owner(), item: item(text), quantity, at: Timestamp(0) }
}

/// New lines, then known ones with another quantity.
fn changed(items: &[(&str, u32)], quantities: &[(&str, u32)]) -> CartEvent {
    CartEvent::LinesChanged {
        owner: None,
        items: items.iter().map(|(text, units)| (item(text), *units)).collect(),
        quantities: quantities.iter().map(|(text, units)| (sku(text), *units)).collect(),
        at: Timestamp(0),
    }
}

fn removed(text: &str) -> CartEvent {
    CartEvent::LineRemoved { sku: sku(text), at: Timestamp(0) }
}

fn set(lines: &[(&str, u32)]) -> CartCommand {
    let lines = lines.iter().map(|(text, quantity)| (item(text), *quantity)).collect();
    CartCommand::SetLines { owner: owner(), lines, add: false }
}

fn add(lines: &[(&str, u32)]) -> CartCommand {
    let lines = lines.iter().map(|(text, quantity)| (item(text), *quantity)).collect();
    CartCommand::SetLines { owner: owner(), lines, add: true }
}

fn settled(n: u128, bought: &[(&str, u32)]) -> CartEvent {
    let bought = bought.iter().map(|(text, units)| (sku(text), *units)).collect();
    CartEvent::Settled { order: order(n), bought, at: Timestamp(0) }
}

fn contents(cart: &Cart) -> Vec<(String, u32)> {
    cart.view().lines.into_iter().map(|line| (line.sku.to_string(), line.quantity)).collect()
}

#[test]
fn lines_are_set_absolutely_and_stay_in_order() {
    let cart = given([line("A", 1), line("B", 2)])
        .when(set(&[("B", 5), ("A", 3)]))
        .then([changed(&[], &[("A", 3), ("B", 5)])]);
    assert_eq!(contents(&cart), [("A".to_owned(), 3), ("B".to_owned(), 5)]);
    let view = cart.view();
    assert_eq!((view.total, view.items, view.owner), (Some(Money::new(2000, Currency::EUR)), 8, Some(owner())));
    given([line("A", 1)]).when(set(&[("A", 1)])).then_nothing();
    assert_eq!(Cart::default().view().total, None);
}

#[test]
fn adding_adds_and_zero_removes() {
    given([line("A", 1)]).when(add(&[("A", 2), ("A", 3)])).then([changed(&[], &[("A", 6)])]);
    given([line("A", 1)]).when(set(&[("A", 0), ("B", 0)])).then([changed(&[], &[("A", 0)])]);
    given([line("A", 1)]).when(CartCommand::RemoveLine { sku: sku("A") }).then([removed("A")]);
}

#[test]
fn quantities_are_bounded_all_or_nothing() {
    let bad = |quantity| CartRejection::BadQuantity { sku: sku("B"), quantity, max: 999 };
    given([]).when(set(&[("A", 1), ("B", 1000)])).then_rejected(bad(1000));
    given([line("B", 999)]).when(add(&[("B", 1)])).then_rejected(bad(1000));
    given([line("B", 2)]).when(add(&[("B", u32::MAX)])).then_rejected(bad(2 + u64::from(u32::MAX)));
    given([line("B", 2)]).when(add(&[("B", 0)])).then_rejected(bad(2));
}

#[test]
fn lines_are_bounded() {
    let full = || (0..Cart::LINES_MAX).map(|n| line(&format!("S{n}"), 1));
    given(full()).when(set(&[("NEW", 1)])).then_rejected(CartRejection::TooManyLines { max: 200 });
    given(full()).when(set(&[("NEW", 1), ("S0", 0)])).then([changed(&[("NEW", 1)], &[("S0", 0)])]);
}

#[test]
fn a_line_that_is_not_there_cannot_be_removed() {
    let remove = CartCommand::RemoveLine { sku: sku("A") };
    given([]).when(remove).then_rejected(CartRejection::NoSuchLine { sku: sku("A") });
}

#[test]
fn one_currency_and_a_total_that_fits() {
    let priced = |amount, currency| CartCommand::SetLines {
        owner: owner(),
        lines: vec![(Item { unit_price: Money::new(amount, currency), ..item("B") }, 2)],
        add: false,
    };
    let usd = Currency::parse("USD").unwrap();
    given([line("A", 1)])
        .when(priced(1, usd))
        .then_rejected(CartRejection::CurrencyMismatch { cart: "EUR".to_owned(), item: "USD".to_owned() });
    given([line("A", 1)]).when(priced(i64::MAX / 2, Currency::EUR)).then_rejected(CartRejection::Overflow);
    given([]).when(priced(i64::MAX, Currency::EUR)).then_rejected(CartRejection::Overflow);
}

#[test]
fn what_was_bought_leaves_once_and_what_was_added_since_stays() {
    let bought = &[("A", 2), ("B", 1), ("C", 9)];
    let settle =
        CartCommand::Settle { order: order(1), bought: bought.map(|(text, units)| (sku(text), units)).to_vec() };
    let cart = given([line("A", 5), line("B", 1)]).when(settle.clone()).then([settled(1, bought)]);
    assert_eq!(contents(&cart), [("A".to_owned(), 3)]);
    assert_eq!(cart.decide(&settle, Timestamp(0)), Ok(vec![]));
    let later = (2..2 + Cart::SETTLED_KEPT as u128 - 1).map(|n| settled(n, &[]));
    let cart: Cart = replay([line("A", 5), settled(1, bought)].into_iter().chain(later));
    assert_eq!(cart.decide(&settle, Timestamp(0)), Ok(vec![]));
}

#[test]
fn a_cart_left_alone_is_emptied() {
    let due = Timestamp(31 * DAY);
    let cart: Cart = replay([line("A", 1)]);
    assert_eq!(cart.wake_at(), Some(due));
    assert_eq!(cart.decide(&CartCommand::Expire, due.plus_ms(-1)), Ok(vec![]));
    let emptied = given([line("A", 1)]).at(31 * DAY).when(CartCommand::Expire).then([CartEvent::Expired]);
    assert_eq!((emptied.wake_at(), contents(&emptied)), (None, vec![]));
    assert!(emptied.is_forgotten() && Cart::default().is_forgotten() && !cart.is_forgotten());
    given([]).at(99 * DAY).when(CartCommand::Expire).then_nothing();
    // Emptied by its shopper, or by a sale, it is forgotten after the same time.
    for events in [vec![line("A", 1), removed("A")], vec![line("A", 1), settled(1, &[("A", 1)])]] {
        let idle: Cart = replay(events.clone());
        assert_eq!((idle.wake_at(), idle.is_forgotten()), (Some(due), false));
        assert!(given(events).at(31 * DAY).when(CartCommand::Expire).then([CartEvent::Expired]).is_forgotten());
    }
    // A click later on the same day moves no alarm.
    let later = CartEvent::LineSet { owner: owner(), item: item("B"), quantity: 1, at: Timestamp(DAY - 1) };
    assert_eq!(replay::<Cart>([line("A", 1), later]).wake_at(), Some(due));
}

#[test]
fn a_cart_whose_orders_may_still_be_sold_is_emptied_and_not_forgotten() {
    let begun = CartEvent::CheckoutBegun { order: order(1), at: Timestamp(0) };
    let events = || [line("A", 1), settled(7, &[]), begun.clone()];
    let cart = given(events()).at(31 * DAY).when(CartCommand::Expire).then([CartEvent::Expired]);
    assert_eq!((contents(&cart), cart.view().checkouts, cart.view().owner), (vec![], vec![order(1)], Some(owner())));
    assert_eq!((cart.wake_at(), cart.is_forgotten()), (None, false), "and wakes nobody meanwhile");
    let settle = |n| CartCommand::Settle { order: order(n), bought: vec![] };
    assert_eq!(cart.decide(&settle(7), Timestamp(0)), Ok(vec![]), "what was sold before is known");
    let sold = given(events()).after([CartEvent::Expired]).when(settle(1)).then([settled(1, &[])]);
    assert_eq!(sold.wake_at(), Some(Timestamp(31 * DAY)), "forgotten after the sale");
}

#[test]
fn what_is_written_is_what_differs() {
    let written = |event: &CartEvent| serde_json::to_string(event).unwrap();
    let first = Cart::default().decide(&set(&[("A", 1)]), Timestamp(5)).unwrap();
    let (id, name) = (owner(), "a");
    let item = format!(r#"{{"sku":"A","name":"{name}","unit_price":{{"amount":250,"currency":"EUR"}}}}"#);
    assert_eq!(written(&first[0]), format!(r#"{{"lines_changed":{{"owner":"{id}","items":[[{item},1]],"at":5}}}}"#));
    let cart: Cart = replay(first);
    let second = cart.decide(&add(&[("A", 2)]), Timestamp(6)).unwrap();
    assert_eq!(written(&second[0]), r#"{"lines_changed":{"quantities":[["A",3]],"at":6}}"#);
    // Another price, or another owner, is news.
    let dearer = Item { unit_price: Money::new(300, Currency::EUR), ..self::item("A") };
    let changed = |owner, item| CartCommand::SetLines { owner, lines: vec![(item, 1)], add: false };
    let priced =
        CartEvent::LinesChanged { owner: None, items: vec![(dearer.clone(), 1)], quantities: vec![], at: Timestamp(7) };
    assert_eq!(cart.decide(&changed(owner(), dearer), Timestamp(7)), Ok(vec![priced]));
    let stranger = UserId(Uuid::from_u128(2));
    let given = CartEvent::LinesChanged { owner: Some(stranger), items: vec![], quantities: vec![], at: Timestamp(7) };
    assert_eq!(cart.decide(&changed(stranger, self::item("A")), Timestamp(7)), Ok(vec![given]));
}

/// Lines as journals from before have them, and as they are written now, make the same cart.
#[test]
fn lines_of_before_and_of_now_make_one_cart() {
    let owned = CartEvent::LinesChanged {
        owner: Some(owner()),
        items: vec![(item("A"), 2), (item("B"), 1)],
        quantities: vec![],
        at: Timestamp(0),
    };
    let now: Cart = replay([owned, changed(&[], &[("A", 3), ("B", 0)])]);
    let before: Cart = replay([line("A", 2), line("B", 1), line("A", 3), removed("B")]);
    assert_eq!(testing::stored(&now), testing::stored(&before));
}

#[test]
fn a_cart_is_told_once_of_what_is_sold_no_longer() {
    let tell = |gone: &[&str], back: &[&str]| CartCommand::TellOffer {
        gone: gone.iter().map(|text| sku(text)).collect(),
        back: back.iter().map(|text| sku(text)).collect(),
    };
    let changed = |gone: &[&str], back: &[&str]| CartEvent::OfferChanged {
        gone: gone.iter().map(|text| sku(text)).collect(),
        back: back.iter().map(|text| sku(text)).collect(),
    };
    let lines = || [line("A", 1), line("B", 1)];
    let withdrawn = |cart: &Cart| -> Vec<String> {
        cart.view().lines.iter().filter(|line| line.withdrawn).map(|line| line.sku.to_string()).collect()
    };
    given(lines()).when(tell(&["X"], &["B"])).then_nothing();
    let cart = given(lines()).when(tell(&["A", "X"], &[])).then([changed(&["A"], &[])]);
    assert_eq!((withdrawn(&cart), cart.wake_at()), (vec!["A".to_owned()], replay::<Cart>(lines()).wake_at()));
    let told = || given(lines()).after([changed(&["A"], &[])]);
    told().when(tell(&["A"], &[])).then_nothing();
    let set_again = told().when(set(&[("A", 1)])).then([self::changed(&[], &[("A", 1)])]);
    assert!(withdrawn(&set_again).is_empty());
    let back = told().when(tell(&["B"], &["A"])).then([changed(&["B"], &["A"])]);
    assert_eq!(withdrawn(&back), ["B"]);
    // Removed and put in again it is on sale.
    assert!(withdrawn(&replay([line("A", 1), changed(&["A"], &[]), removed("A"), line("A", 1)])).is_empty());
}

#[test]
fn a_cart_knows_its_orders_until_one_is_sold() {
    let begin = |n| CartCommand::BeginCheckout { order: order(n) };
    let begun = |n| CartEvent::CheckoutBegun { order: order(n), at: Timestamp(0) };
    let orders = |cart: &Cart| cart.view().checkouts.iter().map(|order| order.0.as_u128()).collect::<Vec<_>>();
    given([]).when(begin(1)).then_nothing();
    let cart = given([line("A", 1)]).when(begin(1)).then([begun(1)]);
    assert_eq!(orders(&cart), [1]);
    given([line("A", 1), begun(1)]).when(begin(1)).then_nothing();
    let cart = given([line("A", 1), begun(1), begun(2)]).when(begin(1)).then_nothing();
    assert_eq!(orders(&cart), [1, 2], "a retry of the older one does not take the newer one's place");
    let cart = given([line("A", 2), begun(1), begun(2), settled(2, &[("A", 1)])]).when(begin(3)).then([begun(3)]);
    assert_eq!(orders(&cart), [3]);
    given([line("A", 2), begun(2), settled(2, &[("A", 1)])]).when(begin(2)).then_nothing();
    let many = (0..40).map(begun);
    let cart = given([line("A", 1)]).after(many).when(begin(99)).then([begun(99)]);
    assert_eq!((orders(&cart).len(), orders(&cart).last().copied()), (Cart::CHECKOUTS_KEPT, Some(99)));
}
