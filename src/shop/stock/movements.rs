//! The stock book of one SKU: author, units, reason and time of each movement, oldest first.
//!
//! An event that ends a hold does not repeat its units, so the book is folded from its first line on; the
//! commits are read in chunks and only the page is kept.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::StockMovement;
use crate::{
    actors::ports::journal::Commit,
    domain::{
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::ledger::Ledger,
    },
    http::{
        Code, Path, Problem, Query,
        auth::Staff,
        listing::{self, Page},
    },
    shop::{AppState, product::skus::known},
};

/// Commits read at once.
const CHUNK: usize = 512;
/// A book longer than this is not folded for a request: `souk history stock <sku>` reads the whole book.
const COMMITS_MAX: u64 = 200_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MovementsQuery {
    /// `next` of the page before: the version that the page starts after.
    cursor: Option<u64>,
    /// Commits on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The stock book of one SKU
#[utoipa::path(get, path = "/api/stock/{sku}/movements", tag = "Stock", security(("bearer" = [])),
    params(("sku" = String, Path), MovementsQuery),
    responses((status = 200, description = "Movements, oldest first", body = Page<StockMovement>),
        (status = 404, description = "`unknown_sku`"),
    ))]
pub async fn list_stock_movements(
    State(state): State<AppState>,
    Staff(_who): Staff,
    Path(sku): Path<String>,
    Query(query): Query<MovementsQuery>,
) -> Result<Json<Page<StockMovement>>, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let limit = listing::limit(query.limit, &state.toolkit.limits)?;
    let key = EntityKey::new(Kind::Stock, sku.as_str());
    state.toolkit.read_your_writes().await;
    let mut book = Book::new(query.cursor.unwrap_or(0), limit);
    let mut from = 1;
    loop {
        if from > COMMITS_MAX {
            let detail = format!("the book has more than {COMMITS_MAX} commits before this page");
            return Err(Problem::new(Code::TOO_MANY, detail).with("what", "commits").with("max", COMMITS_MAX));
        }
        let commits = state.gateway.history(&key, from, CHUNK).await?;
        let Some(last) = commits.last().map(|commit| commit.version) else { break };
        if commits.iter().any(|commit| book.add(commit)) {
            break;
        }
        from = last + 1;
    }
    Ok(Json(book.page))
}

struct Book {
    ledger: Ledger,
    after: u64,
    commits_left: usize,
    last: u64,
    page: Page<StockMovement>,
}

impl Book {
    fn new(after: u64, limit: usize) -> Self {
        let page = Page { items: Vec::new(), next: None };
        Self { ledger: Ledger::default(), after, commits_left: limit, last: after, page }
    }

    /// Whether the page is full.
    fn add(&mut self, commit: &Commit) -> bool {
        let shown = commit.version > self.after;
        if shown && self.commits_left == 0 {
            self.page.next = Some(self.last.to_string());
            return true;
        }
        for event in &commit.events {
            // A stock's history holds stock events only.
            let AnyEvent::Stock(event) = event else { continue };
            let movement = self.ledger.next(event);
            if shown {
                self.page.items.push(StockMovement {
                    version: commit.version,
                    at: commit.at.rfc3339(),
                    by: commit.by.to_string(),
                    kind: movement.kind,
                    units: movement.units,
                    quantity: movement.quantity,
                    order_id: movement.order.map(|order| order.0),
                    fulfilment_id: movement.fulfilment.map(|fulfilment| fulfilment.0),
                    reason: movement.reason,
                    reference: movement.reference,
                });
            }
        }
        if shown {
            self.commits_left -= 1;
            self.last = commit.version;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::domain::{
        ids::{CommandId, OrderId},
        stock::StockEvent,
        time::Timestamp,
    };

    fn commit(version: u64, event: StockEvent) -> Commit {
        Commit {
            key: EntityKey::new(Kind::Stock, "A"),
            version,
            command_id: CommandId::default(),
            fingerprint: None,
            by: "user:1".into(),
            at: Timestamp(0),
            events: vec![AnyEvent::Stock(event)],
            events_json: "[]".into(),
        }
    }

    #[test]
    fn a_later_page_still_knows_the_units_of_an_earlier_hold() {
        let units = |n| NonZeroU32::new(n).unwrap();
        let order = OrderId(uuid::Uuid::from_u128(9));
        let commits = [
            commit(1, StockEvent::Received { units: units(10), reference: Some("note 7".to_owned()) }),
            commit(2, StockEvent::Held { order, units: units(4), until: Timestamp(5), attempt: 0 }),
            commit(3, StockEvent::Released { order }),
            commit(4, StockEvent::ThresholdSet { units: 2 }),
        ];
        let mut book = Book::new(2, 1);
        assert!(commits.iter().any(|commit| book.add(commit)), "the fourth commit is for the next page");
        assert_eq!(book.page.next.as_deref(), Some("3"));
        let [movement] = &book.page.items[..] else { panic!("{:?}", book.page.items) };
        assert_eq!((movement.version, movement.units, movement.quantity, movement.order_id), (3, 4, 4, Some(order.0)));
    }
}
