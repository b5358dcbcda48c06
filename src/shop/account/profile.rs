//! The account's own page: who it is, and its address book.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actors::gateway::{Answer, Call},
    domain::{
        account::{Account, AccountCommand, AccountView, SavedAddress},
        ids::{AddressId, UserId},
    },
    http::{
        Body, Code, Path, Problem,
        auth::SignedIn,
        conditional::{IfMatch, Tagged},
    },
    identity::Principal,
    shop::{
        AppState,
        checkout::address::{AddressBody, line_if_any},
    },
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileBody {
    pub id: Uuid,
    pub version: u64,
    pub email: String,
    pub email_verified: bool,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub roles: Vec<String>,
    pub addresses: Vec<SavedAddressBody>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SavedAddress)]
pub struct SavedAddressBody {
    pub id: Uuid,
    /// The one that a checkout proposes.
    pub is_default: bool,
    pub address: AddressBody,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProfile)]
pub struct NewProfileBody {
    #[serde(default)]
    #[schema(max_length = 120, example = "Ada Lovelace")]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(max_length = 120, example = "+44 20 7946 0000")]
    pub phone: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSavedAddress)]
pub struct NewAddressBody {
    pub address: AddressBody,
    /// The first one is the default in any case.
    #[serde(default)]
    pub make_default: bool,
}

/// The caller's own account
#[utoipa::path(get, path = "/api/auth/profile", tag = "Identity", responses(
    (status = 200, description = "The account", body = ProfileBody, headers(("etag" = String))),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
))]
pub async fn get_profile(State(state): State<AppState>, SignedIn(who): SignedIn) -> Result<Response, Problem> {
    let answer = state.gateway.read::<Account>(&who.user.to_string(), state.command_timeout).await?;
    Ok(shown(who.user, &answer))
}

/// Change name and phone
#[utoipa::path(put, path = "/api/auth/profile", tag = "Identity", request_body = NewProfileBody,
    params(("if-match" = Option<String>, Header)), responses(
        (status = 200, description = "The account", body = ProfileBody, headers(("etag" = String))),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 412, description = "`version_conflict`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn put_profile(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    IfMatch(version): IfMatch,
    Body(body): Body<NewProfileBody>,
) -> Result<Response, Problem> {
    let (name, phone) = (line_if_any("name", body.name)?, line_if_any("phone", body.phone)?);
    let command = AccountCommand::SetProfile { name, phone };
    Ok(shown(who.user, &change(&state, &who, version, command).await?))
}

/// Put an address into the book
#[utoipa::path(post, path = "/api/auth/addresses", tag = "Identity", request_body = NewAddressBody, responses(
        (status = 201, description = "The account with the new address", body = ProfileBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 409, description = "`too_many_addresses`: 20"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn add_saved_address(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Body(body): Body<NewAddressBody>,
) -> Result<Response, Problem> {
    let id = AddressId(state.gateway.fresh_id());
    let answer = change(&state, &who, None, kept(id, body)?).await?;
    Ok((StatusCode::CREATED, shown(who.user, &answer)).into_response())
}

/// Change an address of the book, or make it the default
#[utoipa::path(put, path = "/api/auth/addresses/{id}", tag = "Identity", request_body = NewAddressBody,
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)), responses(
        (status = 200, description = "The account", body = ProfileBody, headers(("etag" = String))),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 404, description = "`unknown_address`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn put_saved_address(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Body(body): Body<NewAddressBody>,
) -> Result<Response, Problem> {
    let id = AddressId(id);
    let account = state.gateway.read::<Account>(&who.user.to_string(), state.command_timeout).await?;
    if !account.view.addresses.iter().any(|known| known.id == id) {
        return Err(Problem::new(Code::UNKNOWN_ADDRESS, "the book has no such address"));
    }
    Ok(shown(who.user, &change(&state, &who, version, kept(id, body)?).await?))
}

/// Take an address out of the book
#[utoipa::path(delete, path = "/api/auth/addresses/{id}", tag = "Identity", params(("id" = Uuid, Path)), responses(
        (status = 200, description = "The account without it; also where it was not there", body = ProfileBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
    ))]
pub async fn remove_saved_address(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let command = AccountCommand::RemoveAddress { id: AddressId(id) };
    Ok(shown(who.user, &change(&state, &who, None, command).await?))
}

fn kept(id: AddressId, body: NewAddressBody) -> Result<AccountCommand, Problem> {
    let address = Box::new(body.address.parse("address")?);
    Ok(AccountCommand::KeepAddress { id, address, make_default: body.make_default })
}

async fn change(
    state: &AppState,
    who: &Principal,
    expected_version: Option<u64>,
    command: AccountCommand,
) -> Result<Answer<AccountView>, Problem> {
    let call = Call { expected_version, ..state.call(who) };
    Ok(state.gateway.ask::<Account>(&who.user.to_string(), command, call).await?)
}

fn shown(user: UserId, answer: &Answer<AccountView>) -> Response {
    let view = &answer.view;
    let saved = |saved: &SavedAddress| SavedAddressBody {
        id: saved.id.0,
        is_default: view.default_address == Some(saved.id),
        address: saved.address.clone().into(),
    };
    let body = ProfileBody {
        id: user.0,
        version: answer.version,
        email: view.mailbox.as_ref().map(|mailbox| mailbox.shown.to_string()).unwrap_or_default(),
        email_verified: view.verified,
        name: view.name.as_deref().map(str::to_owned),
        phone: view.phone.as_deref().map(str::to_owned),
        roles: view.roles.iter().map(ToString::to_string).collect(),
        addresses: view.addresses.iter().map(saved).collect(),
        created_at: view.created_at.rfc3339(),
    };
    Tagged(answer.version, body).into_response()
}
