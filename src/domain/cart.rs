//! A cart: the items that a shopper intends to buy. Invariant: each SKU stands on one line, 1 to [`Cart::QUANTITY_MAX`]
//! units, at most [`Cart::LINES_MAX`] lines; a cart never holds stock.
//!
//! In `cart/`: `decide`, `change` (what one command changed), `merge` (a guest's cart and its account's). Deliberately
//! absent: coupons and availability, which are read beside the cart.

mod change;
mod decide;
mod merge;
mod protocol;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use self::{
    merge::{Capped, CartEffect, Gift, GiftLine, Merge},
    protocol::{CartCommand, CartEvent, CartLine, CartRejection, CartView},
};
use super::{
    entity::{Entity, Work},
    ids::{OrderId, SessionId, Sku, UserId},
    key::EntityKey,
    kinds::Kind,
    money::Money,
    rests::Rest,
    time::Timestamp,
};

/// A variant's data at the time of its adding to the cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub sku: Sku,
    pub name: String,
    pub unit_price: Money,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cart {
    owner: Option<UserId>,
    /// In the order of first adding.
    lines: Vec<(Item, u32)>,
    touched: Timestamp,
    /// The newest orders that were settled, so that a repeated `Settle` removes nothing twice.
    settled: VecDeque<OrderId>,
    /// Those of its SKUs that the shop sells no longer, as far as it was told. Absent in states from before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<Sku>,
    /// Orders begun since the last sale, the newest last.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    checkouts: VecDeque<OrderId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    giving: Option<Gift>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merge: Option<Merge>,
    /// The newest log-ins whose merge has ended here, so that a late `Give` or `Merge` does nothing twice.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    merged: VecDeque<SessionId>,
}

impl Cart {
    /// Units on one line; more are refused.
    pub const QUANTITY_MAX: u32 = 999;
    /// Lines of one cart; more are refused.
    pub const LINES_MAX: usize = 200;
    /// Days without a change after which the cart is forgotten, or emptied where one of its orders may still be sold.
    pub const IDLE_DAYS: i64 = 30;
    /// Settled orders remembered; a `Settle` repeated after this many later orders of the same cart would remove units
    /// twice.
    pub const SETTLED_KEPT: usize = 16;
    /// Orders begun since the last sale that are remembered. Each takes the place of all before it, so a forgotten one was
    /// given up 16 checkouts ago.
    pub const CHECKOUTS_KEPT: usize = 16;

    /// What a settlement states for its order.
    pub fn settled_for(order: OrderId) -> String {
        format!("settled/{order}")
    }

    /// What is left of it when nobody has touched it for long.
    fn emptied(&self) -> Self {
        match self.checkouts.is_empty() && self.giving.is_none() {
            true => Self::default(),
            false => Self { lines: Vec::new(), withdrawn: Vec::new(), ..self.clone() },
        }
    }

    /// Rounded up to a whole day, so that the alarm's row changes once a day and not at each click.
    fn idle_at(&self) -> Timestamp {
        const DAY_MS: i64 = 86_400_000;
        let days = self.touched.0.div_euclid(DAY_MS).saturating_add(1 + Self::IDLE_DAYS);
        Timestamp(days.saturating_mul(DAY_MS))
    }
}

impl Entity for Cart {
    const KIND: Kind = Kind::Cart;
    type Command = CartCommand;
    type Event = CartEvent;
    type Rejection = CartRejection;
    type View = CartView;
    type Effect = CartEffect;

    fn decide(&self, command: &CartCommand, now: Timestamp) -> Result<Vec<CartEvent>, CartRejection> {
        self.decide_command(command, now)
    }

    fn apply(&mut self, event: &CartEvent) {
        match event {
            CartEvent::LineSet { owner, item, quantity, at } => {
                (self.owner, self.touched) = (Some(*owner), *at);
                self.put(item, *quantity);
            }
            CartEvent::LineRemoved { sku, at } => {
                self.touched = *at;
                self.lines.retain(|(line, _)| line.sku != *sku);
            }
            CartEvent::Settled { order, bought, at } => {
                self.touched = *at;
                for (line, quantity) in &mut self.lines {
                    let bought = bought.iter().filter(|(sku, _)| *sku == line.sku);
                    let units = bought.fold(0_u32, |sum, (_, units)| sum.saturating_add(*units));
                    *quantity = quantity.saturating_sub(units);
                }
                self.lines.retain(|(_, quantity)| *quantity > 0);
                // The sold one ends the list: an older one was given up for it, a newer one gives way to it.
                self.checkouts.clear();
                self.settled.push_back(*order);
                if self.settled.len() > Self::SETTLED_KEPT {
                    self.settled.pop_front();
                }
            }
            // An order without a sale still needs to know which ones it takes the place of.
            CartEvent::Expired => *self = self.emptied(),
            CartEvent::OfferChanged { gone, back } => {
                self.withdrawn.retain(|sku| !back.contains(sku));
                self.withdrawn.extend(gone.iter().cloned());
            }
            CartEvent::CheckoutBegun { order, at } => {
                self.touched = *at;
                self.checkouts.retain(|older| older != order);
                self.checkouts.push_back(*order);
                if self.checkouts.len() > Self::CHECKOUTS_KEPT {
                    self.checkouts.pop_front();
                }
            }
            CartEvent::LinesChanged { owner, items, quantities, at } => {
                (self.owner, self.touched) = (owner.or(self.owner), *at);
                items.iter().for_each(|(item, quantity)| self.put(item, *quantity));
                quantities.iter().for_each(|(sku, quantity)| self.set_quantity(sku, *quantity));
            }
            CartEvent::GiftBegun { gift, at } => {
                self.touched = *at;
                self.begin_gift(gift);
            }
            CartEvent::GiftTaken { login } => {
                self.giving = None;
                self.end_merge(*login);
            }
            CartEvent::GiftReturned { login } => {
                self.take_gift_back();
                self.end_merge(*login);
            }
            CartEvent::LineMerged { login, item, wanted, quantity, .. } => {
                self.line_merged(*login, item, *wanted, *quantity);
            }
            CartEvent::Merged { login, owner, at } => {
                (self.owner, self.touched) = (Some(*owner), *at);
                self.end_merge(*login);
            }
        }
        // Only lines can be withdrawn: so this list is as bounded as they are.
        if !self.withdrawn.is_empty() {
            self.withdrawn.retain(|sku| self.lines.iter().any(|(line, _)| line.sku == *sku));
        }
    }

    fn view(&self) -> CartView {
        let lines: Vec<CartLine> = self
            .lines
            .iter()
            .map(|(item, quantity)| CartLine {
                sku: item.sku.clone(),
                name: item.name.clone(),
                quantity: *quantity,
                unit_price: item.unit_price,
                // `decide` has refused an overflow.
                line_total: item.unit_price.checked_mul(*quantity).unwrap_or_default(),
                withdrawn: self.withdrawn.contains(&item.sku),
            })
            .collect();
        let total = lines
            .first()
            .and_then(|first| Money::sum(first.unit_price.currency, lines.iter().map(|line| line.line_total)).ok());
        let items = lines.iter().map(|line| u64::from(line.quantity)).sum();
        CartView {
            owner: self.owner,
            total,
            items,
            lines,
            checkouts: self.checkouts.iter().copied().collect(),
            giving: self.giving.as_ref().map(|gift| gift.login),
            merge: self.merge.clone(),
        }
    }

    fn work(command: &CartCommand) -> Work {
        match command {
            CartCommand::SetLines { .. } | CartCommand::BeginCheckout { .. } | CartCommand::Give { .. } => Work::New,
            // Of a few bytes, and they give room back.
            CartCommand::RemoveLine { .. } | CartCommand::Expire => Work::Owed,
            CartCommand::Settle { .. } | CartCommand::TellOffer { .. } => Work::Owed,
            CartCommand::Merge { .. } | CartCommand::GiftTaken { .. } | CartCommand::GiftRefused { .. } => Work::Owed,
        }
    }

    fn is_forgotten(&self) -> bool {
        let nothing = self.lines.is_empty() && self.settled.is_empty() && self.checkouts.is_empty();
        self.owner.is_none() && nothing && self.giving.is_none() && self.merged.is_empty()
    }

    /// A cart whose orders may still be sold waits for them, once it is empty.
    fn wake_at(&self) -> Option<Timestamp> {
        let waits = self.lines.is_empty() && (!self.checkouts.is_empty() || self.giving.is_some());
        (!waits && !self.is_forgotten()).then(|| self.idle_at())
    }

    fn wake() -> Option<CartCommand> {
        Some(CartCommand::Expire)
    }

    fn owner(view: &CartView) -> Option<UserId> {
        view.owner
    }

    fn states(&self, event: &CartEvent) -> Option<(String, u8)> {
        match event {
            CartEvent::Settled { order, .. } => Some((Self::settled_for(*order), 0)),
            CartEvent::LineSet { .. }
            | CartEvent::LineRemoved { .. }
            | CartEvent::Expired
            | CartEvent::OfferChanged { .. }
            | CartEvent::CheckoutBegun { .. }
            | CartEvent::LinesChanged { .. } => None,
            CartEvent::Merged { login, .. } => Some((Self::merged_for(*login), 0)),
            CartEvent::GiftBegun { .. }
            | CartEvent::GiftTaken { .. }
            | CartEvent::GiftReturned { .. }
            | CartEvent::LineMerged { .. } => None,
        }
    }

    fn rests_on(&self, event: &CartEvent) -> Vec<Rest> {
        let taken = |login: &SessionId| self.giving.as_ref().filter(|gift| gift.login == *login);
        match event {
            CartEvent::GiftTaken { login } => taken(login)
                .map(|gift| Rest::on(EntityKey::new(Kind::Cart, gift.to.to_string()), Self::merged_for(*login)))
                .into_iter()
                .collect(),
            CartEvent::GiftBegun { .. }
            | CartEvent::GiftReturned { .. }
            | CartEvent::LineMerged { .. }
            | CartEvent::Merged { .. }
            | CartEvent::Settled { .. }
            | CartEvent::LineSet { .. }
            | CartEvent::LineRemoved { .. }
            | CartEvent::Expired
            | CartEvent::OfferChanged { .. }
            | CartEvent::CheckoutBegun { .. }
            | CartEvent::LinesChanged { .. } => Vec::new(),
        }
    }

    fn effects(&self) -> Vec<CartEffect> {
        self.giving.iter().cloned().map(CartEffect::Merge).collect()
    }

    fn has_pending_effects(&self) -> bool {
        self.giving.is_some()
    }

    fn remembers(command: &CartCommand) -> bool {
        match command {
            CartCommand::SetLines { add, .. } => *add,
            // Removing twice is refused (`NoSuchLine`), so a retry must be distinguished from a second click.
            CartCommand::RemoveLine { .. } => true,
            CartCommand::BeginCheckout { .. }
            | CartCommand::Settle { .. }
            | CartCommand::TellOffer { .. }
            | CartCommand::Give { .. }
            | CartCommand::Merge { .. }
            | CartCommand::GiftTaken { .. }
            | CartCommand::GiftRefused { .. }
            | CartCommand::Expire => false,
        }
    }
}
