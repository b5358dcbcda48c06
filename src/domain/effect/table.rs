//! Each effect's id, request and outcome.
//!
//! Invariants: an id names the effect within its sender for ever, so a new attempt has a new id; and
//! every answer of a target, also a refusal, is an outcome, so that no effect is owed without end.

use super::{Effect, Outcome, ProviderOperation, Request};
use crate::domain::{
    cart::CartCommand,
    ids::OrderId,
    key::EntityKey,
    kinds::{AnyCommand, AnyRejection, AnyView, Kind},
    numbers::{Numbers, NumbersCommand, NumbersView},
    order::{OrderCommand, PaymentStatus, PaymentUpdate},
    payment::PaymentCommand,
    stock::{StockCommand, StockRejection},
};

impl Effect {
    /// Stable within the sending entity: names the effect and its idempotency key.
    pub fn id(&self) -> String {
        match self {
            Self::Hold { sku, attempt, .. } => format!("hold/{sku}/{attempt}"),
            Self::CommitHold { sku, attempt, .. } => format!("commit/{sku}/{attempt}"),
            Self::ReleaseHold { sku, attempt, .. } => format!("release/{sku}/{attempt}"),
            Self::ShipHold { sku, fulfilment, .. } => format!("ship/{fulfilment}/{sku}"),
            Self::AllotNumber { .. } => "number".to_owned(),
            Self::SettleCart { .. } => "cart".to_owned(),
            Self::OpenPayment { payment, .. } => format!("open/{payment}"),
            Self::AskCapture { payment, .. } => format!("capture/{payment}"),
            Self::UnwindPayment { payment, .. } => format!("unwind/{payment}"),
            Self::NotifyOrder { status, refunded, .. } => format!("tell/{}/{refunded}", status.name()),
            Self::Provider(call) => match &call.operation {
                ProviderOperation::Authorize { .. } => "authorize".to_owned(),
                ProviderOperation::Capture { .. } => "capture".to_owned(),
                ProviderOperation::Void { .. } => "void".to_owned(),
                ProviderOperation::Refund { refund, .. } => format!("refund/{refund}"),
            },
        }
    }

    /// Whether its target, once it has accepted, soon sends the sender news that settle this step as well. Its outcome may
    /// then wait for them, and mostly has nothing left to record when it comes: a commit less. It must come all the
    /// same, because the news may not; and a refusal is news itself, and never waits.
    pub fn outcome_may_wait(&self) -> bool {
        match self {
            // The provider's first answer; the capture's; the capture that usually follows an authorisation.
            Self::OpenPayment { .. } | Self::AskCapture { .. } => true,
            Self::NotifyOrder { status, .. } => *status == PaymentStatus::Authorized,
            Self::Hold { .. }
            | Self::CommitHold { .. }
            | Self::ReleaseHold { .. }
            | Self::ShipHold { .. }
            | Self::AllotNumber { .. }
            | Self::SettleCart { .. }
            | Self::UnwindPayment { .. }
            | Self::Provider(_) => false,
        }
    }

    /// Whether its outcome is in the target's view; the others' is that it accepted.
    pub fn reads_view(&self) -> bool {
        match self {
            Self::AllotNumber { .. } => true,
            Self::Hold { .. }
            | Self::CommitHold { .. }
            | Self::ReleaseHold { .. }
            | Self::ShipHold { .. }
            | Self::SettleCart { .. }
            | Self::OpenPayment { .. }
            | Self::AskCapture { .. }
            | Self::UnwindPayment { .. }
            | Self::NotifyOrder { .. }
            | Self::Provider(_) => false,
        }
    }

    pub fn request(&self) -> Request {
        match self.clone() {
            Self::Hold { order, sku, units, until, attempt } => {
                to_stock(&sku, StockCommand::Hold { order, units, until, attempt })
            }
            Self::CommitHold { order, sku, attempt } => to_stock(&sku, StockCommand::Commit { order, attempt }),
            Self::ReleaseHold { order, sku, attempt } => to_stock(&sku, StockCommand::Release { order, attempt }),
            Self::ShipHold { order, sku, fulfilment, units } => {
                to_stock(&sku, StockCommand::Ship { order, fulfilment, units })
            }
            Self::AllotNumber { order } => Request::Entity(
                EntityKey::new(Kind::Numbers, Numbers::ID),
                AnyCommand::Numbers(NumbersCommand::Allot { order }),
            ),
            Self::SettleCart { order, cart, bought } => Request::Entity(
                EntityKey::new(Kind::Cart, cart.to_string()),
                AnyCommand::Cart(CartCommand::Settle { order, bought }),
            ),
            Self::OpenPayment { order, payment, user, amount, provider, token } => {
                to_payment(payment, PaymentCommand::Open { payment, order, user, amount, provider, token })
            }
            Self::AskCapture { payment, .. } => to_payment(payment, PaymentCommand::Capture),
            Self::UnwindPayment { payment, .. } => to_payment(payment, PaymentCommand::Unwind),
            Self::NotifyOrder { order, payment, news, .. } => Request::Entity(
                EntityKey::new(Kind::Order, order.to_string()),
                AnyCommand::Order(OrderCommand::PaymentUpdate { payment, news }),
            ),
            Self::Provider(call) => Request::Provider(call),
        }
    }

    /// The command that brings the outcome back to the sender; `None` when the answer says nothing of this
    /// effect, which is then owed still and asked for again.
    pub fn outcome(&self, outcome: Outcome) -> Option<AnyCommand> {
        match self.clone() {
            Self::Hold { sku, attempt, .. } => Some(AnyCommand::Order(match outcome {
                Outcome::Accepted(_) => OrderCommand::HoldGranted { sku, attempt },
                Outcome::Refused(AnyRejection::Stock(StockRejection::OutOfStock { available, .. })) => {
                    OrderCommand::HoldRefused { sku, available, attempt }
                }
                Outcome::Refused(_) => OrderCommand::HoldRefused { sku, available: 0, attempt },
                Outcome::Provider(_) => return None,
            })),
            Self::CommitHold { sku, attempt, .. } => Some(AnyCommand::Order(match outcome {
                Outcome::Accepted(_) => OrderCommand::HoldCommitted { sku, attempt },
                Outcome::Refused(_) => OrderCommand::HoldGone { sku, attempt },
                Outcome::Provider(_) => return None,
            })),
            // An unknown hold is released already, and nothing else is refused.
            Self::ReleaseHold { sku, attempt, .. } => answered(outcome, OrderCommand::HoldReleased { sku, attempt }),
            // Refused only where an earlier delivery shipped the last unit: the hold is gone by that.
            Self::ShipHold { sku, fulfilment, .. } => {
                answered(outcome, OrderCommand::ParcelShipped { fulfilment, sku })
            }
            Self::AllotNumber { order } => allotted(&outcome, order),
            Self::SettleCart { .. } => answered(outcome, OrderCommand::CartSettled),
            Self::OpenPayment { payment, .. } => Some(AnyCommand::Order(match outcome {
                Outcome::Accepted(_) => OrderCommand::PaymentOpened { payment },
                // Another order's payment has this id (one key, used for two orders at once). It will never
                // tell this order anything, so the attempt ends here.
                Outcome::Refused(_) => {
                    let news = PaymentUpdate::Failed { reason: "payment_id_taken".to_owned() };
                    OrderCommand::PaymentUpdate { payment, news }
                }
                Outcome::Provider(_) => return None,
            })),
            // A payment that cannot be captured tells so by its own news.
            Self::AskCapture { payment, .. } => answered(outcome, OrderCommand::CaptureAsked { payment }),
            Self::UnwindPayment { payment, .. } => answered(outcome, OrderCommand::PaymentUnwinding { payment }),
            Self::NotifyOrder { status, refunded, .. } => match outcome {
                Outcome::Accepted(_) | Outcome::Refused(_) => {
                    Some(AnyCommand::Payment(PaymentCommand::OrderNotified { status, refunded }))
                }
                Outcome::Provider(_) => None,
            },
            Self::Provider(_) => match outcome {
                Outcome::Provider(news) => Some(AnyCommand::Payment(PaymentCommand::Provider(news))),
                Outcome::Accepted(_) | Outcome::Refused(_) => None,
            },
        }
    }
}

fn to_stock(sku: &impl ToString, command: StockCommand) -> Request {
    Request::Entity(EntityKey::new(Kind::Stock, sku.to_string()), AnyCommand::Stock(command))
}

fn to_payment(payment: impl ToString, command: PaymentCommand) -> Request {
    Request::Entity(EntityKey::new(Kind::Payment, payment.to_string()), AnyCommand::Payment(command))
}

/// Accepted or refused, it is done.
fn answered(outcome: Outcome, command: OrderCommand) -> Option<AnyCommand> {
    match outcome {
        Outcome::Accepted(_) | Outcome::Refused(_) => Some(AnyCommand::Order(command)),
        Outcome::Provider(_) => None,
    }
}

/// A view that names another order's number was taken after ours: asked again, the counter repeats it.
fn allotted(outcome: &Outcome, order: OrderId) -> Option<AnyCommand> {
    match outcome {
        Outcome::Accepted(Some(AnyView::Numbers(NumbersView { last: Some((last, number)) }))) if *last == order => {
            Some(AnyCommand::Order(OrderCommand::NumberAllotted { number: *number }))
        }
        Outcome::Accepted(_) | Outcome::Refused(_) | Outcome::Provider(_) => None,
    }
}
