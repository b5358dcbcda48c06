//! What a handler's arguments declare of its callers, read from its type and written into the document.
//!
//! `x-permission` of an operation is `public`, `owner` or a permission's name; `x-permission-others` names the permission
//! with which the things of others are reached. There is no second list: a handler that would admit others than its
//! document says does not exist.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{Path as RawPath, State},
    http::{Extensions, HeaderMap},
    routing::MethodRouter,
};
use utoipa::openapi::{Paths, extensions::ExtensionsBuilder, path::Operation, security::SecurityRequirement};

use crate::{
    http::{
        Body, Path, Query,
        conditional::IfMatch,
        docs::{self, BEARER},
        idempotency::{IdempotencyKey, OptionalKey},
    },
    identity::Access,
};

/// A handler's argument, and what it declares of the callers: mostly nothing. An argument of another type does not
/// compile before it is said here or beside that type.
pub trait Argument {
    const ACCESS: Option<Access> = None;
}

impl<T> Argument for State<T> {}
impl<T> Argument for Path<T> {}
impl<T> Argument for RawPath<T> {}
impl<T> Argument for Query<T> {}
impl<T> Argument for Body<T> {}
impl Argument for Bytes {}
impl Argument for HeaderMap {}
impl Argument for Extensions {}
impl Argument for IfMatch {}
impl Argument for IdempotencyKey {}
impl Argument for OptionalKey {}

/// A handler, by the types of its arguments.
pub trait Declares<Arguments> {
    const ACCESS: Access;
}

macro_rules! handlers {
    ($(($($argument:ident)+))+) => {$(
        impl<H, R, $($argument: Argument),+> Declares<($($argument,)+)> for H
        where
            H: Fn($($argument),+) -> R,
        {
            const ACCESS: Access = the_one(&[$($argument::ACCESS),+]);
        }
    )+};
}

handlers! {
    (A1)
    (A1 A2)
    (A1 A2 A3)
    (A1 A2 A3 A4)
    (A1 A2 A3 A4 A5)
    (A1 A2 A3 A4 A5 A6)
    (A1 A2 A3 A4 A5 A6 A7)
    (A1 A2 A3 A4 A5 A6 A7 A8)
}

const fn the_one(declared: &[Option<Access>]) -> Access {
    let (mut found, mut n) = (None, 0);
    while n < declared.len() {
        if let Some(access) = declared[n] {
            assert!(found.is_none(), "two arguments of the handler say who may call");
            found = Some(access);
        }
        n += 1;
    }
    match found {
        Some(access) => access,
        None => panic!("no argument of the handler says who may call"),
    }
}

/// Whom the handler admits.
pub fn access<Arguments, H: Declares<Arguments>>(_: H) -> Access {
    H::ACCESS
}

/// What `utoipa_axum::routes!` makes.
type Routes<T, S> = (T, Paths, MethodRouter<S, Infallible>);

/// Writes each handler's declaration into its operation; `handlers` has their paths as the code spells them.
pub fn write<T, S>(mut routes: Routes<T, S>, handlers: &[(&str, Access)]) -> Routes<T, S> {
    for operation in routes.1.paths.values_mut().flat_map(docs::operations_of) {
        let name = operation.operation_id.as_deref().unwrap_or_default();
        let handler =
            handlers.iter().find(|(path, _)| path.rsplit("::").next().is_some_and(|last| last.trim() == name));
        if let Some((_, access)) = handler {
            declare(operation, *access);
        }
    }
    routes
}

/// The operation admits these callers.
pub fn declare(operation: &mut Operation, access: Access) {
    let mut extensions = ExtensionsBuilder::new().add("x-permission", access.name());
    if let Some(others) = access.others() {
        extensions = extensions.add("x-permission-others", others.name());
    }
    operation.extensions.get_or_insert_default().merge(extensions.build());
    if access.needs_an_account() {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    }
}

/// `utoipa_axum::routes!` for handlers that declare their callers.
macro_rules! declared {
    ($($handler:path),+ $(,)?) => {
        $crate::http::auth::declare::write(
            utoipa_axum::routes!($($handler),+),
            &[$((stringify!($handler), $crate::http::auth::declare::access($handler))),+],
        )
    };
}

pub(crate) use declared;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http::auth::{Caller, MaybeOwner, Public, SignedIn, Staff},
        identity::{Permission, may},
    };

    async fn public(_: Public) {}
    async fn own(_: State<u8>, _: Caller) {}
    async fn of_others(_: MaybeOwner<may::MoneyRead>, _: HeaderMap) {}
    async fn account(_: SignedIn) {}
    async fn staff(_: State<u8>, _: Staff<may::OperationsRead>, _: Bytes) {}

    #[test]
    fn a_handlers_type_says_who_may_call() {
        assert_eq!(access(public), Access::Public);
        assert_eq!(access(own), Access::Owner { others: None });
        assert_eq!(access(of_others), Access::Owner { others: Some(Permission::MoneyRead) });
        assert_eq!(access(account), Access::SignedIn);
        assert_eq!(access(staff), Access::Permission(Permission::OperationsRead));
    }

    #[test]
    fn the_declaration_stands_in_the_operation() {
        let mut operation = Operation::default();
        declare(&mut operation, access(of_others));
        let json = serde_json::to_value(&operation).unwrap();
        assert_eq!((&json["x-permission"], &json["x-permission-others"]), (&"owner".into(), &"money.read".into()));
        assert!(operation.security.is_none());
        declare(&mut operation, access(staff));
        assert!(operation.security.is_some());
    }
}
