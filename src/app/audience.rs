//! The listener that a live connection's credentials name.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{key::EntityKey, kinds::Kind},
    http::live::{Authorise, Credentials},
    identity::{AuthError, Identity, Principal},
    live::Audience,
};

/// A token ends its connection when it expires, whether the handshake brought it or a message.
pub(super) fn authorise(identity: Identity) -> Arc<Authorise> {
    Arc::new(move |shown| match shown {
        Credentials::Token(token) => of_token(&identity, token),
        Credentials::Handshake(headers) => match Identity::bearer(headers)? {
            Some(token) => of_token(&identity, token),
            None => {
                let caller = identity.identify(headers)?;
                Ok(caller.map(audience).unwrap_or_default())
            }
        },
    })
}

fn of_token(identity: &Identity, token: &str) -> Result<Audience, AuthError> {
    let claims = identity.claims_of_token(token)?;
    let left = claims.exp.saturating_mul(1000).saturating_sub(identity.now_ms());
    let valid_for = Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
    Ok(Audience { valid_for, ..audience(claims.principal()) })
}

fn audience(principal: Principal) -> Audience {
    Audience {
        permissions: principal.permissions,
        user: Some(principal.user),
        own: Some(EntityKey::new(Kind::Cart, principal.cart.to_string())),
        valid_for: None,
        still: None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{account::Role, ids::UserId},
        identity::{Permission, testing::world},
    };

    #[test]
    fn a_token_ends_its_connection_wherever_it_came_from() {
        let identity = world().identity;
        let user = UserId(Uuid::from_u128(5));
        let login = identity.issue(user, Role::Operator, "ada@example.org".to_owned()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {}", login.access_token).parse().unwrap());
        let authorise = authorise(identity);
        let by_message = authorise(Credentials::Token(&login.access_token)).unwrap();
        let by_handshake = authorise(Credentials::Handshake(&headers)).unwrap();
        for audience in [&by_message, &by_handshake] {
            assert!(audience.permissions.has(Permission::OrdersRead) && audience.user == Some(user));
            assert_eq!(audience.valid_for, Some(Duration::from_secs(login.expires_in.into())));
        }
        let anonymous = authorise(Credentials::Handshake(&HeaderMap::new())).unwrap();
        assert!(anonymous.permissions.is_empty() && anonymous.user.is_none() && anonymous.valid_for.is_none());
    }
}
