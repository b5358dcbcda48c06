//! Whether a session still stands, by this node's own folded state: asked with every request, and of every open socket
//! each second. No network, so a revocation holds on a node as soon as its tail has it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::future::BoxFuture;

use super::permission::{PermissionSet, of_built_in};
use crate::{
    actors::gateway::Gateway,
    domain::{
        account::{Account, AccountView},
        api_key::{ApiKey, ApiKeyView},
        ids::{SessionId, UserId},
        key::EntityKey,
        kinds::Kind,
        role::{Role, RoleName},
        session::{Method, Session, SessionView},
        time::Timestamp,
    },
};

/// What a session of an account may be taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub roles: BTreeSet<RoleName>,
    /// Of all roles together.
    pub permissions: PermissionSet,
    /// The account's address is proven.
    pub verified: bool,
    /// As its owner writes the address.
    pub email: Arc<str>,
    /// The address as it is compared, where it is proven.
    pub address: Option<Arc<str>>,
    /// The session was proven by a second factor.
    pub second_factor: bool,
    /// The account has one.
    pub has_factor: bool,
    /// When the session was last proven.
    pub authenticated_at: Timestamp,
    /// What its roles would grant to a session with a second factor.
    pub withheld: PermissionSet,
}

impl Standing {
    /// Without a second factor there are no permissions for one of these roles.
    pub(super) fn ruled(self, second_factor_roles: &BTreeSet<String>) -> Self {
        match !self.second_factor && self.roles.iter().any(|role| second_factor_roles.contains(role.as_str())) {
            true => Self { withheld: self.permissions, permissions: PermissionSet::NONE, ..self },
            false => self,
        }
    }
}

pub struct KeyStanding {
    pub view: ApiKeyView,
    /// Of the account.
    pub permissions: PermissionSet,
}

pub trait Standings: Send + Sync + 'static {
    /// `None`: there is no such session, it or its account has ended, or this node has not heard of it yet. Cheap.
    fn of(&self, session: SessionId, user: UserId) -> Option<Standing>;
    /// The key in one place of an account, and what the account may do. `None`: the account has ended or is not known.
    /// Cheap.
    fn key(&self, user: UserId, place: u8) -> Option<KeyStanding>;
    fn key_caught_up(&self, user: UserId, place: u8) -> BoxFuture<'_, ()>;
    /// Waits until this node has folded what is acknowledged of both now.
    fn caught_up(&self, session: SessionId, user: UserId) -> BoxFuture<'_, ()>;
}

/// A session that was opened elsewhere a moment ago is here within so long, or the node is cut off.
const WITHIN: Duration = Duration::from_secs(2);

impl Standings for Gateway {
    fn of(&self, session: SessionId, user: UserId) -> Option<Standing> {
        let account = self.read_local::<Account>(&user.to_string()).ok()??.view;
        let opened = self.read_local::<Session>(&session.to_string()).ok()??.view;
        standing(session, user, &account, opened, |role| own_role(self, role))
    }

    fn key(&self, user: UserId, place: u8) -> Option<KeyStanding> {
        let account = self.read_local::<Account>(&user.to_string()).ok()??.view;
        let view = self.read_local::<ApiKey>(&ApiKey::place_id(user, place)).ok()??.view;
        key_standing(&account, view, |role| own_role(self, role))
    }

    fn key_caught_up(&self, user: UserId, place: u8) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.await_folded(&ApiKey::place(user, place), WITHIN).await;
        })
    }

    fn caught_up(&self, session: SessionId, user: UserId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (session, account) = (key(Kind::Session, session.0), key(Kind::Account, user.0));
            tokio::join!(self.await_folded(&session, WITHIN), self.await_folded(&account, WITHIN));
        })
    }
}

fn own_role(gateway: &Gateway, role: &RoleName) -> Option<PermissionSet> {
    let role = gateway.read_local::<Role>(role.as_str()).ok()??.view;
    role.defined.map(|defined| PermissionSet::named(&defined.permissions))
}

fn key(kind: Kind, id: uuid::Uuid) -> EntityKey {
    EntityKey::new(kind, id.to_string())
}

/// What an account and its session are taken for, with the permissions of the shop's own roles.
///
/// The account lists its sessions and has the last word; the session has it, too, where it ended by itself.
pub(super) fn standing(
    session: SessionId,
    user: UserId,
    account: &AccountView,
    known: SessionView,
    own_role: impl Fn(&RoleName) -> Option<PermissionSet>,
) -> Option<Standing> {
    known.opened.as_ref().filter(|opened| opened.user == user && known.ended.is_none())?;
    let stands = account.is_registered() && !account.disabled && account.sessions.contains(&session);
    let second = |method: &Method| match method {
        Method::Totp | Method::Passkey | Method::RecoveryCode => true,
        Method::Password | Method::Registration | Method::Sso => false,
    };
    stands.then(|| Standing {
        roles: account.roles.clone(),
        permissions: permissions(account, own_role),
        verified: account.verified,
        email: account.mailbox.as_ref().map(|mailbox| mailbox.shown.clone()).unwrap_or_default(),
        address: account.mailbox.as_ref().filter(|_| account.verified).map(|mailbox| mailbox.address.clone()),
        second_factor: known.methods.iter().any(second),
        has_factor: account.factors.any(),
        authenticated_at: known.authenticated_at,
        withheld: PermissionSet::NONE,
    })
}

pub(super) fn key_standing(
    account: &AccountView,
    view: ApiKeyView,
    own_role: impl Fn(&RoleName) -> Option<PermissionSet>,
) -> Option<KeyStanding> {
    let stands = account.is_registered() && !account.disabled;
    stands.then(|| KeyStanding { view, permissions: permissions(account, own_role) })
}

/// A role that is no more grants nothing.
fn permissions(account: &AccountView, own_role: impl Fn(&RoleName) -> Option<PermissionSet>) -> PermissionSet {
    account.roles.iter().filter_map(|role| of_built_in(role).or_else(|| own_role(role))).collect()
}
