//! A payment's outcome, from the states of the order and of the payment: a table, tested as values.

use crate::domain::{
    ids::PaymentId,
    order::{OrderStatus, OrderView, PaymentStatus},
    payment::PaymentView,
};

/// An existing payment, as far as its outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// The order is verified: it owns stock and money.
    Paid,
    RequiresAction,
    Pending,
}

/// A payment that failed or was undone.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    Declined(String),
    NotPayable(OrderStatus),
}

/// Whether the payment's state alone ends the wait.
pub fn ended(payment: &PaymentView) -> bool {
    match payment.status {
        PaymentStatus::Failed | PaymentStatus::RequiresAction | PaymentStatus::Voided | PaymentStatus::Refunded => true,
        PaymentStatus::None
        | PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Captured
        | PaymentStatus::PartiallyRefunded => false,
    }
}

/// Whether the order has been notified that this payment failed.
pub fn failed(order: &OrderView, payment: PaymentId) -> bool {
    order.payment == Some(payment) && order.payment_status == PaymentStatus::Failed
}

pub fn outcome(order: &OrderView, payment: &PaymentView) -> Result<PaymentOutcome, Ended> {
    match payment.status {
        PaymentStatus::Failed => {
            Err(Ended::Declined(payment.decline_code.clone().unwrap_or_else(|| "declined".to_owned())))
        }
        _ if order.lifecycle.is_sold() => Ok(PaymentOutcome::Paid),
        PaymentStatus::RequiresAction => Ok(PaymentOutcome::RequiresAction),
        PaymentStatus::Voided | PaymentStatus::Refunded => Err(Ended::NotPayable(order.lifecycle)),
        // Money may be taken already; the order is not verified yet, or is being undone.
        PaymentStatus::None
        | PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Captured
        | PaymentStatus::PartiallyRefunded => Ok(PaymentOutcome::Pending),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::an_order;

    fn order(lifecycle: OrderStatus) -> OrderView {
        an_order().status(lifecycle).view()
    }

    fn payment(status: PaymentStatus) -> PaymentView {
        PaymentView {
            order: None,
            user: None,
            opened_at: Default::default(),
            status,
            amount: Default::default(),
            refunded: 0,
            provider: String::new(),
            reference: None,
            continue_url: None,
            decline_code: (status == PaymentStatus::Failed).then(|| "card_declined".to_owned()),
            refunds: vec![],
            settled: false,
        }
    }

    #[test]
    fn the_table() {
        use OrderStatus as L;
        use PaymentStatus as P;
        let table = [
            (L::Verified, P::Authorized, Ok(PaymentOutcome::Paid)),
            (L::Verified, P::Captured, Ok(PaymentOutcome::Paid)),
            // A repeated request, long after: the order was paid, and some of it given back since.
            (L::Shipped, P::Refunded, Ok(PaymentOutcome::Paid)),
            // Another payment paid the order; this one failed.
            (L::Verified, P::Failed, Err(Ended::Declined("card_declined".to_owned()))),
            (L::AwaitingPayment, P::Failed, Err(Ended::Declined("card_declined".to_owned()))),
            (L::AwaitingPayment, P::RequiresAction, Ok(PaymentOutcome::RequiresAction)),
            (L::AwaitingPayment, P::Pending, Ok(PaymentOutcome::Pending)),
            (L::AwaitingPayment, P::Authorized, Ok(PaymentOutcome::Pending)),
            (L::Expired, P::Authorized, Ok(PaymentOutcome::Pending)),
            (L::Expired, P::Voided, Err(Ended::NotPayable(L::Expired))),
            (L::Cancelled, P::Refunded, Err(Ended::NotPayable(L::Cancelled))),
        ];
        for (lifecycle, status, expected) in table {
            assert_eq!(outcome(&order(lifecycle), &payment(status)), expected, "{lifecycle:?} {status:?}");
        }
    }

    #[test]
    fn waiting_ends_exactly_when_the_outcome_is_known() {
        for status in [PaymentStatus::Failed, PaymentStatus::RequiresAction, PaymentStatus::Voided] {
            assert!(ended(&payment(status)));
            assert_ne!(outcome(&order(OrderStatus::Expired), &payment(status)), Ok(PaymentOutcome::Pending));
        }
        assert!(!ended(&payment(PaymentStatus::Pending)) && !OrderStatus::AwaitingPayment.is_sold());
    }
}
