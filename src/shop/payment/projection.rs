//! Index rows of a payment: all, by user, by status; none until it is opened.

use uuid::Uuid;

use crate::{
    actors::{ports::Row, projection::Projection},
    domain::{
        entity::Entity,
        key::EntityKey,
        kinds::{AnyState, EntityType, Kind},
        payment::{Payment, PaymentView},
    },
    shop::rows::{
        PAYMENTS_ALL, PAYMENTS_BY_STATUS, PAYMENTS_BY_USER, newest_first, payment_status_prefix, user_prefix,
    },
};

/// Lists of payments, for staff.
pub struct Payments;

impl Projection for Payments {
    fn name(&self) -> &'static str {
        "payments"
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Payment]
    }

    fn tables(&self) -> &[&'static str] {
        &[PAYMENTS_ALL, PAYMENTS_BY_USER, PAYMENTS_BY_STATUS]
    }

    fn rows(&self, key: &EntityKey, state: &AnyState) -> Vec<Row> {
        // The view does not repeat its own id; the key is the id (a key that is none belongs to no payment).
        match (Payment::state_of(state), Uuid::parse_str(&key.id)) {
            (Some(payment), Ok(id)) => of_view(id, &payment.view()),
            (None, _) | (_, Err(_)) => Vec::new(),
        }
    }
}

fn of_view(id: Uuid, view: &PaymentView) -> Vec<Row> {
    if view.order.is_none() {
        return Vec::new();
    }
    let (at, id) = (newest_first(view.opened_at), id.into_bytes());
    let mut rows = vec![
        Row::new(PAYMENTS_ALL, [&at[..], &id].concat()),
        Row::new(PAYMENTS_BY_STATUS, [&payment_status_prefix(view.status)[..], &at, &id].concat()),
    ];
    rows.extend(view.user.map(|user| Row::new(PAYMENTS_BY_USER, [&user_prefix(user)[..], &at, &id].concat())));
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
        assert!(rows.iter().all(|row| payment_of(&row.key) == Some(PaymentId(id))));
        assert!(rows[1].key.starts_with(b"captured\0"));
        assert_eq!(of_view(id, &PaymentView { order: None, ..view }), vec![]);
    }
}
