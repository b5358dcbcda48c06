//! The decisions of a cart. A bulk change is all or nothing: it is tried on a draft first, and what the draft differs in
//! is the event.

use super::{Cart, CartCommand, CartEvent, CartRejection, Item};
use crate::domain::{
    entity::Entity,
    ids::{SessionId, Sku, UserId},
    money::{Money, MoneyError},
    time::Timestamp,
};

type Decision = Result<Vec<CartEvent>, CartRejection>;

impl Cart {
    pub(super) fn decide_command(&self, command: &CartCommand, now: Timestamp) -> Decision {
        match command {
            CartCommand::SetLines { owner, lines, add } => self.set_lines(*owner, lines, *add, now),
            CartCommand::RemoveLine { sku } => match self.lines.iter().any(|(line, _)| line.sku == *sku) {
                true => Ok(vec![CartEvent::LineRemoved { sku: sku.clone(), at: now }]),
                false => Err(CartRejection::NoSuchLine { sku: sku.clone() }),
            },
            // A sold order begins no more: it would stand in the way of every later one.
            CartCommand::BeginCheckout { order } if self.lines.is_empty() || self.settled.contains(order) => Ok(vec![]),
            // A retry keeps its place: were it the newest again, it and the one after it would cancel each other.
            CartCommand::BeginCheckout { order } if self.checkouts.contains(order) => Ok(vec![]),
            CartCommand::BeginCheckout { order } => Ok(vec![CartEvent::CheckoutBegun { order: *order, at: now }]),
            CartCommand::Settle { order, .. } if self.settled.contains(order) => Ok(vec![]),
            CartCommand::Settle { order, bought } => {
                Ok(vec![CartEvent::Settled { order: *order, bought: bought.clone(), at: now }])
            }
            CartCommand::TellOffer { gone, back } => Ok(self.tell_offer(gone, back)),
            CartCommand::Give { gift, stock } => Ok(self.give(gift.clone(), stock, now)),
            CartCommand::Merge { login, owner, lines } => self.merge(*login, *owner, lines, now),
            CartCommand::GiftTaken { login } => Ok(self.of_gift(*login, CartEvent::GiftTaken { login: *login })),
            CartCommand::GiftRefused { login } => Ok(self.of_gift(*login, CartEvent::GiftReturned { login: *login })),
            CartCommand::Expire if self.wake_at().is_some_and(|due| due <= now) => Ok(vec![CartEvent::Expired]),
            CartCommand::Expire => Ok(vec![]),
        }
    }

    /// An outcome of the gift that is under way, and of no other.
    fn of_gift(&self, login: SessionId, event: CartEvent) -> Vec<CartEvent> {
        self.giving.iter().filter(|gift| gift.login == login).map(|_| event.clone()).collect()
    }

    /// Only what is news to this cart.
    fn tell_offer(&self, gone: &[Sku], back: &[Sku]) -> Vec<CartEvent> {
        let here = |sku: &&Sku| self.lines.iter().any(|(line, _)| line.sku == **sku);
        let known = |sku: &&Sku| self.withdrawn.contains(*sku);
        let gone: Vec<Sku> = gone.iter().filter(here).filter(|sku| !known(sku)).cloned().collect();
        let back: Vec<Sku> = back.iter().filter(known).cloned().collect();
        match gone.is_empty() && back.is_empty() {
            true => Vec::new(),
            false => vec![CartEvent::OfferChanged { gone, back }],
        }
    }

    fn set_lines(&self, owner: UserId, lines: &[(Item, u32)], add: bool, now: Timestamp) -> Decision {
        let mut draft = self.clone();
        for (item, units) in lines {
            draft.set_line(owner, item, *units, add)?;
        }
        if draft.lines.len() > Self::LINES_MAX {
            return Err(CartRejection::TooManyLines { max: Self::LINES_MAX });
        }
        draft.check_sum()?;
        Ok(self.change_to(&draft, now).into_iter().collect())
    }

    /// On the draft: whether anything differs is found at the end.
    fn set_line(&mut self, owner: UserId, item: &Item, units: u32, add: bool) -> Result<(), CartRejection> {
        let present = self.lines.iter().find(|(line, _)| line.sku == item.sku);
        let quantity = u64::from(units) + present.filter(|_| add).map_or(0, |(_, there)| u64::from(*there));
        let refused = || CartRejection::BadQuantity { sku: item.sku.clone(), quantity, max: Self::QUANTITY_MAX };
        // Zero removes a line; adding zero changes nothing.
        if units == 0 && add {
            return Err(refused());
        }
        let quantity = u32::try_from(quantity).ok().filter(|units| *units <= Self::QUANTITY_MAX).ok_or_else(refused)?;
        if quantity == 0 {
            self.set_quantity(&item.sku, 0);
        } else {
            self.owner = Some(owner);
            self.put(item, quantity);
        }
        Ok(())
    }

    pub(super) fn check_sum(&self) -> Result<(), CartRejection> {
        let Some((first, _)) = self.lines.first() else { return Ok(()) };
        let totals = self.lines.iter().map(|(item, quantity)| item.unit_price.checked_mul(*quantity));
        let sum = totals.collect::<Result<Vec<_>, _>>().and_then(|lines| Money::sum(first.unit_price.currency, lines));
        match sum {
            Ok(_) => Ok(()),
            Err(MoneyError::CurrencyMismatch(cart, item)) => {
                Err(CartRejection::CurrencyMismatch { cart: cart.to_string(), item: item.to_string() })
            }
            Err(MoneyError::Overflow | MoneyError::BadCurrency(_) | MoneyError::NoParts) => {
                Err(CartRejection::Overflow)
            }
        }
    }
}
