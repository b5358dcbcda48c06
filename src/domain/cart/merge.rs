//! A guest's cart is given to an account at a log-in: two carts, so a process derived from state, as the checkout is.
//!
//! The guest's cart sets its lines aside and owes the account's cart a [`CartCommand::Merge`], whose id is the log-in's: a
//! crash, a retry and a lost answer merge once. The account's cart takes what its bounds and the stock of that moment
//! allow, never less than it had, and keeps what it could not take for the log-in's answer. Deliberately absent: the
//! guest's orders, which stay the guest's.

use serde::{Deserialize, Serialize};

use super::{Cart, CartCommand, CartEvent, CartRejection, Item};
use crate::domain::{
    effect::{EffectOf, Outcome, Request},
    entity::Entity,
    ids::{CartId, SessionId, Sku, UserId},
    key::EntityKey,
    kinds::{AnyCommand, Kind},
    time::Timestamp,
};

/// Lines on their way to an account's cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gift {
    /// The log-in that asked for it: names the merge for ever.
    pub login: SessionId,
    pub to: CartId,
    /// The account.
    pub owner: UserId,
    pub lines: Vec<GiftLine>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GiftLine {
    pub item: Item,
    pub units: u32,
    /// Units that the account's line may have by this: what could be had at the log-in.
    pub max: u32,
}

/// What the newest merge could not take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    pub login: SessionId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capped: Vec<Capped>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capped {
    pub sku: Sku,
    /// Both carts' units together.
    pub wanted: u32,
    /// The line's units now; 0: there is no line.
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CartEffect {
    Merge(Gift),
}

type Decision = Result<Vec<CartEvent>, CartRejection>;

impl Cart {
    /// What the account's cart states for the guest's.
    pub fn merged_for(login: SessionId) -> String {
        format!("merged/{login}")
    }

    /// One gift at a time: what a later log-in finds meanwhile stays in the cart.
    pub(super) fn give(&self, gift: Gift, stock: &[(Sku, u32)], at: Timestamp) -> Vec<CartEvent> {
        if self.lines.is_empty() || self.giving.is_some() || self.merged.contains(&gift.login) {
            return Vec::new();
        }
        let in_stock = |sku: &Sku| stock.iter().find(|(known, _)| known == sku).map_or(u32::MAX, |(_, units)| *units);
        let lines = self.lines.iter().map(|(item, units)| {
            let max = if self.withdrawn.contains(&item.sku) { 0 } else { in_stock(&item.sku) };
            GiftLine { item: item.clone(), units: *units, max }
        });
        vec![CartEvent::GiftBegun { gift: Gift { lines: lines.collect(), ..gift }, at }]
    }

    /// One event a line, and the end, by which a repetition is known.
    pub(super) fn merge(&self, login: SessionId, owner: UserId, lines: &[GiftLine], at: Timestamp) -> Decision {
        if self.merged.contains(&login) {
            return Ok(Vec::new());
        }
        if self.owner.is_some_and(|own| own != owner) {
            return Err(CartRejection::OfAnother);
        }
        let (mut draft, mut events) = (self.clone(), Vec::new());
        for line in lines {
            let event = draft.merge_line(login, line, at);
            draft.apply(&event);
            events.push(event);
        }
        events.push(CartEvent::Merged { login, owner, at });
        Ok(events)
    }

    fn merge_line(&self, login: SessionId, line: &GiftLine, at: Timestamp) -> CartEvent {
        let known = self.lines.iter().find(|(item, _)| item.sku == line.item.sku);
        let (item, there) = known.map_or((&line.item, 0), |(item, there)| (item, *there));
        let wanted = there.saturating_add(line.units);
        let allowed = wanted.min(line.max).min(Self::QUANTITY_MAX).max(there);
        let quantity = if self.takes(item, allowed) { allowed } else { there };
        CartEvent::LineMerged { login, item: item.clone(), wanted, quantity, at }
    }

    /// Whether the line would leave the cart within its bounds, in one currency and with a total that fits.
    fn takes(&self, item: &Item, quantity: u32) -> bool {
        let mut draft = self.clone();
        draft.put(item, quantity);
        draft.lines.len() <= Self::LINES_MAX && draft.check_sum().is_ok()
    }

    pub(super) fn begin_gift(&mut self, gift: &Gift) {
        self.lines.clear();
        self.giving = Some(gift.clone());
    }

    /// What was refused comes back, as far as there is room.
    pub(super) fn take_gift_back(&mut self) {
        let Some(gift) = self.giving.take() else { return };
        for line in gift.lines {
            let there = self.lines.iter().find(|(item, _)| item.sku == line.item.sku).map_or(0, |(_, there)| *there);
            let units = there.saturating_add(line.units).min(Self::QUANTITY_MAX);
            if self.takes(&line.item, units) {
                self.put(&line.item, units);
            }
        }
    }

    pub(super) fn line_merged(&mut self, login: SessionId, item: &Item, wanted: u32, quantity: u32) {
        let there = self.lines.iter().find(|(known, _)| known.sku == item.sku).map_or(0, |(_, there)| *there);
        // A line that stays as it is stays withdrawn, where it is.
        if quantity != there {
            self.put(item, quantity);
        }
        let merge = self.merge.take().filter(|merge| merge.login == login);
        let mut merge = merge.unwrap_or(Merge { login, capped: Vec::new() });
        if quantity < wanted {
            merge.capped.push(Capped { sku: item.sku.clone(), wanted, quantity });
        }
        self.merge = Some(merge);
    }

    pub(super) fn end_merge(&mut self, login: SessionId) {
        self.merged.push_back(login);
        if self.merged.len() > Self::SETTLED_KEPT {
            self.merged.pop_front();
        }
    }
}

impl EffectOf<Cart> for CartEffect {
    fn id(&self) -> String {
        let Self::Merge(gift) = self;
        format!("merge/{}", gift.login)
    }

    fn request(&self) -> Request {
        let Self::Merge(Gift { login, to, owner, lines }) = self.clone();
        let command = CartCommand::Merge { login, owner, lines };
        Request::Entity(EntityKey::new(Kind::Cart, to.to_string()), AnyCommand::Cart(command))
    }

    fn outcome(&self, outcome: Outcome) -> Option<CartCommand> {
        let Self::Merge(gift) = self;
        match outcome {
            Outcome::Accepted(_) => Some(CartCommand::GiftTaken { login: gift.login }),
            Outcome::Refused(_) => Some(CartCommand::GiftRefused { login: gift.login }),
            Outcome::External(_) => None,
        }
    }

    fn outcome_may_wait(&self) -> bool {
        false
    }

    fn reads_view(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        money::{Currency, Money},
        testing::given,
    };

    const LOGIN: SessionId = SessionId(Uuid::from_u128(5));
    const OWNER: UserId = UserId(Uuid::from_u128(1));

    fn sku(text: &str) -> Sku {
        Sku::parse(text).unwrap()
    }

    fn item(text: &str) -> Item {
        Item { sku: sku(text), name: text.to_lowercase(), unit_price: Money::new(250, Currency::EUR) }
    }

    fn line(text: &str, quantity: u32) -> CartEvent {
        CartEvent::LineSet { owner: OWNER, item: item(text), quantity, at: Timestamp(0) }
    }

    fn gift_line(text: &str, units: u32, max: u32) -> GiftLine {
        GiftLine { item: item(text), units, max }
    }

    fn gift(lines: Vec<GiftLine>) -> Gift {
        Gift { login: LOGIN, to: CartId(Uuid::from_u128(9)), owner: OWNER, lines }
    }

    fn merge(lines: Vec<GiftLine>) -> CartCommand {
        CartCommand::Merge { login: LOGIN, owner: OWNER, lines }
    }

    fn merged(text: &str, wanted: u32, quantity: u32) -> CartEvent {
        CartEvent::LineMerged { login: LOGIN, item: item(text), wanted, quantity, at: Timestamp(0) }
    }

    fn end() -> CartEvent {
        CartEvent::Merged { login: LOGIN, owner: OWNER, at: Timestamp(0) }
    }

    fn contents(cart: &Cart) -> Vec<(String, u32)> {
        cart.view().lines.into_iter().map(|line| (line.sku.to_string(), line.quantity)).collect()
    }

    #[test]
    fn a_guests_cart_sets_its_lines_aside_and_is_empty_at_once() {
        let give = || CartCommand::Give { gift: gift(vec![]), stock: vec![(sku("A"), 3)] };
        let begun = || CartEvent::GiftBegun {
            gift: gift(vec![gift_line("A", 5, 3), gift_line("B", 1, u32::MAX)]),
            at: Timestamp(0),
        };
        let cart = given::<Cart>([line("A", 5), line("B", 1)]).when(give()).then([begun()]);
        assert_eq!((contents(&cart), cart.view().giving), (vec![], Some(LOGIN)));
        assert_eq!(cart.effects().iter().map(EffectOf::id).collect::<Vec<_>>(), [format!("merge/{LOGIN}")]);
        given::<Cart>([]).when(give()).then_nothing();
        // A second log-in waits for the first gift's end, and its lines stay.
        let both = || [line("A", 5), line("B", 1), begun(), line("C", 1)];
        given::<Cart>(both()).when(give()).then_nothing();
        let taken = CartEvent::GiftTaken { login: LOGIN };
        let cart = given::<Cart>(both()).when(CartCommand::GiftTaken { login: LOGIN }).then([taken.clone()]);
        assert_eq!((contents(&cart), cart.effects()), (vec![("C".to_owned(), 1)], vec![]));
        given::<Cart>(both()).after([taken.clone()]).when(CartCommand::GiftTaken { login: LOGIN }).then_nothing();
        // A late copy of the same log-in's gift, which its target would take for the first one.
        given::<Cart>(both()).after([taken]).when(give()).then_nothing();
    }

    #[test]
    fn quantities_are_summed_within_the_stock_and_the_lines_bound_and_never_lowered() {
        let lines = vec![
            gift_line("A", 4, 5),
            gift_line("B", 900, u32::MAX),
            gift_line("C", 2, u32::MAX),
            gift_line("D", 3, 0),
            gift_line("E", 1, 2),
        ];
        let events = [
            merged("A", 6, 5),
            merged("B", 1_000, 999),
            merged("C", 2, 2),
            merged("D", 3, 0),
            merged("E", 8, 7),
            end(),
        ];
        let before = || [line("A", 2), line("B", 100), line("E", 7)];
        let cart = given::<Cart>(before()).when(merge(lines.clone())).then(events.clone());
        let now = [("A", 5), ("B", 999), ("E", 7), ("C", 2)].map(|(text, units)| (text.to_owned(), units));
        assert_eq!(contents(&cart), now);
        let capped = cart.view().merge.unwrap().capped;
        let told: Vec<_> = capped.iter().map(|one| (one.sku.as_str(), one.wanted, one.quantity)).collect();
        assert_eq!(told, [("A", 6, 5), ("B", 1_000, 999), ("D", 3, 0), ("E", 8, 7)]);
        given::<Cart>(before()).after(events).when(merge(lines)).then_nothing();
    }

    #[test]
    fn another_accounts_cart_is_never_taken_over_and_what_it_refuses_comes_back() {
        let stranger = CartCommand::Merge { login: LOGIN, owner: UserId(Uuid::from_u128(2)), lines: vec![] };
        given::<Cart>([line("A", 1)]).when(stranger).then_rejected(CartRejection::OfAnother);
        let begun = CartEvent::GiftBegun { gift: gift(vec![gift_line("A", 5, 3)]), at: Timestamp(0) };
        let cart = given::<Cart>([line("A", 5), begun, line("A", 1)])
            .when(CartCommand::GiftRefused { login: LOGIN })
            .then([CartEvent::GiftReturned { login: LOGIN }]);
        assert_eq!((contents(&cart), cart.view().giving), (vec![("A".to_owned(), 6)], None));
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_told() {
        let full: Vec<CartEvent> = (0..Cart::LINES_MAX).map(|n| line(&format!("S{n}"), 1)).collect();
        let lines = vec![gift_line("NEW", 1, 9), gift_line("S0", 1, 9)];
        given::<Cart>(full).when(merge(lines)).then([merged("NEW", 1, 0), merged("S0", 2, 2), end()]);
        let dollars = Item { unit_price: Money::new(1, Currency::parse("USD").unwrap()), ..item("B") };
        let foreign = GiftLine { item: dollars.clone(), units: 1, max: 9 };
        let left = CartEvent::LineMerged { login: LOGIN, item: dollars, wanted: 1, quantity: 0, at: Timestamp(0) };
        given::<Cart>([line("A", 1)]).when(merge(vec![foreign])).then([left, end()]);
    }
}
