//! Who may write or work for the shop, as the handler's arguments. Readers are in `readers`.

use std::marker::PhantomData;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderValue, request::Parts},
};

use crate::{
    domain::entity::Work,
    http::{Door, Problem, door::Came},
    identity::{Access, AuthError, Identity, Needs, Principal, PrincipalKind, Reach},
};

use super::{declare::Argument, layers::GuestSlot};

/// A writer: an account, a known guest, or a new guest, whose cookie the guard adds. Each request with one
/// is a change, and charged to the writer's budgets; a guest whose first change is refused gets no session.
#[derive(Clone, Debug)]
pub struct Caller(pub Principal);

/// A writer who goes on with what was accepted: pays or cancels. Not charged to the budget of all guests together, so that
/// no crowd keeps a buyer from paying. Whoever has the permission `P` does it for others, too.
#[derive(Clone, Debug)]
pub struct Settler<P>(pub Reach, pub PhantomData<P>);

/// Whoever has the permission `P`.
#[derive(Clone, Debug)]
pub struct Staff<P>(pub Principal, pub PhantomData<P>);

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Identity: FromRef<S>,
    Door: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        writer(parts, &Identity::from_ref(state), &Door::from_ref(state), Work::New).await.map(Self)
    }
}

impl<S, P> FromRequestParts<S> for Settler<P>
where
    S: Send + Sync,
    P: Needs,
    Identity: FromRef<S>,
    Door: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let who = writer(parts, &Identity::from_ref(state), &Door::from_ref(state), Work::Owed).await?;
        Ok(Self(Reach::of(who, P::PERMISSION), PhantomData))
    }
}

async fn writer(parts: &Parts, identity: &Identity, door: &Door, work: Work) -> Result<Principal, Problem> {
    let slot = parts.extensions.get::<GuestSlot>();
    if let Some((principal, _)) = slot.and_then(GuestSlot::get) {
        return Ok(principal.clone());
    }
    let address = door.client(&parts.headers, &parts.extensions);
    let sender = identity.sender(&parts.headers).await?;
    door.budgets.charge(sender.principal(), address, &parts.headers, work)?;
    let https = parts.extensions.get::<Came>().is_some_and(|came| came.https);
    let recognised = identity.recognise(sender, &parts.headers, https);
    let Some(cookie) = recognised.set_cookie else { return Ok(recognised.principal) };
    let (Some(slot), Ok(cookie)) = (slot, HeaderValue::try_from(cookie)) else {
        // Without the cookie the guest would lose this request's writes.
        tracing::error!("the guard is missing around {}", parts.uri.path());
        return Err(AuthError::Internal.into());
    };
    Ok(slot.fill(recognised.principal, cookie))
}

impl<S, P> FromRequestParts<S> for Staff<P>
where
    S: Send + Sync,
    P: Needs,
    Identity: FromRef<S>,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        Self::of(&Identity::from_ref(state), &parts.headers).await
    }
}

impl<P: Needs> Staff<P> {
    /// Whose token the headers carry, if that account has the permission.
    pub async fn of(identity: &Identity, headers: &HeaderMap) -> Result<Self, AuthError> {
        match identity.identify(headers).await? {
            Some(principal) if principal.may(P::PERMISSION) => Ok(Self(principal, PhantomData)),
            Some(Principal { proven, by, .. }) if proven.withheld.has(P::PERMISSION) => {
                Err(AuthError::SecondFactorRequired { by })
            }
            Some(Principal { kind: PrincipalKind::Account, by, .. }) => {
                Err(AuthError::Forbidden { permission: P::PERMISSION, by })
            }
            Some(Principal { kind: PrincipalKind::Guest, .. }) | None => Err(AuthError::Unauthenticated),
        }
    }
}

impl Argument for Caller {
    const ACCESS: Option<Access> = Some(Access::Owner { others: None });
}

impl<P: Needs> Argument for Settler<P> {
    const ACCESS: Option<Access> = Some(Access::Owner { others: Some(P::PERMISSION) });
}

impl<P: Needs> Argument for Staff<P> {
    const ACCESS: Option<Access> = Some(Access::Permission(P::PERMISSION));
}
