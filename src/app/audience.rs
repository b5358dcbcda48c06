//! The listener that a live connection's credentials name.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;

use crate::{
    domain::{key::EntityKey, kinds::Kind},
    http::live::{Authorise, Credentials},
    identity::{API_KEY_PREFIX, AuthError, Identity, Principal, TokenFault, cookies},
    live::{Audience, Still},
};

/// A token ends its connection when it expires, whether the handshake brought it (as a header or in a browser's cookie) or
/// a message; so do the end of its session and a permission that is taken away.
pub(super) fn authorise(identity: Identity) -> Arc<Authorise> {
    Arc::new(move |shown| {
        let identity = identity.clone();
        Box::pin(async move {
            match shown {
                Credentials::Token(token) => of_token(&identity, token).await,
                Credentials::Handshake(headers) => match (Identity::bearer(headers)?, cookies::access(headers)) {
                    (Some(token), _) => of_token(&identity, token).await,
                    (None, Some(token)) => match of_token(&identity, token).await {
                        Ok(audience) => Ok(audience),
                        // As with every request: a cookie that is not good any more names nobody.
                        Err(_) => guest(&identity, headers).await,
                    },
                    (None, None) => guest(&identity, headers).await,
                },
            }
        })
    })
}

async fn guest(identity: &Identity, headers: &HeaderMap) -> Result<Audience, AuthError> {
    let caller = identity.identify(headers).await?;
    Ok(caller.map(audience).unwrap_or_default())
}

async fn of_token(identity: &Identity, token: &str) -> Result<Audience, AuthError> {
    if token.starts_with(API_KEY_PREFIX) {
        return of_key(identity, token).await;
    }
    let claims = identity.claims_of_token(token)?;
    let principal = identity.principal_of_token(token).await?;
    let left = claims.exp.saturating_mul(1000).saturating_sub(identity.now().0);
    let valid_for = Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
    let (of, session, user, granted) = (identity.clone(), claims.session(), claims.user(), principal.permissions);
    let address = principal.address.clone();
    let still = Some(Still::new(move || of.still_grants(session, user, granted, address.as_deref())));
    Ok(Audience { valid_for, still, ..audience(principal) })
}

/// A key that is revoked, expires or may do less ends its connection as a session does.
async fn of_key(identity: &Identity, text: &str) -> Result<Audience, AuthError> {
    let principal = identity.principal_of_token(text).await?;
    let watch = identity.key_watch(text, principal.permissions);
    let (until, stands) = watch.ok_or(AuthError::InvalidToken(TokenFault::Ended))?;
    let left = u64::try_from(until.since(identity.now())).unwrap_or(0);
    let (valid_for, still) = (Some(Duration::from_millis(left)), Some(Still::new(stands)));
    Ok(Audience { valid_for, still, ..audience(principal) })
}

fn audience(principal: Principal) -> Audience {
    Audience {
        permissions: principal.permissions,
        user: Some(principal.user),
        address: principal.address,
        own: Some(EntityKey::new(Kind::Cart, principal.cart.to_string())),
        valid_for: None,
        still: None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;
    use crate::{
        domain::{account::AccountCommand, role::RoleName},
        identity::{Permission, testing::world},
    };

    #[tokio::test]
    async fn a_token_ends_its_connection_wherever_it_came_from_and_so_does_its_session() {
        let w = world();
        let granted = w.account("ada@example.org", RoleName::manager()).await;
        let header = |name, value: String| HeaderMap::from_iter([(name, value.parse().unwrap())]);
        let bearer = header(header::AUTHORIZATION, format!("Bearer {}", granted.access_token));
        let cookie = header(header::COOKIE, format!("souk_access={}", granted.access_token));
        let authorise = authorise(w.identity.clone());
        let by_message = authorise(Credentials::Token(&granted.access_token)).await.unwrap();
        let by_header = authorise(Credentials::Handshake(&bearer)).await.unwrap();
        let by_cookie = authorise(Credentials::Handshake(&cookie)).await.unwrap();
        let all = [&by_message, &by_header, &by_cookie];
        for audience in all {
            assert!(audience.permissions.has(Permission::OrdersRead) && audience.user == Some(granted.user));
            assert_eq!(audience.valid_for, Some(Duration::from_secs(granted.expires_in.into())));
            assert!(audience.still.as_ref().is_some_and(Still::stands));
        }
        w.tell(granted.user, AccountCommand::SetRoles { roles: [RoleName::customer()].into() });
        assert!(!by_header.still.as_ref().unwrap().stands(), "a permission was taken away");
        w.tell(granted.user, AccountCommand::Promote);
        assert!(by_header.still.as_ref().unwrap().stands(), "more than before takes nothing away");
        w.identity.log_out(granted.user, granted.session).await.unwrap();
        assert!(all.into_iter().all(|audience| !audience.still.as_ref().unwrap().stands()));
        assert!(authorise(Credentials::Token(&granted.access_token)).await.is_err());
        let stale = authorise(Credentials::Handshake(&cookie)).await.unwrap();
        assert!(stale.permissions.is_empty() && stale.user.is_none(), "an old cookie names nobody");
        let anonymous = authorise(Credentials::Handshake(&HeaderMap::new())).await.unwrap();
        assert!(anonymous.permissions.is_empty() && anonymous.user.is_none() && anonymous.valid_for.is_none());
    }
}
