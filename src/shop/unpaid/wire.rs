//! The numbers of unpaid orders, for the board: of all, of the largest holders, and one order as `unpaid` shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::orders::Summary;
use crate::domain::ids::UserId;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Unpaid)]
pub struct UnpaidBody {
    /// Orders that wait for their payment.
    pub orders: usize,
    pub units: u64,
    /// Units of them that the stock has set aside.
    pub held: u64,
    /// The buyers with the most units, the largest first; at most 10.
    pub largest: Vec<HolderBody>,
    /// Checkouts that this node refused since its start, by the refusal's code.
    #[schema(value_type = Object)]
    pub refused: BTreeMap<&'static str, u64>,
}

/// A buyer, by the id that the orders carry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnpaidHolder)]
pub struct HolderBody {
    pub user_id: Uuid,
    pub orders: usize,
    pub units: u64,
}

/// One order that waits for its payment, with the sums of all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnpaidOrder)]
pub struct UnpaidOrderBody {
    pub order_id: Uuid,
    pub user_id: Uuid,
    pub units: u64,
    /// RFC 3339, UTC: when the order expires.
    pub pay_by: String,
    pub all: UnpaidBody,
}

impl From<Summary> for UnpaidBody {
    fn from(summary: Summary) -> Self {
        let Summary { orders, units, held, largest, refused } = summary;
        let holder = |(UserId(user_id), orders, units)| HolderBody { user_id, orders, units };
        Self { orders, units, held, largest: largest.into_iter().map(holder).collect(), refused }
    }
}
