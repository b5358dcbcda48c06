//! The holds that ended while their moment was still to come: released, or shipped whole.
//!
//! Between nodes, the `Hold` and the `Commit` of such a hold may be delivered again. Without this memory they would
//! take the units once more, for an order that never gives them back. An expired hold is not listed: its moment is
//! over, so a late `Commit` finds it lapsed, and a flash sale's expiries would displace the rest.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::ids::OrderId;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ended(VecDeque<(OrderId, u8)>);

impl Ended {
    /// A message that is delivered again after so many later ends on this SKU is no longer recognised.
    pub const REMEMBERED: usize = 1024;

    pub fn push(&mut self, order: OrderId, attempt: u8) {
        if self.0.len() == Self::REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((order, attempt));
    }

    /// Whether this attempt's hold has ended, or a later one's.
    pub fn covers(&self, order: OrderId, attempt: u8) -> bool {
        self.0.iter().any(|(ended, last)| *ended == order && *last >= attempt)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
