//! The use case: pays an order. Begins a payment and waits for its outcome.
//!
//! The order decides whether it may be paid and opens the payment; this file only sends the command and waits. A
//! payment that is not decided in time continues by itself, and the result says so. Deliberately absent: requests,
//! JSON, status codes.

use std::time::Duration;

use tokio::time::Instant;

use super::outcome::{Ended, PaymentOutcome, ended, failed, outcome};
use crate::{
    actors::{
        gateway::{Answer, AskError, Call},
        ports::StoreError,
    },
    domain::{
        ids::{OrderId, PaymentId},
        order::{Order, OrderCommand, OrderRejection, OrderStatus, OrderView, PaymentStatus},
        payment::{Payment, PaymentCommand, PaymentRejection, PaymentView},
    },
    identity::{Permission, Principal, Reach},
    shop::{
        Services,
        checkout::place::{self, CheckoutRefusal},
        order::access::{self, Unreadable},
    },
};

/// How long to wait until a declined payment's order is notified, when the request's own time is used up.
const HEARS_MAX: Duration = Duration::from_secs(1);
pub const TOKEN_BYTES_MAX: usize = 255;
/// Time until a retry when the provider is backed up.
const BACKED_UP_RETRY_MS: u64 = 5_000;

/// A shopper's request.
#[derive(Clone, Debug)]
pub struct Pay {
    pub payment: PaymentId,
    pub order: OrderId,
    pub provider: String,
    pub token: String,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum PayRefusal {
    #[error("there is no such payment provider")]
    UnknownProvider { known: Vec<String> },
    #[error("a token has 1 to {max} printable characters")]
    BadToken { max: usize },
    #[error("the payment provider does not keep up; nothing was begun, try again in a moment")]
    BackedUp { retry_after_ms: u64 },
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the key's payment was begun with another order, provider or token")]
    KeyReused,
    #[error("the payment provider declined")]
    Declined { code: String, payment: PaymentId },
    #[error("the order ended before it was paid; the money goes back")]
    NotPayable { status: OrderStatus, payment: PaymentId },
    /// Of an order that is held at its payment: the provider was not asked. `counts`: the caller sees how many are left.
    #[error("{why}")]
    NotHeld { why: Box<CheckoutRefusal>, counts: bool },
    #[error(transparent)]
    Order(#[from] AskError<OrderRejection>),
    #[error(transparent)]
    Payment(#[from] AskError<PaymentRejection>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn pay(
    services: &Services,
    reach: &Reach,
    pay: &Pay,
    call: Call,
) -> Result<(PaymentOutcome, Answer<PaymentView>), PayRefusal> {
    check(services, pay)?;
    let seen = access::readable(services, reach, pay.order).await?;
    same_as_before(services, pay, &seen.view, &call).await?;
    let deadline = Instant::now() + call.within;
    let (provider, token) = (pay.provider.clone(), pay.token.clone());
    let command = OrderCommand::BeginPayment { payment: pay.payment, provider, token };
    match services.gateway.ask::<Order>(&pay.order.to_string(), command, call).await {
        Ok(_) => {}
        // This request's own attempt, with other contents.
        Err(AskError::Refused(OrderRejection::PaymentUnderWay { payment })) if payment == pay.payment => {
            return Err(PayRefusal::KeyReused);
        }
        Err(other) => return Err(other.into()),
    }
    let (order, payment) = until_ended(services, pay, deadline).await?;
    if payment.view.order.is_some_and(|paid| paid != pay.order) {
        return Err(PayRefusal::KeyReused);
    }
    if payment.view.order.is_none() && failed(&order.view, pay.payment) {
        return Err(unasked(services, &reach.who, pay, &order.view));
    }
    match outcome(&order.view, &payment.view) {
        Ok(outcome) => Ok((outcome, payment)),
        Err(Ended::Declined(code)) => Err(PayRefusal::Declined { code, payment: pay.payment }),
        Err(Ended::NotPayable(status)) => Err(PayRefusal::NotPayable { status, payment: pay.payment }),
    }
}

/// The payment ended before its provider was asked: the order got no stock, or ended meanwhile.
fn unasked(services: &Services, who: &Principal, pay: &Pay, order: &OrderView) -> PayRefusal {
    match order.lifecycle {
        OrderStatus::Rejected => PayRefusal::NotHeld {
            why: Box::new(place::not_held(services, pay.order, order)),
            counts: services.public_stock_counts || who.may(Permission::StockRead),
        },
        status => PayRefusal::NotPayable { status, payment: pay.payment },
    }
}

fn check(services: &Services, pay: &Pay) -> Result<(), PayRefusal> {
    if !services.providers.contains(&pay.provider) {
        return Err(PayRefusal::UnknownProvider { known: services.providers.clone() });
    }
    let token = &pay.token;
    if !(1..=TOKEN_BYTES_MAX).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(PayRefusal::BadToken { max: TOKEN_BYTES_MAX });
    }
    if services.gateway.connector_backed_up(&pay.provider) {
        return Err(PayRefusal::BackedUp { retry_after_ms: BACKED_UP_RETRY_MS });
    }
    Ok(())
}

/// Waits for the entity that decides first: the payment when it fails or needs the shopper, the order when it is
/// verified.
async fn until_ended(
    services: &Services,
    pay: &Pay,
    deadline: Instant,
) -> Result<(Answer<OrderView>, Answer<PaymentView>), PayRefusal> {
    let left = || deadline.saturating_duration_since(Instant::now());
    let (gateway, payment) = (&services.gateway, pay.payment);
    let (order_id, payment_id) = (pay.order.to_string(), payment.to_string());
    tokio::select! {
        sale = gateway.wait::<Order>(&order_id, left(), |seen| seen.lifecycle.is_sold() || failed(seen, payment)) => {
            Ok((sale?, gateway.read::<Payment>(&payment_id, services.command_timeout).await?))
        }
        end = gateway.wait::<Payment>(&payment_id, left(), ended) => {
            let end = end?;
            // A shopper who was declined may pay again at once: the order must be notified of the decline by then.
            let unheard = end.view.status == PaymentStatus::Failed;
            let heard = |seen: &OrderView| !unheard || seen.payment != Some(payment) || failed(seen, payment);
            Ok((gateway.wait::<Order>(&order_id, left().max(HEARS_MAX), heard).await?, end))
        }
    }
}

/// A payment of this id exists: a second `Open` returns whether the contents are equal. If this request overtakes the
/// first one's fold, the order detects a difference instead, or the payment when both are read at the end.
async fn same_as_before(services: &Services, pay: &Pay, seen: &OrderView, call: &Call) -> Result<(), PayRefusal> {
    let id = pay.payment.to_string();
    let (Some(_), Some(snapshot)) = (services.gateway.read_local::<Payment>(&id)?, seen.placement.as_deref()) else {
        return Ok(());
    };
    let open = PaymentCommand::Open {
        payment: pay.payment,
        order: pay.order,
        user: snapshot.user,
        amount: snapshot.totals.total,
        provider: pay.provider.clone(),
        token: pay.token.clone(),
    };
    match services.gateway.ask::<Payment>(&id, open, call.clone()).await {
        Ok(_) => Ok(()),
        Err(AskError::Refused(PaymentRejection::AlreadyOpened)) => Err(PayRefusal::KeyReused),
        Err(other) => Err(other.into()),
    }
}
