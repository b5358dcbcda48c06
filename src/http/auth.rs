//! Stand-in of the identity helper's extractors and layers. Replaced at merge.

use std::convert::Infallible;

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::Response,
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    http::{Code, Problem},
    identity::{Identity, Principal},
};

pub struct Caller(pub Principal);
pub struct MaybeCaller(pub Option<Principal>);
pub struct Staff(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Problem> {
        Err(Problem::new(Code::Unauthenticated, "stand-in"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = Infallible;
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(None))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Problem> {
        Err(Problem::new(Code::Unauthenticated, "stand-in"))
    }
}

pub async fn guest_cookie(request: Request, next: Next) -> Response {
    next.run(request).await
}

pub async fn same_origin(State(_): State<Identity>, request: Request, next: Next) -> Response {
    next.run(request).await
}

pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Identity: FromRef<S>,
{
    OpenApiRouter::default()
}
