//! The settled shop, read as staff: the state that a history is compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    pub version: u64,
    pub available: i64,
    pub held: i64,
    pub committed: i64,
    pub shipped: i64,
    pub received: i64,
    pub adjusted: i64,
}

/// A line of a SKU's stock book.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    pub version: u64,
    pub kind: String,
    /// Effect on the available units.
    pub units: i64,
    pub quantity: i64,
    /// Of the order, or of the hold by hand.
    pub hold: Option<String>,
    pub reference: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderEnd {
    pub id: String,
    pub email: String,
    pub version: u64,
    pub number: Option<u64>,
    pub status: String,
    pub payment_status: String,
    pub total: i64,
    /// SKU, units, where they are.
    pub stock: Vec<(String, u64, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentEnd {
    pub id: String,
    pub order: String,
    pub status: String,
    pub amount: i64,
    pub refunded: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Final {
    /// When it was read, on the history's clock.
    pub at: u64,
    pub stock: BTreeMap<String, Levels>,
    pub book: BTreeMap<String, Vec<Movement>>,
    /// By id.
    pub orders: BTreeMap<String, OrderEnd>,
    pub payments: Vec<PaymentEnd>,
}

impl Final {
    pub fn order_of(&self, email: &str) -> Option<&OrderEnd> {
        self.orders.values().find(|order| order.email == email)
    }
}

impl OrderEnd {
    pub fn sold(&self) -> bool {
        self.status == "verified"
    }
}
