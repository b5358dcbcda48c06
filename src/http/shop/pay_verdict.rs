//! What became of a payment, from the states of the order and of the payment: a table, tested as values.

use crate::domain::{
    ids::PaymentId,
    order::{Lifecycle, OrderView, PaymentRegion},
    payment::PaymentView,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The order is verified: stock and money are its own.
    Paid,
    RequiresAction,
    Declined(String),
    NotPayable(Lifecycle),
    Pending,
}

/// Whether a payment alone says that waiting on is of no use.
pub fn ended(payment: &PaymentView) -> bool {
    match payment.status {
        PaymentRegion::Failed | PaymentRegion::RequiresAction | PaymentRegion::Voided | PaymentRegion::Refunded => true,
        PaymentRegion::None
        | PaymentRegion::Pending
        | PaymentRegion::Authorized
        | PaymentRegion::Captured
        | PaymentRegion::PartiallyRefunded => false,
    }
}

/// Whether the order has heard that this payment came to nothing.
pub fn failed(order: &OrderView, payment: PaymentId) -> bool {
    order.payment == Some(payment) && order.payment_status == PaymentRegion::Failed
}

/// Whether an order is sold.
pub fn sold(order: &OrderView) -> bool {
    match order.lifecycle {
        Lifecycle::Verified
        | Lifecycle::Processing
        | Lifecycle::PartiallyShipped
        | Lifecycle::Shipped
        | Lifecycle::Delivered
        | Lifecycle::Completed => true,
        Lifecycle::Placing
        | Lifecycle::AwaitingPayment
        | Lifecycle::Rejected
        | Lifecycle::Expired
        | Lifecycle::Cancelled => false,
    }
}

pub fn verdict(order: &OrderView, payment: &PaymentView) -> Verdict {
    match payment.status {
        PaymentRegion::Failed => {
            Verdict::Declined(payment.decline_code.clone().unwrap_or_else(|| "declined".to_owned()))
        }
        _ if sold(order) => Verdict::Paid,
        PaymentRegion::RequiresAction => Verdict::RequiresAction,
        PaymentRegion::Voided | PaymentRegion::Refunded => Verdict::NotPayable(order.lifecycle),
        // Money may be there already; the order is not verified yet, or is being undone.
        PaymentRegion::None
        | PaymentRegion::Pending
        | PaymentRegion::Authorized
        | PaymentRegion::Captured
        | PaymentRegion::PartiallyRefunded => Verdict::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(lifecycle: Lifecycle) -> OrderView {
        OrderView {
            lifecycle,
            payment_status: PaymentRegion::None,
            payment: None,
            number: None,
            placement: None,
            placed_at: Default::default(),
            stock: vec![],
            fulfilments: vec![],
            next: vec![],
            settled: false,
        }
    }

    fn payment(status: PaymentRegion) -> PaymentView {
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
            decline_code: (status == PaymentRegion::Failed).then(|| "card_declined".to_owned()),
            refunds: vec![],
            settled: false,
        }
    }

    #[test]
    fn the_table() {
        use Lifecycle as L;
        use PaymentRegion as P;
        let table = [
            (L::Verified, P::Authorized, Verdict::Paid),
            (L::Verified, P::Captured, Verdict::Paid),
            // A repeated request, long after: the order was paid, and some of it given back since.
            (L::Shipped, P::Refunded, Verdict::Paid),
            // Another payment paid the order; this one failed and says so.
            (L::Verified, P::Failed, Verdict::Declined("card_declined".to_owned())),
            (L::AwaitingPayment, P::Failed, Verdict::Declined("card_declined".to_owned())),
            (L::AwaitingPayment, P::RequiresAction, Verdict::RequiresAction),
            (L::AwaitingPayment, P::Pending, Verdict::Pending),
            (L::AwaitingPayment, P::Authorized, Verdict::Pending),
            (L::Expired, P::Authorized, Verdict::Pending),
            (L::Expired, P::Voided, Verdict::NotPayable(L::Expired)),
            (L::Cancelled, P::Refunded, Verdict::NotPayable(L::Cancelled)),
        ];
        for (lifecycle, status, expected) in table {
            assert_eq!(verdict(&order(lifecycle), &payment(status)), expected, "{lifecycle:?} {status:?}");
        }
    }

    #[test]
    fn waiting_ends_exactly_when_the_verdict_is_known() {
        for status in [PaymentRegion::Failed, PaymentRegion::RequiresAction, PaymentRegion::Voided] {
            assert!(ended(&payment(status)));
            assert_ne!(verdict(&order(Lifecycle::Expired), &payment(status)), Verdict::Pending);
        }
        assert!(!ended(&payment(PaymentRegion::Pending)) && !sold(&order(Lifecycle::AwaitingPayment)));
    }
}
