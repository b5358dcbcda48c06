//! What one command changed of a cart's lines, as one event: a line that stays as it was is not in it, and an item that
//! the cart knows is named by its SKU.
//!
//! A client sends the same 200 lines as often as it likes; what is written each time is what differs.

use super::{Cart, CartEvent, Item};
use crate::domain::{ids::Sku, time::Timestamp};

impl Cart {
    pub(super) fn put(&mut self, item: &Item, quantity: u32) {
        // What is put into a cart is on sale.
        self.withdrawn.retain(|sku| *sku != item.sku);
        match self.lines.iter_mut().find(|(line, _)| line.sku == item.sku) {
            Some(line) => *line = (item.clone(), quantity),
            None => self.lines.push((item.clone(), quantity)),
        }
    }

    pub(super) fn set_quantity(&mut self, sku: &Sku, quantity: u32) {
        if quantity == 0 {
            return self.lines.retain(|(line, _)| line.sku != *sku);
        }
        self.withdrawn.retain(|withdrawn| withdrawn != sku);
        if let Some((_, units)) = self.lines.iter_mut().find(|(line, _)| line.sku == *sku) {
            *units = quantity;
        }
    }

    /// What makes the lines of `draft` of this cart's, at a moment. `None`: nothing does, for they are the same.
    pub(super) fn change_to(&self, draft: &Self, at: Timestamp) -> Option<CartEvent> {
        let owner = draft.owner.filter(|_| draft.owner != self.owner);
        let (mut items, mut quantities) = (Vec::new(), Vec::new());
        for (item, quantity) in &draft.lines {
            match self.lines.iter().find(|(known, _)| known == item) {
                None => items.push((item.clone(), *quantity)),
                Some((_, before)) if before == quantity && !self.sold_again(draft, &item.sku) => {}
                Some(_) => quantities.push((item.sku.clone(), *quantity)),
            }
        }
        let gone = self.lines.iter().filter(|(line, _)| !draft.lines.iter().any(|(kept, _)| kept.sku == line.sku));
        quantities.extend(gone.map(|(line, _)| (line.sku.clone(), 0)));
        let same = owner.is_none() && items.is_empty() && quantities.is_empty();
        (!same).then_some(CartEvent::LinesChanged { owner, items, quantities, at })
    }

    fn sold_again(&self, draft: &Self, sku: &Sku) -> bool {
        self.withdrawn.contains(sku) && !draft.withdrawn.contains(sku)
    }
}
