//! What became of a payment, from the states of the order and of the payment: a table, tested as values.

use crate::domain::{
    ids::PaymentId,
    order::{OrderStatus, OrderView, PaymentStatus},
    payment::PaymentView,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The order is verified: stock and money are its own.
    Paid,
    RequiresAction,
    Declined(String),
    NotPayable(OrderStatus),
    Pending,
}

/// Whether a payment alone says that waiting on is of no use.
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

/// Whether the order has heard that this payment came to nothing.
pub fn failed(order: &OrderView, payment: PaymentId) -> bool {
    order.payment == Some(payment) && order.payment_status == PaymentStatus::Failed
}

/// Whether an order is sold.
pub fn sold(order: &OrderView) -> bool {
    match order.lifecycle {
        OrderStatus::Verified
        | OrderStatus::Processing
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Completed => true,
        OrderStatus::Placing
        | OrderStatus::AwaitingPayment
        | OrderStatus::Rejected
        | OrderStatus::Expired
        | OrderStatus::Cancelled => false,
    }
}

pub fn verdict(order: &OrderView, payment: &PaymentView) -> Verdict {
    match payment.status {
        PaymentStatus::Failed => {
            Verdict::Declined(payment.decline_code.clone().unwrap_or_else(|| "declined".to_owned()))
        }
        _ if sold(order) => Verdict::Paid,
        PaymentStatus::RequiresAction => Verdict::RequiresAction,
        PaymentStatus::Voided | PaymentStatus::Refunded => Verdict::NotPayable(order.lifecycle),
        // Money may be there already; the order is not verified yet, or is being undone.
        PaymentStatus::None
        | PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::Captured
        | PaymentStatus::PartiallyRefunded => Verdict::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(lifecycle: OrderStatus) -> OrderView {
        OrderView {
            lifecycle,
            payment_status: PaymentStatus::None,
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
        for status in [PaymentStatus::Failed, PaymentStatus::RequiresAction, PaymentStatus::Voided] {
            assert!(ended(&payment(status)));
            assert_ne!(verdict(&order(OrderStatus::Expired), &payment(status)), Verdict::Pending);
        }
        assert!(!ended(&payment(PaymentStatus::Pending)) && !sold(&order(OrderStatus::AwaitingPayment)));
    }
}
