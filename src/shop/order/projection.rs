//! Index rows of an order: all, by user, by status, by number, by e-mail. An order that was never placed has none.

use crate::{
    actors::{ports::Row, projection::Projection},
    domain::{
        entity::Entity,
        key::EntityKey,
        kinds::{AnyState, EntityType, Kind},
        order::{CheckoutSnapshot, Order, OrderView},
        time::Timestamp,
    },
    shop::rows::{
        AddressIndex, ORDERS_ALL, ORDERS_BY_EMAIL, ORDERS_BY_NUMBER, ORDERS_BY_STATUS, ORDERS_BY_USER, email_key,
        lifecycle_prefix, newest_first, number_prefix, user_prefix,
    },
};

/// Lists of orders, for shoppers and staff.
pub struct Orders(pub AddressIndex);

impl Projection for Orders {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn version(&self) -> u32 {
        3
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Order]
    }

    fn tables(&self) -> &[&'static str] {
        &[ORDERS_ALL, ORDERS_BY_USER, ORDERS_BY_STATUS, ORDERS_BY_NUMBER, ORDERS_BY_EMAIL]
    }

    fn rows(&self, _key: &EntityKey, state: &AnyState) -> Vec<Row> {
        Order::state_of(state).map(|order| of_view(&self.0, &order.view())).unwrap_or_default()
    }
}

pub(super) fn of_view(index: &AddressIndex, view: &OrderView) -> Vec<Row> {
    let Some(placement) = &view.placement else { return Vec::new() };
    let (at, order) = (newest_first(view.placed_at), placement.order);
    let id = order.0.into_bytes();
    let mut rows = vec![
        Row::new(ORDERS_ALL, [&at[..], &id].concat()),
        Row::new(ORDERS_BY_USER, [&user_prefix(placement.user)[..], &at, &id].concat()),
        Row::new(ORDERS_BY_STATUS, [&lifecycle_prefix(view.lifecycle)[..], &at, &id].concat()),
    ];
    // Nobody has an order that was erased.
    if !placement.email.is_empty() {
        let key = email_key(index, &placement.email, view.placed_at, view.lifecycle, order);
        rows.push(Row::new(ORDERS_BY_EMAIL, key));
    }
    rows.extend(view.number.map(|number| Row::new(ORDERS_BY_NUMBER, [&number_prefix(number)[..], &id].concat())));
    rows
}

/// Guests' orders by the address that they named, as accounts compare addresses: an account that has proven it finds
/// them among its own. Beside [`Orders`], whose lists go on while this one is built for the first time.
pub struct OrdersOfGuests(pub AddressIndex);

/// address as tokens, placed_at (newest first), order id
pub const ORDERS_BY_CONTACT: &str = "orders_by_contact";

impl Projection for OrdersOfGuests {
    fn name(&self) -> &'static str {
        "orders_of_guests"
    }

    fn version(&self) -> u32 {
        2
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Order]
    }

    fn tables(&self) -> &[&'static str] {
        &[ORDERS_BY_CONTACT]
    }

    fn rows(&self, _key: &EntityKey, state: &AnyState) -> Vec<Row> {
        // Asked at every event of an order: the placement alone decides, and no view is made for it.
        let placed = Order::state_of(state).and_then(Order::placed);
        placed.and_then(|(placement, at)| by_contact(&self.0, placement, at)).into_iter().collect()
    }
}

fn by_contact(index: &AddressIndex, placement: &CheckoutSnapshot, at: Timestamp) -> Option<Row> {
    let (address, id) = (index.whole(&placement.contact()?), placement.order.0.as_bytes());
    Some(Row::new(ORDERS_BY_CONTACT, [&address[..], &newest_first(at), id].concat()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            ids::{OrderId, UserId},
            order::{OrderStatus, PaymentStatus},
        },
        shop::rows::{email_prefix, order_of},
        testing::an_order,
    };

    fn view(number: Option<u64>) -> OrderView {
        let order = an_order().id(OrderId(Uuid::from_u128(7))).user(UserId(Uuid::from_u128(9)));
        let sold = order.status(OrderStatus::Verified).payment_status(PaymentStatus::Captured);
        sold.number(number).placed_at(Timestamp(5)).view()
    }

    #[test]
    fn every_row_leads_back_to_its_order() {
        let index = AddressIndex::default();
        let rows = of_view(&index, &view(Some(1_001)));
        assert_eq!(
            rows.iter().map(|row| row.table).collect::<Vec<_>>(),
            [ORDERS_ALL, ORDERS_BY_USER, ORDERS_BY_STATUS, ORDERS_BY_EMAIL, ORDERS_BY_NUMBER]
        );
        assert!(rows.iter().all(|row| order_of(&row.key) == Some(OrderId(Uuid::from_u128(7)))));
        assert!(rows[1].key.starts_with(&user_prefix(UserId(Uuid::from_u128(9)))));
        assert!(rows[2].key.starts_with(b"verified\0"));
        assert!(rows[3].key.starts_with(&email_prefix(&index, "ada@example.org")));
        assert!(rows[4].key.starts_with(&number_prefix(1_001)));
    }

    #[test]
    fn a_guests_order_has_a_row_by_its_address_and_an_accounts_has_none() {
        let (index, order) = (AddressIndex::default(), view(None));
        let mut placement = order.placement.as_deref().cloned().expect("it is placed");
        let row = by_contact(&index, &placement, order.placed_at).expect("a guest's");
        assert!(
            row.key.starts_with(&index.whole("ada@example.org"))
                && order_of(&row.key) == Some(OrderId(Uuid::from_u128(7)))
        );
        placement.by_account = true;
        assert_eq!(by_contact(&index, &placement, order.placed_at), None);
    }

    #[test]
    fn no_number_no_row_and_unplaced_none_at_all() {
        let index = AddressIndex::default();
        assert_eq!(of_view(&index, &view(None)).len(), 4);
        assert_eq!(of_view(&index, &OrderView { placement: None, ..view(None) }), vec![]);
    }
}
