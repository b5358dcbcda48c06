//! An order's whole history from the journal, without payment tokens; and without amounts or persons for who lacks the
//! permission to see those.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{access, wire::HistoryEntry};
use crate::{
    domain::{
        ids::OrderId,
        key::EntityKey,
        kinds::{Kind, blot, redact},
    },
    http::{
        Path, Problem, Query,
        auth::Staff,
        listing::{self, Page},
    },
    identity::{Permission, Reach, may},
    shop::AppState,
};

/// Members of an order's events that are blotted for who lacks the permission.
const HIDDEN: [(Permission, &[&str]); 2] = [
    (Permission::MoneyRead, &["unit_price", "line_total", "tax", "totals", "amount", "total"]),
    (Permission::CustomersRead, &["email", "shipping_address", "billing_address"]),
];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// `next` of the page before: the version that the page starts after.
    cursor: Option<u64>,
    /// Commits on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// An order's history, oldest first
#[utoipa::path(get, path = "/api/orders/{id}/history", tag = "Orders",
    params(("id" = Uuid, Path), HistoryQuery),
    responses((status = 200, description = "Who did what, and when", body = Page<HistoryEntry>),
        (status = 404, description = "`unknown_order`"),
    ))]
pub async fn get_order_history(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Page<HistoryEntry>>, Problem> {
    let id = OrderId(id);
    let limit = listing::limit(query.limit, &state.toolkit.limits)?;
    access::readable(&state.services, &Reach::all(who.clone()), id).await?;
    state.toolkit.read_your_writes().await;
    let key = EntityKey::new(Kind::Order, id.to_string());
    let from = query.cursor.unwrap_or(0).saturating_add(1);
    // One more than shown, to know whether there is a next page.
    let mut commits = state.gateway.history(&key, from, limit + 1).await?;
    let more = commits.len() > limit;
    commits.truncate(limit);
    let next = commits.last().filter(|_| more).map(|commit| commit.version.to_string());
    let items = commits.into_iter().map(|commit| {
        let plain = state.gateway.readable(&commit).map_err(|error| Problem::internal(&error))?;
        let mut events: Value = serde_json::from_str(&plain).map_err(|error| Problem::internal(&error))?;
        redact(Kind::Order, &mut events);
        HIDDEN.iter().filter(|(permission, _)| !who.may(*permission)).for_each(|(_, names)| blot(names, &mut events));
        Ok(HistoryEntry { version: commit.version, at: commit.at.rfc3339(), by: commit.by.to_string(), events })
    });
    Ok(Json(Page { items: items.collect::<Result<_, Problem>>()?, next }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::PaymentId, kinds::AnyEvent, order::OrderEvent};

    /// Over every event that was ever written: what is hidden is no member of another name.
    #[test]
    fn no_amount_and_no_person_is_left_of_any_event_of_old() {
        let golden = include_str!("../../../tests/golden/events/order.json");
        let mut events: Value = serde_json::from_str(golden).unwrap();
        HIDDEN.iter().for_each(|(_, names)| blot(names, &mut events));
        let left = events.to_string();
        for hidden in
            ["EUR", "4488", "\"total\":500", "shopper@example.org", "Ada Example", "Market Street", "50667", "+49"]
        {
            assert!(golden.contains(hidden) && !left.contains(hidden), "{hidden} is left: {left}");
        }
        assert!(left.contains("TSHIRT-RED-M"));
    }

    #[test]
    fn no_token_of_a_real_event_is_shown() {
        let event = OrderEvent::PaymentBegun {
            payment: PaymentId::default(),
            provider: "sandbox".to_owned(),
            token: "tok_secret".to_owned(),
        };
        let json = AnyEvent::Order(event).to_json().unwrap();
        let mut shown: Value = serde_json::from_str(&format!("[{}]", json.get())).unwrap();
        assert!(shown.to_string().contains("tok_secret"));
        redact(Kind::Order, &mut shown);
        assert!(!shown.to_string().contains("tok_secret"));
        assert!(shown.to_string().contains("sandbox"));
    }
}
