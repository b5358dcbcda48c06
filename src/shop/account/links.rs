//! The account's own links to OpenID providers: begun here or by a mail, listed, removed.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{client::Asker, email::LinkBody, sso};
use crate::{
    domain::account::Account,
    http::{
        Body, Path, Problem,
        auth::{Public, SignedIn},
    },
    shop::AppState,
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Links)]
pub struct LinksBody {
    pub items: Vec<AccountLink>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountLink {
    #[schema(example = "google")]
    pub provider: String,
    /// What people know it by; the name, where the shop has it no more.
    #[schema(example = "Google")]
    pub title: String,
    /// RFC 3339, UTC.
    pub since: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLink)]
pub struct NewLinkBody {
    /// A path of the shop's own.
    #[schema(max_length = 512, example = "/account")]
    pub return_to: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LinkBegun {
    /// Where the browser goes next.
    pub location: String,
}

/// The account's links
#[utoipa::path(get, path = "/api/auth/links", tag = "Identity", responses(
    (status = 200, description = "One for each provider, at most 10", body = LinksBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
))]
pub async fn list_links(State(state): State<AppState>, SignedIn(who): SignedIn) -> Result<Json<LinksBody>, Problem> {
    let account = state.gateway.read::<Account>(&who.user.to_string(), state.command_timeout).await?;
    let links = account.view.links.iter().filter(|link| link.held).map(|link| {
        let provider = &link.subject.provider;
        let title = state.oidc.get(provider).map_or(&**provider, |known| known.title()).to_owned();
        AccountLink { provider: provider.to_string(), title, since: link.since.rfc3339() }
    });
    Ok(Json(LinksBody { items: links.collect() }))
}

/// Begin to link the account with who the caller is at a provider
///
/// The browser that asks goes to `location` next; back from there it is at `return_to`, with `#linked` or `#sso_error`.
#[utoipa::path(post, path = "/api/auth/oidc/{provider}/link", tag = "Identity",
    params(("provider" = String, Path)), request_body = NewLinkBody, responses(
        (status = 200, description = "Where to go; a cookie of ten minutes knows the way back", body = LinkBegun),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 403, description = "`step_up_required`"),
        (status = 404, description = "`unknown_oidc_provider`"),
        (status = 422, description = "`invalid_field`: no path of the shop's own"),
        (status = 503, description = "`sso_unavailable`, with Retry-After"),
    ))]
pub async fn begin_link(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    headers: HeaderMap,
    asker: Asker,
    Path(name): Path<String>,
    Body(body): Body<NewLinkBody>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let (location, cookie) = sso::begin(&state, &headers, &asker, &name, &body.return_to, Some(&who)).await?;
    let location = location.to_str().map_err(|error| Problem::internal(&error))?.to_owned();
    Ok(([(header::SET_COOKIE, cookie), sso::uncached()], Json(LinkBegun { location })).into_response())
}

/// Agree to a link by a mail's link
///
/// The mail went to the account's address, because somebody came from a provider with it. Where nobody had proven the
/// address before, whoever follows the link takes the account over: password, second factors, other links and sessions of
/// before end.
#[utoipa::path(post, path = "/api/auth/links/confirm", tag = "Identity", request_body = LinkBody, responses(
    (status = 204, description = "Linked; the mail's link is used"),
    (status = 403, description = "`account_disabled`"),
    (status = 409, description = "`link_taken`, `link_exists`, `link_under_way`, `too_many_links`"),
    (status = 410, description = "`bad_link`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn confirm_link(
    _: Public,
    State(state): State<AppState>,
    asker: Asker,
    Body(body): Body<LinkBody>,
) -> Result<StatusCode, Problem> {
    let identity = &state.toolkit.identity;
    identity.following(&asker.client, identity.confirm_link(body.token.expose())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a link
///
/// Sessions stay. Without a password the next log-in needs one of a mail: `POST /api/auth/password/forgot`.
#[utoipa::path(delete, path = "/api/auth/links/{provider}", tag = "Identity", params(("provider" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 403, description = "`step_up_required`"),
        (status = 404, description = "`unknown_link`"),
    ))]
pub async fn remove_link(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(provider): Path<String>,
) -> Result<StatusCode, Problem> {
    state.toolkit.identity.remove_link(&who, &provider).await?;
    Ok(StatusCode::NO_CONTENT)
}
