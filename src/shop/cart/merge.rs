//! A guest who logs in: their cart goes into the account's.
//!
//! Nothing here can fail a log-in: it waits [`WITHIN`] at most. Where the guest's cart cannot be asked, its lines stay in
//! it and go with the next log-in; where the account's cannot, they are on their way and arrive when it can. Both are in
//! the log and in `souk_cart_merges_total`. The account's cart is the log-in's own and the guest's is the sealed cookie's,
//! so no request names a cart of another. Deliberately absent: what fits, which is the cart's rule.

use std::time::Duration;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    actors::gateway::{AskError, Call},
    domain::{
        cart::{Cart, CartCommand, CartRejection, CartView, Gift},
        ids::{CommandId, SessionId, Sku, UserId},
    },
    identity::{Granted, Identity, PermissionSet, Principal},
    shop::Services,
};

const WITHIN: Duration = Duration::from_millis(1_500);

/// What a log-in made of the guest's cart.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CartMerge)]
pub struct MergeBody {
    /// False: the lines are on their way, or stay the guest's until the next log-in.
    pub merged: bool,
    /// Lines that have fewer units than both carts had: the stock or a bound of the cart allows no more.
    pub capped: Vec<CappedBody>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CappedLine)]
pub struct CappedBody {
    #[schema(value_type = String)]
    pub sku: Sku,
    /// Units of both carts together.
    pub wanted: u32,
    /// Units of the line now; 0: it is not in the cart.
    pub quantity: u32,
}

type Refused = AskError<CartRejection>;

/// `None`: the request has no guest, or the guest's cart is empty.
pub async fn merge(services: &Services, identity: &Identity, headers: &HeaderMap, to: &Granted) -> Option<MergeBody> {
    let guest = identity.guest_of(headers)?;
    let account = Principal::account(to.user, PermissionSet::NONE);
    let outcome = give(services, &guest, &account, to.session).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a guest's cart was not merged at a log-in; it is with the next one");
        Some(Outcome::Skipped)
    })?;
    metrics::counter!("souk_cart_merges_total", "outcome" => outcome.name()).increment(1);
    Some(match outcome {
        Outcome::Merged(capped) => MergeBody { merged: true, capped },
        Outcome::Later | Outcome::Skipped => MergeBody { merged: false, capped: Vec::new() },
    })
}

enum Outcome {
    Merged(Vec<CappedBody>),
    /// Promised: the guest's cart owes it.
    Later,
    Skipped,
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Merged(_) => "merged",
            Self::Later => "later",
            Self::Skipped => "skipped",
        }
    }
}

async fn give(
    services: &Services,
    guest: &Principal,
    account: &Principal,
    login: SessionId,
) -> Result<Option<Outcome>, Refused> {
    let (gateway, from) = (&services.gateway, guest.cart.to_string());
    let here = gateway.read::<Cart>(&from, WITHIN).await?.view;
    if here.lines.is_empty() {
        return Ok(None);
    }
    let gift = Gift { login, to: account.cart, owner: account.user, lines: Vec::new() };
    let command = CartCommand::Give { gift, stock: in_stock(services, &here) };
    let call = call(services, guest.user, account, login);
    let given = gateway.ask_until::<Cart>(&from, command, call, |cart| cart.giving.is_none()).await?;
    if given.view.giving.is_some() {
        tracing::warn!("a guest's cart is on its way to an account's, which cannot be asked now");
        return Ok(Some(Outcome::Later));
    }
    // A failure here says nothing of the merge, which is done.
    let there = gateway.read::<Cart>(&account.cart.to_string(), WITHIN).await.map(|answer| answer.view);
    let capped = there.ok().and_then(|cart| cart.merge).filter(|merge| merge.login == login);
    let capped = capped.into_iter().flat_map(|merge| merge.capped);
    Ok(Some(Outcome::Merged(
        capped.map(|one| CappedBody { sku: one.sku, wanted: one.wanted, quantity: one.quantity }).collect(),
    )))
}

/// What can be had of each SKU of the cart, where it is counted.
fn in_stock(services: &Services, cart: &CartView) -> Vec<(Sku, u32)> {
    let counted = |sku: &Sku| services.catalogue.sku(sku)?.available;
    let units = cart.lines.iter().filter_map(|line| Some((line.sku.clone(), counted(&line.sku)?)));
    units.map(|(sku, units)| (sku, u32::try_from(units).unwrap_or(u32::MAX))).collect()
}

/// The log-in's id makes the command's: a repetition is the same command.
fn call(services: &Services, guest: UserId, account: &Principal, login: SessionId) -> Call {
    let command_id = CommandId::derive(guest.0, &format!("give/{login}"));
    Call { command_id, within: WITHIN, ..services.call_by(account.by.clone()) }
}
