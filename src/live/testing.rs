//! Topic families of this room's own tests: things with a number of units.
//!
//! The engine has no entity of its own, so things borrow the kind with the smallest view.

use std::sync::Arc;

use serde::Serialize;

use super::{Audience, Committed, ManyEntities, OneEntity, Shown, Sight, TopicFamily, Topics};
use crate::{
    actors::gateway::Gateway,
    domain::{
        ids::OrderId,
        key::EntityKey,
        kinds::{AnyView, Kind},
        numbers::NumbersView,
    },
    identity::{Access, Permission, PermissionSet},
};

/// What the staff of these tests has.
pub const STAFF: Permission = Permission::OperationsRead;

#[derive(Serialize)]
struct Thing<'a> {
    id: &'a str,
    units: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    staff: bool,
}

#[derive(Clone, Copy)]
enum Rule {
    Everybody,
    Staff,
    Owner,
}

/// `thing.<id>` and `rival.<id>` for everybody, `mine.<id>` for its owner; `thing` for staff; `shelf` for everybody,
/// which things without units leave.
struct Family {
    name: &'static str,
    pattern: &'static str,
    rule: Rule,
}

pub fn topics() -> Topics {
    let family = |name, pattern, rule| Arc::new(Family { name, pattern, rule });
    Topics::new(
        vec![
            family("thing", "thing.<id>", Rule::Everybody),
            family("rival", "rival.<id>", Rule::Everybody),
            family("mine", "mine.<id>", Rule::Owner),
        ],
        vec![family("thing", "thing", Rule::Staff), family("shelf", "shelf", Rule::Everybody)],
    )
}

/// Who has `STAFF`, or nothing.
pub fn audience(staff: bool) -> Audience {
    let permissions = if staff { PermissionSet::of(&[STAFF]) } else { PermissionSet::NONE };
    Audience { permissions, ..Audience::default() }
}

pub fn key(id: &str) -> EntityKey {
    EntityKey::new(Kind::Numbers, id)
}

pub fn thing(id: &str, version: u64, units: u64) -> Committed {
    let view = AnyView::Numbers(NumbersView { last: Some((OrderId::default(), units)) });
    Committed { key: key(id), version, view }
}

impl TopicFamily for Family {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kind(&self) -> Kind {
        Kind::Numbers
    }

    fn schema(&self) -> &'static str {
        "Thing"
    }

    fn access(&self) -> Access {
        match self.rule {
            Rule::Everybody => Access::Public,
            Rule::Staff => Access::Permission(STAFF),
            Rule::Owner => Access::Owner { others: Some(STAFF) },
        }
    }

    fn shows(&self) -> PermissionSet {
        PermissionSet::of(&[STAFF])
    }

    fn frame(&self, change: &Committed, sight: Sight) -> Option<Shown> {
        let AnyView::Numbers(view) = &change.view else { return None };
        let units = view.last.map_or(0, |(_, units)| units);
        let shape = Thing { id: &change.key.id, units, staff: sight.permissions.has(STAFF) };
        Shown::of(&shape).map(|shown| shown.gone(self.name == "shelf" && units == 0))
    }
}

impl OneEntity for Family {
    fn pattern(&self) -> &'static str {
        self.pattern
    }

    fn entity(&self, id: &str) -> Option<EntityKey> {
        (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| key(id))
    }

    fn first(&self) -> Option<AnyView> {
        Some(AnyView::Numbers(NumbersView::default()))
    }
}

impl ManyEntities for Family {
    fn snapshot(&self, _: &Gateway, _: usize) -> Vec<Committed> {
        unreachable!("the tests have a shop of their own behind the `Current` port")
    }
}
