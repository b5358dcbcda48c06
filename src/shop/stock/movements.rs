//! The stock book of one SKU: author, units, reason and time of each movement, oldest first.
//!
//! An event that ends a hold does not repeat its units, so the book is folded from its first line on. Where a page ends,
//! the folded state is kept for the next one ([`BookMarks`]): leafing through a book costs a page at a time.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::StockMovement;
use crate::{
    actors::ports::journal::Commit,
    domain::{
        ids::Sku,
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::ledger::Ledger,
    },
    http::{
        Code, Path, Problem, Query,
        auth::Staff,
        listing::{self, Page},
    },
    identity::may,
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
#[utoipa::path(get, path = "/api/stock/{sku}/movements", tag = "Stock",
    params(("sku" = String, Path), MovementsQuery),
    responses((status = 200, description = "Movements, oldest first", body = Page<StockMovement>),
        (status = 404, description = "`unknown_sku`"),
    ))]
pub async fn list_stock_movements(
    State(state): State<AppState>,
    Staff(_who, ..): Staff<may::StockRead>,
    Path(sku): Path<String>,
    Query(query): Query<MovementsQuery>,
) -> Result<Json<Page<StockMovement>>, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let limit = listing::limit(query.limit, &state.toolkit.limits)?;
    let key = EntityKey::new(Kind::Stock, sku.as_str());
    state.toolkit.read_your_writes().await;
    let after = query.cursor.unwrap_or(0);
    let (mut from, ledger) = match state.bookmarks.at(&sku, after) {
        Some(ledger) => (after + 1, ledger),
        None => (1, Ledger::default()),
    };
    // One commit more than the page has, to see that there is another page. Versions have no gaps.
    let end = after.saturating_add(limit as u64 + 1);
    let begun = from;
    let mut book = Book::new(ledger, after, limit);
    while from <= end {
        if from - begun > COMMITS_MAX {
            let detail = format!("the book has more than {COMMITS_MAX} commits before this page");
            return Err(Problem::new(Code::TOO_MANY, detail).with("what", "commits").with("max", COMMITS_MAX));
        }
        let wanted = usize::try_from(end - from + 1).unwrap_or(CHUNK).min(CHUNK);
        let commits = state.gateway.history(&key, from, wanted).await?;
        let Some(last) = commits.last().map(|commit| commit.version) else { break };
        if commits.iter().any(|commit| book.add(commit)) {
            state.bookmarks.keep(sku, book.last, book.ledger);
            break;
        }
        from = last + 1;
    }
    Ok(Json(book.page))
}

/// The books' states where pages ended, the newest last. A book only grows, so a state never gets old.
#[derive(Default)]
pub struct BookMarks(Mutex<VecDeque<(Sku, u64, Ledger)>>);

impl BookMarks {
    /// At one more the oldest goes, and its next page is folded from the first line again.
    const KEPT_MAX: usize = 16;
    /// A book with more open holds is not kept: a million of them take 60 MB.
    const HOLDS_MAX: usize = 10_000;

    fn at(&self, sku: &Sku, version: u64) -> Option<Ledger> {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.iter().find(|(of, at, _)| *at == version && of == sku).map(|(_, _, ledger)| ledger.clone())
    }

    fn keep(&self, sku: Sku, version: u64, ledger: Ledger) {
        if ledger.open_holds() > Self::HOLDS_MAX {
            return;
        }
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.retain(|(of, at, _)| *at != version || *of != sku);
        if marks.len() == Self::KEPT_MAX {
            marks.pop_front();
        }
        marks.push_back((sku, version, ledger));
    }
}

struct Book {
    ledger: Ledger,
    after: u64,
    commits_left: usize,
    last: u64,
    page: Page<StockMovement>,
}

impl Book {
    fn new(ledger: Ledger, after: u64, limit: usize) -> Self {
        let page = Page { items: Vec::new(), next: None };
        Self { ledger, after, commits_left: limit, last: after, page }
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
        let mut book = Book::new(Ledger::default(), 2, 1);
        assert!(commits.iter().any(|commit| book.add(commit)), "the fourth commit is for the next page");
        assert_eq!(book.page.next.as_deref(), Some("3"));
        // The next page begins where this one ended.
        let marks = BookMarks::default();
        let sku = Sku::parse("A").unwrap();
        marks.keep(sku.clone(), 3, book.ledger);
        let mut next = Book::new(marks.at(&sku, 3).unwrap(), 3, 1);
        assert!(!commits[3..].iter().any(|commit| next.add(commit)));
        assert_eq!(next.page.items.iter().map(|item| item.version).collect::<Vec<_>>(), [4]);
        assert!(marks.at(&sku, 2).is_none() && marks.at(&Sku::parse("B").unwrap(), 3).is_none());
        (4..40).for_each(|version| marks.keep(sku.clone(), version, Ledger::default()));
        assert!(marks.at(&sku, 3).is_none() && marks.at(&sku, 39).is_some(), "a bounded number is kept");
        let [movement] = &book.page.items[..] else { panic!("{:?}", book.page.items) };
        assert_eq!((movement.version, movement.units, movement.quantity, movement.order_id), (3, 4, 4, Some(order.0)));
    }
}
