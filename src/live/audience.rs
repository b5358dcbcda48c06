//! Who listens, and what they may hear.
//!
//! Checked at subscribe, once: ownership never changes while somebody watches, and a connection whose credentials
//! end is closed by the ticker ([`Audience::valid_for`]).

use std::time::Duration;

use super::{
    Committed,
    topic::{Topic, TopicError},
};
use crate::domain::{
    ids::{CartId, UserId},
    kinds::AnyView,
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    pub staff: bool,
    /// The account, or the guest's session id.
    pub user: Option<UserId>,
    /// The session's own cart, which may not exist yet.
    pub cart: Option<CartId>,
    /// How long these credentials hold from now; at the end the connection is closed. `None`: they do not end.
    pub valid_for: Option<Duration>,
}

/// How much of a view somebody is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Public,
    Staff,
}

impl Audience {
    pub fn level(&self) -> Level {
        if self.staff { Level::Staff } else { Level::Public }
    }

    /// `current` is the topic's view now, where there is one. Unknown and forbidden orders and carts are answered
    /// alike, so that asking tells nothing.
    pub fn may_listen(&self, topic: &Topic, current: Option<&Committed>) -> Result<(), TopicError> {
        match topic {
            Topic::Stock(_) => Ok(()),
            Topic::Board | Topic::Levels if self.staff => Ok(()),
            Topic::Board | Topic::Levels => Err(TopicError::StaffOnly),
            Topic::Cart(id) if self.cart == Some(*id) => Ok(()),
            Topic::Cart(_) | Topic::Order(_) => match current.map(|current| owner(&current.view)) {
                Some(owner) if self.staff || (owner.is_some() && owner == self.user) => Ok(()),
                Some(_) | None => Err(TopicError::NotFound),
            },
        }
    }
}

fn owner(view: &AnyView) -> Option<UserId> {
    match view {
        AnyView::Cart(cart) => cart.owner,
        AnyView::Order(order) => order.placement.as_ref().map(|placement| placement.user),
        AnyView::Payment(payment) => payment.user,
        AnyView::Stock(_) | AnyView::Product(_) | AnyView::Category(_) | AnyView::Account(_) | AnyView::Numbers(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{cart::CartView, ids::Sku, key::EntityKey, kinds::Kind},
        live::frames::samples,
    };

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn cart_of(owner: Option<UserId>) -> (Topic, Committed) {
        let id = CartId(Uuid::from_u128(7));
        let view = AnyView::Cart(CartView { owner, ..CartView::default() });
        (Topic::Cart(id), Committed { key: EntityKey::new(Kind::Cart, id.to_string()), version: 1, view })
    }

    #[test]
    fn carts_and_orders_are_their_owners_and_nobody_can_probe() {
        let guest = Audience::default();
        let owner = Audience { user: Some(user(1)), ..guest.clone() };
        let other = Audience { user: Some(user(2)), ..guest.clone() };
        let staff = Audience { staff: true, ..guest.clone() };
        let order = samples::order(3, user(1));
        let order_topic = Topic::parse(&format!("order.{}", order.key.id)).unwrap();
        for (topic, current) in [cart_of(Some(user(1))), (order_topic, order)] {
            assert_eq!(owner.may_listen(&topic, Some(&current)), Ok(()));
            assert_eq!(staff.may_listen(&topic, Some(&current)), Ok(()));
            for stranger in [&guest, &other] {
                assert_eq!(stranger.may_listen(&topic, Some(&current)), Err(TopicError::NotFound));
                assert_eq!(stranger.may_listen(&topic, None), Err(TopicError::NotFound));
            }
        }
        let (topic, ownerless) = cart_of(None);
        assert_eq!(guest.may_listen(&topic, Some(&ownerless)), Err(TopicError::NotFound), "no owner is nobody's");
    }

    #[test]
    fn a_session_may_watch_its_cart_before_it_exists() {
        let (topic, _) = cart_of(None);
        let session = Audience { cart: Some(CartId(Uuid::from_u128(7))), ..Audience::default() };
        assert_eq!(session.may_listen(&topic, None), Ok(()));
    }

    #[test]
    fn the_board_and_the_levels_are_for_staff_and_stock_is_for_all() {
        let guest = Audience::default();
        let staff = Audience { staff: true, ..Audience::default() };
        for topic in [Topic::Board, Topic::Levels] {
            assert_eq!(guest.may_listen(&topic, None), Err(TopicError::StaffOnly));
            assert_eq!(staff.may_listen(&topic, None), Ok(()));
        }
        assert_eq!(guest.may_listen(&Topic::Stock(Sku::parse("A").unwrap()), None), Ok(()));
    }
}
