//! Index rows of a payment: all, by user, by status; none until it is opened.

use uuid::Uuid;

use crate::domain::{
    entity::Entity,
    key::EntityKey,
    kinds::{AnyState, EntityType},
    payment::{Payment, PaymentView},
};
use crate::shop::rows::{
    PAYMENTS_ALL, PAYMENTS_BY_STATUS, PAYMENTS_BY_USER, RowKey, newest_first, payment_status_prefix, user_prefix,
};

pub fn rows(key: &EntityKey, model: &AnyState) -> Vec<RowKey> {
    // The view does not repeat its own id; the key is the id (a key that is none belongs to no payment).
    match (Payment::state_of(model), Uuid::parse_str(&key.id)) {
        (Some(payment), Ok(id)) => of_view(id, &payment.view()),
        (None, _) | (_, Err(_)) => Vec::new(),
    }
}

fn of_view(id: Uuid, view: &PaymentView) -> Vec<RowKey> {
    if view.order.is_none() {
        return Vec::new();
    }
    let (at, id) = (newest_first(view.opened_at), id.into_bytes());
    let mut rows = vec![
        (PAYMENTS_ALL, [&at[..], &id].concat()),
        (PAYMENTS_BY_STATUS, [&payment_status_prefix(view.status)[..], &at, &id].concat()),
    ];
    rows.extend(view.user.map(|user| (PAYMENTS_BY_USER, [&user_prefix(user)[..], &at, &id].concat())));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::{OrderId, PaymentId, UserId},
            money::Money,
            order::PaymentStatus,
            time::Timestamp,
        },
        shop::rows::payment_of,
    };

    #[test]
    fn every_row_leads_back_to_its_payment() {
        let id = Uuid::from_u128(77);
        let view = PaymentView {
            order: Some(OrderId::default()),
            user: Some(UserId(Uuid::from_u128(9))),
            opened_at: Timestamp(5),
            status: PaymentStatus::Captured,
            amount: Money::default(),
            refunded: 0,
            provider: "sandbox".into(),
            reference: None,
            continue_url: None,
            decline_code: None,
            refunds: vec![],
            settled: true,
        };
        let rows = of_view(id, &view);
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|(_, key)| payment_of(key) == Some(PaymentId(id))));
        assert!(rows[1].1.starts_with(b"captured\0"));
        assert_eq!(of_view(id, &PaymentView { order: None, ..view }), vec![]);
    }
}
