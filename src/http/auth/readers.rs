//! Who reads, as the handler's arguments: none of them creates a session.

use std::{convert::Infallible, marker::PhantomData};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};

use super::declare::Argument;
use crate::identity::{Access, AuthError, Identity, Needs, Principal, PrincipalKind, Reach};

/// Everybody alike: nobody is identified.
#[derive(Clone, Copy, Debug)]
pub struct Public;

/// Everybody; whoever is identified may see more. `None` without token and session.
#[derive(Clone, Debug)]
pub struct Anybody(pub Option<Principal>);

/// A reader of what is their own; `None` without token and session.
#[derive(Clone, Debug)]
pub struct MaybeCaller(pub Option<Principal>);

/// The same, and whoever has the permission `P` reads what is others', too.
#[derive(Clone, Debug)]
pub struct MaybeOwner<P>(pub Option<Reach>, pub PhantomData<P>);

/// An account's session, for what is its own. A program's key has no session: no key makes another, changes a password
/// or reads a profile.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Public {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

impl<S> FromRequestParts<S> for Anybody
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        Identity::from_ref(state).identify(&parts.headers).await.map(Self)
    }
}

impl<S> FromRequestParts<S> for MaybeCaller
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        Identity::from_ref(state).identify(&parts.headers).await.map(Self)
    }
}

impl<S, P> FromRequestParts<S> for MaybeOwner<P>
where
    S: Send + Sync,
    P: Needs,
    Identity: FromRef<S>,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        let who = Identity::from_ref(state).identify(&parts.headers).await?;
        Ok(Self(who.map(|who| Reach::of(who, P::PERMISSION)), PhantomData))
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Identity: FromRef<S>,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        let who = Identity::from_ref(state).identify(&parts.headers).await?;
        match who {
            Some(who) if who.session.is_some() => Ok(Self(who)),
            Some(who) if who.kind != PrincipalKind::Guest => Err(AuthError::NeedsSession { by: who.by }),
            Some(_) | None => Err(AuthError::Unauthenticated),
        }
    }
}

impl Argument for Public {
    const ACCESS: Option<Access> = Some(Access::Public);
}

impl Argument for Anybody {
    const ACCESS: Option<Access> = Some(Access::Public);
}

impl Argument for MaybeCaller {
    const ACCESS: Option<Access> = Some(Access::Owner { others: None });
}

impl<P: Needs> Argument for MaybeOwner<P> {
    const ACCESS: Option<Access> = Some(Access::Owner { others: Some(P::PERMISSION) });
}

impl Argument for SignedIn {
    const ACCESS: Option<Access> = Some(Access::SignedIn);
}
