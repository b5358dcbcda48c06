//! Stock on the wire: the one shape of HTTP responses, of `stock.<sku>` and of `stock`; and the bodies of staff's
//! requests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::policy::PolicyName;
use crate::{
    actors::gateway::Answer,
    domain::{
        ids::Sku,
        stock::{Availability, StockView, ledger::MovementKind},
    },
};

/// One SKU's stock: what everybody may know of it, and the levels for staff.
/// `available + held + committed + shipped = received + adjusted + oversold`.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub version: u64,
    pub availability: Availability,
    /// For staff; and where the shop shows counts, the units that can be had, unless nobody counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
    /// For staff: in the house, which is available, held and committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<i64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// For staff: units promised beyond those in the house, which the policy allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oversold: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// For staff, with `backorder`: units that may be owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backorder_max: Option<u32>,
}

/// How much of a SKU's stock a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockDetail {
    /// Only the word.
    Word,
    /// The count of available units, too.
    Count,
    /// Staff: every level.
    Levels,
}

impl StockDetail {
    pub fn of(levels: bool, public_counts: bool) -> Self {
        match (levels, public_counts) {
            (true, _) => Self::Levels,
            (false, true) => Self::Count,
            (false, false) => Self::Word,
        }
    }
}

impl StockBody {
    /// For HTTP and for frames alike.
    pub fn new(sku: Sku, version: u64, view: &StockView, detail: StockDetail) -> Self {
        let (count, levels) = match detail {
            StockDetail::Word => (None, None),
            StockDetail::Count => (view.for_sale(), None),
            StockDetail::Levels => (Some(view.available), Some(view)),
        };
        Self {
            sku,
            version,
            availability: view.availability(),
            available: count,
            on_hand: levels.map(|view| view.on_hand),
            held: levels.map(|view| view.held),
            committed: levels.map(|view| view.committed),
            shipped: levels.map(|view| view.shipped),
            received: levels.map(|view| view.received),
            adjusted: levels.map(|view| view.adjusted),
            threshold: levels.map(|view| view.threshold),
            oversold: levels.map(|view| view.oversold),
            policy: levels.map(|view| PolicyName::of(view.policy)),
            backorder_max: levels.and_then(|view| view.policy.backorder_max()),
        }
    }

    /// The shape for staff.
    pub fn levels(sku: Sku, answer: &Answer<StockView>) -> Self {
        Self::new(sku, answer.version, &answer.view, StockDetail::Levels)
    }
}

/// Goods arrived.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReceipt)]
pub struct ReceiptBody {
    #[schema(minimum = 1, maximum = 4_294_967_295_i64, example = 100)]
    pub quantity: i64,
    /// E.g. the delivery note's number.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A count, a loss, a find.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAdjustment)]
pub struct AdjustmentBody {
    #[schema(example = -2)]
    pub delta: i64,
    #[schema(example = "damaged in the warehouse")]
    pub reason: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewThreshold)]
pub struct ThresholdBody {
    /// At or below this many available units the SKU is `low`.
    #[schema(example = 5)]
    pub threshold: u32,
}

/// How far a SKU is sold beyond the units in the house.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPolicy)]
pub struct PolicyBody {
    pub policy: PolicyName,
    /// With `backorder` only: units that may be owed.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 4_294_967_295_i64, example = 20)]
    pub backorder_max: Option<i64>,
}

/// Units set aside by hand.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHold)]
pub struct NewHoldBody {
    #[schema(minimum = 1, example = 1)]
    pub quantity: i64,
    /// When the hold ends by itself.
    #[schema(minimum = 1, example = 3600)]
    pub ttl_seconds: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldBody {
    pub id: Uuid,
    pub quantity: u32,
    pub ttl_seconds: u64,
    pub stock: StockBody,
}

/// One change of a SKU's stock: who, why, when.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockMovement {
    /// The SKU's version after it.
    pub version: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// `user:<id>`, `guest:<id>` or `system`.
    pub by: String,
    pub kind: MovementKind,
    /// Effect on what is available, signed, below zero where it is oversold; 0 for a commit or a shipment.
    pub units: i64,
    /// Units that moved; for a threshold its new value, for a policy the units that may be owed.
    pub quantity: u64,
    /// The order or the hold it was for.
    pub order_id: Option<Uuid>,
    pub fulfilment_id: Option<Uuid>,
    pub reason: Option<String>,
    pub reference: Option<String>,
}
