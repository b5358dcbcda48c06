//! Each of the order's effects: its id, request and outcome.

use super::{OrderCommand, OrderEffect, PaymentUpdate};
use crate::domain::{
    cart::CartCommand,
    effect::{EffectOf, Outcome, Request},
    ids::OrderId,
    key::EntityKey,
    kinds::{AnyCommand, AnyRejection, AnyView, Kind},
    mail::MailCommand,
    numbers::{Numbers, NumbersCommand, NumbersView},
    order::Order,
    payment::PaymentCommand,
    stock::{StockCommand, StockRejection},
};

impl EffectOf<Order> for OrderEffect {
    fn id(&self) -> String {
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
            Self::RefundRest { payment, .. } => format!("refund_rest/{payment}"),
            Self::GiveUpOlder { older, .. } => format!("give_up/{older}"),
            Self::QueueMail { mail, .. } => format!("mail/{}", mail.purpose()),
        }
    }

    fn request(&self) -> Request {
        match self.clone() {
            Self::Hold { order, sku, units, until, attempt, instead_of, buyer: Some(buyer) } => {
                to_stock(&sku, StockCommand::HoldFor { order, units, until, attempt, instead_of, buyer })
            }
            Self::Hold { order, sku, units, until, attempt, instead_of, .. } if instead_of.is_empty() => {
                to_stock(&sku, StockCommand::Hold { order, units, until, attempt })
            }
            Self::Hold { order, sku, units, until, attempt, instead_of, .. } => {
                to_stock(&sku, StockCommand::TakeOver { order, units, until, attempt, instead_of })
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
            Self::RefundRest { payment, refund, amount } => {
                let (amount, reason) = (Some(amount), Order::REST.to_owned());
                to_payment(payment, PaymentCommand::Refund { refund, amount, reason })
            }
            Self::GiveUpOlder { order, older } => Request::Entity(
                EntityKey::new(Kind::Order, older.to_string()),
                AnyCommand::Order(OrderCommand::GiveUp { by: order }),
            ),
            Self::QueueMail { order, mail, letter } => {
                let mail = mail.id(order);
                Request::Entity(mail.key(), AnyCommand::Mail(MailCommand::Queue { mail, letter }))
            }
        }
    }

    fn outcome(&self, outcome: Outcome) -> Option<OrderCommand> {
        match self.clone() {
            Self::Hold { sku, attempt, .. } => Some(match outcome {
                Outcome::Accepted(_) => OrderCommand::HoldGranted { sku, attempt },
                Outcome::Refused(AnyRejection::Stock(StockRejection::OutOfStock { available, .. })) => {
                    OrderCommand::HoldRefused { sku, available, attempt }
                }
                Outcome::Refused(AnyRejection::Stock(StockRejection::OverShare { kept, most, .. })) => {
                    OrderCommand::HoldOverShare { sku, remaining: most.saturating_sub(kept), attempt }
                }
                Outcome::Refused(_) => OrderCommand::HoldRefused { sku, available: 0, attempt },
                Outcome::External(_) => return None,
            }),
            Self::CommitHold { sku, attempt, .. } => Some(match outcome {
                Outcome::Accepted(_) => OrderCommand::HoldCommitted { sku, attempt },
                Outcome::Refused(_) => OrderCommand::HoldGone { sku, attempt },
                Outcome::External(_) => return None,
            }),
            // An unknown hold is released already, and nothing else is refused.
            Self::ReleaseHold { sku, attempt, .. } => decided(&outcome, OrderCommand::HoldReleased { sku, attempt }),
            // Refused only after an earlier delivery shipped the last unit, which ended the hold.
            Self::ShipHold { sku, fulfilment, .. } => {
                decided(&outcome, OrderCommand::ParcelShipped { fulfilment, sku })
            }
            Self::AllotNumber { order } => allotted(&outcome, order),
            Self::SettleCart { .. } => decided(&outcome, OrderCommand::CartSettled),
            Self::OpenPayment { payment, .. } => Some(match outcome {
                Outcome::Accepted(_) => OrderCommand::PaymentOpened { payment },
                // Another order's payment has this id (one key, used for two orders at once). It will never
                // notify this order, so the attempt ends here.
                Outcome::Refused(_) => {
                    let news = PaymentUpdate::Failed { reason: "payment_id_taken".to_owned() };
                    OrderCommand::PaymentUpdate { payment, news }
                }
                Outcome::External(_) => return None,
            }),
            // A payment that cannot be captured sends an update of its own.
            Self::AskCapture { payment, .. } => decided(&outcome, OrderCommand::CaptureAsked { payment }),
            Self::UnwindPayment { payment, .. } => decided(&outcome, OrderCommand::PaymentUnwinding { payment }),
            // Refused where staff has given the money back already.
            Self::RefundRest { payment, .. } => decided(&outcome, OrderCommand::RestRefundAsked { payment }),
            Self::GiveUpOlder { older, .. } => match outcome {
                Outcome::Accepted(_) => Some(OrderCommand::PredecessorGone { order: older }),
                // An order refuses this for one reason: it is paid.
                Outcome::Refused(_) => Some(OrderCommand::PredecessorPaid { order: older }),
                Outcome::External(_) => None,
            },
            Self::QueueMail { mail, .. } => decided(&outcome, OrderCommand::MailQueued { mail }),
        }
    }

    fn outcome_may_wait(&self) -> bool {
        match self {
            // The payment soon sends the provider's first answer, or the capture's result.
            Self::OpenPayment { .. } | Self::AskCapture { .. } => true,
            Self::Hold { .. }
            | Self::CommitHold { .. }
            | Self::ReleaseHold { .. }
            | Self::ShipHold { .. }
            | Self::AllotNumber { .. }
            | Self::SettleCart { .. }
            | Self::UnwindPayment { .. }
            | Self::RefundRest { .. }
            | Self::GiveUpOlder { .. }
            | Self::QueueMail { .. } => false,
        }
    }

    fn in_background(&self) -> bool {
        matches!(self, Self::QueueMail { .. })
    }

    fn reads_view(&self) -> bool {
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
            | Self::RefundRest { .. }
            | Self::GiveUpOlder { .. }
            | Self::QueueMail { .. } => false,
        }
    }
}

fn to_stock(sku: &impl ToString, command: StockCommand) -> Request {
    Request::Entity(EntityKey::new(Kind::Stock, sku.to_string()), AnyCommand::Stock(command))
}

fn to_payment(payment: impl ToString, command: PaymentCommand) -> Request {
    Request::Entity(EntityKey::new(Kind::Payment, payment.to_string()), AnyCommand::Payment(command))
}

/// Accepted or refused, the effect is done.
fn decided(outcome: &Outcome, command: OrderCommand) -> Option<OrderCommand> {
    match outcome {
        Outcome::Accepted(_) | Outcome::Refused(_) => Some(command),
        Outcome::External(_) => None,
    }
}

/// A view with another order's number is newer than this allotment: requested again, the counter repeats this order's
/// number.
fn allotted(outcome: &Outcome, order: OrderId) -> Option<OrderCommand> {
    match outcome {
        Outcome::Accepted(Some(AnyView::Numbers(NumbersView { last: Some((last, number)) }))) if *last == order => {
            Some(OrderCommand::NumberAllotted { number: *number })
        }
        Outcome::Accepted(_) | Outcome::Refused(_) | Outcome::External(_) => None,
    }
}
