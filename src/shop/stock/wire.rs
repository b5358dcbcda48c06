//! Stock on the wire: what everybody may see, and what staff sees and does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::shop::names::{Availability, MovementName};
use crate::{
    actors::gateway::Answer,
    domain::{ids::Sku, stock::StockView},
};

/// What a shopper may know of one SKU.
#[derive(Serialize, ToSchema)]
#[schema(as = StockSummary)]
pub struct StockBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub version: u64,
    pub availability: Availability,
    /// For staff, and where the shop shows counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<Levels>,
}

/// Where all units are: `available + held + committed + shipped = received + adjusted`.
#[derive(Serialize, ToSchema)]
#[schema(as = StockLevels)]
pub struct Levels {
    /// In the house: available, held and committed.
    pub on_hand: u64,
    pub available: u64,
    pub held: u64,
    pub committed: u64,
    pub shipped: u64,
    pub received: u64,
    pub adjusted: i64,
    pub threshold: u32,
}

/// One SKU's levels.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct LevelsBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub version: u64,
    pub availability: Availability,
    #[serde(flatten)]
    pub levels: Levels,
}

impl From<StockView> for Levels {
    fn from(view: StockView) -> Self {
        Self {
            on_hand: view.on_hand,
            available: view.available,
            held: view.held,
            committed: view.committed,
            shipped: view.shipped,
            received: view.received,
            adjusted: view.adjusted,
            threshold: view.threshold,
        }
    }
}

impl LevelsBody {
    pub fn new(sku: Sku, answer: &Answer<StockView>) -> Self {
        let availability = answer.view.availability().into();
        Self { sku, version: answer.version, availability, levels: answer.view.into() }
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
    pub stock: LevelsBody,
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
    pub kind: MovementName,
    /// Effect on what is available, signed; 0 for a commit or a shipment.
    pub units: i64,
    /// Units that moved; for a threshold its new value.
    pub quantity: u64,
    /// The order or the hold it was for.
    pub order_id: Option<Uuid>,
    pub fulfilment_id: Option<Uuid>,
    pub reason: Option<String>,
    pub reference: Option<String>,
}
