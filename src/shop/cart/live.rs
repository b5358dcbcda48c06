//! The topic of a cart: `cart.<id>`, for its owner, for its session before the cart exists, and for `customers.read`.

use crate::{
    domain::{
        cart::CartView,
        ids::CartId,
        key::EntityKey,
        kinds::{AnyView, Kind},
    },
    identity::{Access, Permission, PermissionSet},
    live::{Committed, OneEntity, Shown, Sight, TopicFamily},
    shop::{one_spelling, services::Front},
};

/// `cart.<id>`.
pub struct OneCart {
    pub front: Front,
}

impl TopicFamily for OneCart {
    fn name(&self) -> &'static str {
        "cart"
    }

    fn kind(&self) -> Kind {
        Kind::Cart
    }

    fn schema(&self) -> &'static str {
        "Cart"
    }

    fn access(&self) -> Access {
        Access::Owner { others: Some(Permission::CustomersRead) }
    }

    fn shows(&self) -> PermissionSet {
        PermissionSet::of(&[Permission::StockRead])
    }

    /// The shape of `GET /api/cart`.
    fn frame(&self, change: &Committed, sight: Sight) -> Option<Shown> {
        let AnyView::Cart(view) = &change.view else { return None };
        let id = change.key.id.parse().ok()?;
        Shown::of(&self.front.cart(Some(id), change.version, view, sight.permissions.has(Permission::StockRead)).ok()?)
    }
}

impl OneEntity for OneCart {
    fn pattern(&self) -> &'static str {
        "cart.<id>"
    }

    fn entity(&self, id: &str) -> Option<EntityKey> {
        one_spelling::<CartId>(id).map(|id| EntityKey::new(Kind::Cart, id.to_string()))
    }

    /// A session's cart is empty until its first line.
    fn first(&self) -> Option<AnyView> {
        Some(AnyView::Cart(CartView::default()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::ids::UserId,
        live::{Audience, TopicError},
        shop::samples::{frame, nobody_else_may_listen, topics},
    };

    const ID: &str = "01920000-0000-7000-8000-000000000001";

    fn cart(owner: Option<UserId>) -> Committed {
        let view = AnyView::Cart(CartView { owner, ..CartView::default() });
        Committed { key: EntityKey::new(Kind::Cart, ID), version: 2, view }
    }

    #[test]
    fn a_cart_carries_its_id_and_not_its_owner() {
        let none = json!({"amount": 0, "currency": "EUR"});
        let shown = json!({"id": ID, "version": 2, "lines": [], "units": 0, "coupons": [],
            "totals": {"items": none, "tax": none, "total": none}});
        let change = cart(Some(UserId::default()));
        assert_eq!(frame(&format!("cart.{ID}"), &change, Sight::default(), false)["view"], shown);
    }

    #[test]
    fn a_cart_is_its_owners_and_nobody_can_probe() {
        let owner = UserId(Uuid::from_u128(1));
        nobody_else_may_listen(&format!("cart.{ID}"), owner, &cart(Some(owner)));
        let guest = Audience::default();
        assert_eq!(
            guest.admitted(OneCart { front: Front::default() }.access(), Some(&cart(None))),
            Err(TopicError::NotFound),
            "no owner is nobody's"
        );
    }

    #[test]
    fn a_session_may_watch_its_cart_before_it_exists() {
        let session = Audience { own: Some(EntityKey::new(Kind::Cart, ID)), ..Audience::default() };
        assert_eq!(topics(false).parse(&format!("cart.{ID}")).unwrap().may_listen(&session, None), Ok(()));
    }
}
