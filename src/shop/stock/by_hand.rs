//! The use cases: staff holds units by hand, and ends such a hold.
//!
//! A hold by hand is a hold like any other, for an order that does not exist, and expires like one.

use std::num::NonZeroU32;

use crate::{
    actors::gateway::{Answer, AskError, Call},
    domain::{
        ids::{OrderId, Sku},
        order::{Order, OrderRejection},
        stock::{Stock, StockCommand, StockRejection, StockView},
    },
    http::{Code, Problem},
    identity::Principal,
    shop::Services,
};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HoldRefusal {
    #[error("the key's hold has {units} units")]
    KeyReused { units: NonZeroU32 },
    #[error("cancel the order instead")]
    HoldOfOrder { order: OrderId },
    #[error(transparent)]
    Stock(#[from] AskError<StockRejection>),
    #[error(transparent)]
    Order(#[from] AskError<OrderRejection>),
}

pub async fn hold(
    services: &Services,
    sku: &Sku,
    id: OrderId,
    units: NonZeroU32,
    ttl_ms: i64,
    call: Call,
) -> Result<Answer<StockView>, HoldRefusal> {
    let until = services.gateway.now().plus_ms(ttl_ms);
    let command = StockCommand::Hold { order: id, units, until, attempt: 0 };
    match services.gateway.ask::<Stock>(sku.as_str(), command, call).await {
        Err(AskError::Refused(StockRejection::HoldConflict { units, .. })) => Err(HoldRefusal::KeyReused { units }),
        decided => Ok(decided?),
    }
}

/// An order relies on its holds: taking one away without its knowledge would sell the units twice. Reads the order's
/// owner, because a new order may not be folded here yet.
pub async fn release(
    services: &Services,
    who: &Principal,
    sku: &Sku,
    id: OrderId,
) -> Result<Answer<StockView>, HoldRefusal> {
    let order = services.gateway.read::<Order>(&id.to_string(), services.command_timeout).await?;
    if order.view.placement.is_some() {
        return Err(HoldRefusal::HoldOfOrder { order: id });
    }
    let command = StockCommand::Release { order: id, attempt: u8::MAX };
    Ok(services.gateway.ask::<Stock>(sku.as_str(), command, services.call(who)).await?)
}

impl From<HoldRefusal> for Problem {
    fn from(refusal: HoldRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            HoldRefusal::KeyReused { units } => Problem::new(Code::IDEMPOTENCY_KEY_REUSED, detail).with("units", units),
            HoldRefusal::HoldOfOrder { order } => Problem::new(Code::HOLD_OF_ORDER, detail).with("order_id", order),
            HoldRefusal::Stock(error) => error.into(),
            HoldRefusal::Order(error) => error.into(),
        }
    }
}
