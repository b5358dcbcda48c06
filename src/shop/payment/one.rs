//! One payment, for its owner and for whoever has `payments.read`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::wire::PaymentBody;
use crate::{
    domain::{ids::PaymentId, payment::Payment},
    http::{Code, Path, Problem, auth::MaybeOwner, conditional::Tagged},
    identity::may,
    shop::AppState,
};

/// A payment
#[utoipa::path(get, path = "/api/payments/{id}", tag = "Payments",
    params(("id" = Uuid, Path, description = "A payment's id")),
    responses((status = 200, description = "The caller's own payment, or any for staff", body = PaymentBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_payment`"),
    ))]
pub async fn get_payment(
    State(state): State<AppState>,
    MaybeOwner(reach, ..): MaybeOwner<may::PaymentsRead>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let id = PaymentId(id);
    let unknown = || Problem::new(Code::UNKNOWN_PAYMENT, format!("there is no payment {id} of yours"));
    let reach = reach.ok_or_else(unknown)?;
    let answer = state.gateway.read::<Payment>(&id.to_string(), state.command_timeout).await?;
    match answer.view.user {
        Some(user) if reach.covers(user) => {
            Ok(Tagged(answer.version, PaymentBody::new(id, answer, &reach.who)).into_response())
        }
        Some(_) | None => Err(unknown()),
    }
}
