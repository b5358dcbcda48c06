//! Log-in with an OpenID provider: a browser is sent there, and comes back with who it is.
//!
//! Both calls are visits of a browser and not of a script. Whoever was here before gets back to the page that they came
//! from: its cookies say that they are logged in, or its fragment, which no server sees, why they are not (`sso_error`) or
//! what is asked for still (`mfa_token`).

use axum::{
    Json,
    extract::{FromRequestParts, Query as Pairs, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    client::Asker,
    wire::{self, Handed},
};
use crate::{
    connectors::oidc::{Checks, OidcFault, Provider, Returned},
    domain::session::Method,
    http::{
        Code, Path, Problem, Query,
        auth::{Public, declare::Argument},
    },
    identity::{Begun, Entered, Principal, Purpose, Resumed, cookies, is_own_path},
    shop::{AppState, checkout::address},
};

/// What stands for itself in a fragment's value (RFC 3986's unreserved characters); everything else is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Seconds that a person may stay at the provider.
const STAY_S: u32 = 600;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OidcProviders)]
pub struct ProvidersBody {
    pub items: Vec<ProviderBody>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OidcProvider)]
pub struct ProviderBody {
    #[schema(example = "google")]
    pub name: String,
    /// What people know it by.
    #[schema(example = "Google")]
    pub title: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// A path of the shop's own, of 512 bytes at most. Absent: `/`.
    pub return_to: Option<String>,
}

/// What the provider adds to the address; others of its parameters mean nothing here.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    pub state: Option<String>,
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Instead of a code.
    pub error: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Callback {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Pairs::<Self>::try_from_uri(&parts.uri);
        read.map(|Pairs(read)| read).map_err(|error| Problem::new(Code::BAD_QUERY, error.body_text()))
    }
}

impl Argument for Callback {}

/// The providers that one may log in with
#[utoipa::path(get, path = "/api/auth/oidc", tag = "Identity", responses(
    (status = 200, description = "In the shop's order; none, where none is configured", body = ProvidersBody),
))]
pub async fn list_oidc_providers(_: Public, State(state): State<AppState>) -> Json<ProvidersBody> {
    let body = |one: &Provider| ProviderBody { name: one.name().to_owned(), title: one.title().to_owned() };
    Json(ProvidersBody { items: state.oidc.iter().map(body).collect() })
}

/// Go to a provider to log in
///
/// For a browser's visit, not for a script: the answer leads to the provider's page.
#[utoipa::path(get, path = "/api/auth/oidc/{provider}/start", tag = "Identity",
    params(("provider" = String, Path), Start), responses(
        (status = 302, description = "To the provider; a cookie of ten minutes knows the way back"),
        (status = 404, description = "`unknown_oidc_provider`"),
        (status = 422, description = "`invalid_field`: no path of the shop's own"),
        (status = 503, description = "`sso_unavailable`, with Retry-After"),
    ))]
pub async fn start_oidc(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Path(name): Path<String>,
    Query(asked): Query<Start>,
) -> Result<Response, Problem> {
    let return_to = asked.return_to.as_deref().unwrap_or("/");
    let (location, cookie) = begin(&state, &headers, &asker, &name, return_to, None).await?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location), (header::SET_COOKIE, cookie), uncached()]).into_response())
}

/// Come back from a provider
///
/// For a browser that the provider sends back. It gets to the page that it began at: logged in by cookies; or with
/// `#mfa_token` for the second step, as a log-in by password has it; or with `#linked`, or with `#sso_error` and a code of
/// [the list](/api/docs/errors): `sso_refused`, `sso_untrusted`, `sso_unavailable`, `sso_unverified_email`,
/// `sso_owner_asked`, `link_taken`, `link_exists`, `account_disabled` and others.
#[utoipa::path(get, path = "/api/auth/oidc/{provider}/callback", tag = "Identity",
    params(("provider" = String, Path), Callback), responses(
        (status = 303, description = "Back to the page that it began at"),
        (status = 400, description = "`sso_not_begun`: not by this browser, or too long ago; `bad_query`"),
        (status = 404, description = "`unknown_oidc_provider`"),
    ))]
pub async fn finish_oidc(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Path(name): Path<String>,
    returned: Callback,
) -> Result<Response, Problem> {
    let provider = provider(&state, &name)?;
    let sent = returned.state.as_deref().unwrap_or_default();
    let resumed = state.toolkit.identity.resume_flow(&headers, &name, sent)?;
    let done = finish(&state, &headers, &asker, provider, &resumed, returned).await;
    let mut response = done.unwrap_or_else(|problem| refused(&resumed.return_to, problem));
    for cookie in cookies::clear_flow() {
        let cookie = HeaderValue::try_from(cookie).map_err(|error| Problem::internal(&error))?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn finish(
    state: &AppState,
    headers: &HeaderMap,
    asker: &Asker,
    provider: &Provider,
    resumed: &Resumed,
    returned: Callback,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let returned = Returned { code: returned.code, issuer: returned.iss, error: returned.error };
    let checks = checks(&resumed.begun);
    let asking = provider.finish(&returned, &checks, identity.now());
    let theirs = |fault: &OidcFault| matches!(fault, OidcFault::Refused(_) | OidcFault::Untrusted(_));
    let vouched = identity.asking_provider(&asker.client, asking, theirs).await?;
    let mut vouched = vouched.map_err(|fault| told(provider, fault))?;
    // What no registration would take is no address here.
    vouched.mailbox = vouched.mailbox.filter(|mailbox| address::email(&mailbox.shown).is_ok());
    match resumed.purpose {
        Purpose::Link { user, session } => {
            identity.link(user, session, identity.subject(&vouched)).await?;
            Ok(back(&resumed.return_to, &[("linked", provider.name())]))
        }
        Purpose::LogIn => match identity.enter_by_provider(vouched, &asker.client).await? {
            Entered::Session(granted) => {
                let handed = Handed::new(true, identity, headers, asker.https);
                let opened = wire::opened(state, headers, StatusCode::SEE_OTHER, &granted, handed).await?;
                let mut response = back(&resumed.return_to, &[]);
                for cookie in opened.headers().get_all(header::SET_COOKIE) {
                    response.headers_mut().append(header::SET_COOKIE, cookie.clone());
                }
                Ok(response)
            }
            Entered::SecondFactor(waits) => {
                let methods: Vec<&str> = waits.methods.into_iter().map(Method::name).collect();
                let (methods, expires_in) = (methods.join(","), waits.expires_in.to_string());
                let asked = [("mfa_token", waits.token.as_str()), ("methods", &methods), ("expires_in", &expires_in)];
                Ok(back(&resumed.return_to, &asked))
            }
        },
    }
}

/// Where a browser goes, and what it keeps meanwhile.
pub(super) async fn begin(
    state: &AppState,
    headers: &HeaderMap,
    asker: &Asker,
    name: &str,
    return_to: &str,
    linking: Option<&Principal>,
) -> Result<(HeaderValue, HeaderValue), Problem> {
    let (identity, provider) = (&state.toolkit.identity, provider(state, name)?);
    let no_page = || Problem::field("return_to", "a path of the shop's own, such as /account, of 512 bytes at most");
    if !is_own_path(return_to) {
        return Err(no_page());
    }
    let begun = identity.begin_flow(name, return_to, linking).ok_or_else(no_page)?;
    let location = provider.begin(&checks(&begun)).await.map_err(|fault| told(provider, fault))?;
    let cookie = cookies::set_flow(&begun.cookie, STAY_S, identity.wants_secure(headers, asker.https));
    let header = |text: String| HeaderValue::try_from(text).map_err(|error| Problem::internal(&error));
    Ok((header(location)?, header(cookie)?))
}

pub(super) fn uncached() -> (header::HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

fn provider<'a>(state: &'a AppState, name: &str) -> Result<&'a Provider, Problem> {
    let unknown = || Problem::new(Code::UNKNOWN_OIDC, "the shop has no such provider");
    state.oidc.get(name).ok_or_else(unknown)
}

fn checks(begun: &Begun) -> Checks {
    let Begun { state, nonce, verifier, .. } = begun;
    Checks { state: state.clone(), nonce: nonce.clone(), verifier: verifier.clone() }
}

/// The reason is the log's: it may quote what a stranger wrote.
fn told(provider: &Provider, fault: OidcFault) -> Problem {
    tracing::info!(provider = provider.name(), %fault, "a log-in by an OpenID provider came to nothing");
    match fault {
        OidcFault::Refused(_) => Problem::new(Code::SSO_REFUSED, "the provider refuses, or the person did"),
        OidcFault::Untrusted(_) => {
            Problem::new(Code::SSO_UNTRUSTED, "the answer does not prove that it is the provider's").alarm()
        }
        OidcFault::Unavailable { retry_after_ms, .. } => {
            Problem::new(Code::SSO_UNAVAILABLE, "the provider cannot be asked now").retry_after(retry_after_ms)
        }
    }
}

fn refused(return_to: &str, problem: Problem) -> Response {
    let mut response = back(return_to, &[("sso_error", problem.code.name())]);
    if let Some(alarm) = problem.raised() {
        response.extensions_mut().insert(alarm);
    }
    response
}

/// To a page of the shop's own, with what only its script reads.
fn back(path: &str, fragment: &[(&str, &str)]) -> Response {
    let part = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, ENCODED));
    let parts: Vec<String> = fragment.iter().map(part).collect();
    let location = if parts.is_empty() { path.to_owned() } else { format!("{path}#{}", parts.join("&")) };
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location), uncached()]).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
