//! What an entity's state owes the world, as data: a command to another entity, or a call to the
//! payment provider. The host performs each until its outcome is known, and brings that back as a
//! command to the sender. Invariant: every target is idempotent by the effect's id.
//!
//! The table of ids, requests and outcomes is `effect/table.rs`.

mod table;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use super::{
    ids::{CartId, FulfilmentId, OrderId, PaymentId, RefundId, Sku, UserId},
    key::EntityKey,
    kinds::{AnyCommand, AnyRejection, AnyView},
    money::Money,
    order::{PaymentStatus, PaymentUpdate},
    payment::ProviderEvent,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    // The order's.
    Hold { order: OrderId, sku: Sku, units: NonZeroU32, until: Timestamp, attempt: u8 },
    CommitHold { order: OrderId, sku: Sku, attempt: u8 },
    ReleaseHold { order: OrderId, sku: Sku, attempt: u8 },
    ShipHold { order: OrderId, sku: Sku, fulfilment: FulfilmentId, units: NonZeroU32 },
    AllotNumber { order: OrderId },
    SettleCart { order: OrderId, cart: CartId, bought: Vec<(Sku, u32)> },
    OpenPayment { order: OrderId, payment: PaymentId, user: UserId, amount: Money, provider: String, token: String },
    AskCapture { order: OrderId, payment: PaymentId },
    UnwindPayment { order: OrderId, payment: PaymentId },
    // The payment's.
    NotifyOrder { order: OrderId, payment: PaymentId, news: PaymentUpdate, status: PaymentStatus, refunded: i64 },
    Provider(ProviderCall),
}

/// One call to a payment provider. `payment` and the operation name its idempotency key.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderCall {
    pub payment: PaymentId,
    pub provider: String,
    pub operation: ProviderOperation,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProviderOperation {
    Authorize { order: OrderId, amount: Money, token: String },
    Capture { reference: String, amount: Money },
    Void { reference: String },
    Refund { reference: String, refund: RefundId, amount: Money },
}

/// Where an effect goes.
#[derive(Clone, Debug)]
pub enum Request {
    Entity(EntityKey, AnyCommand),
    Provider(ProviderCall),
}

/// What came of it. Failures (time-outs, a full journal) are not outcomes: the host tries again.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With the target's view where the effect [reads it](Effect::reads_view).
    Accepted(Option<AnyView>),
    Refused(AnyRejection),
    Provider(ProviderEvent),
}
