//! Whether a product is on sale, and how far its SKUs are sold beyond their units.

use super::{Asked, BadFile, Fault, Told, build::whole, columns::Column, row::Row};
use crate::domain::stock::StockPolicy;

/// Why the product is not on sale. Its other cells are not looked at: a draft is seldom whole.
pub(super) fn off_sale(rows: &[Row], bad: &mut BadFile) -> Option<Told> {
    let read = |column| whole(rows, column).map(|(row, cell)| (row, cell.to_lowercase()));
    let status = match read(Column::Status) {
        None => None,
        Some((row, status)) => match status.as_str() {
            "active" => None,
            "archived" => Some(Told::Archived),
            "draft" => Some(Told::Draft),
            "unlisted" => Some(Told::Unlisted),
            _ => {
                let why = format!("active, draft, archived or unlisted expected, {status:?} found");
                row.bad(bad, Column::Status, Fault::Status, why);
                None
            }
        },
    };
    let mut is = |column, wanted: &str| match read(column) {
        None => false,
        Some((_, text)) if matches!(text.as_str(), "true" | "false") => text == wanted,
        Some((row, text)) => {
            row.bad(bad, column, Fault::Status, format!("TRUE or FALSE expected, {text:?} found"));
            false
        }
    };
    let unpublished = is(Column::Published, "false").then_some(Told::Unpublished);
    let elsewhere = is(Column::Primary, "false").then_some(Told::OtherMarkets);
    let gift_card = is(Column::GiftCard, "true").then_some(Told::GiftCard);
    status.or(unpublished).or(gift_card).or(elsewhere)
}

/// `None`: the file does not say. A tracker column with nothing in it is Shopify's way to say "not counted".
pub(super) fn policy(row: &Row, asked: &Asked) -> Option<StockPolicy> {
    if row.has(Column::Tracker) && row.get(Column::Tracker).is_empty() {
        return Some(StockPolicy::Untracked);
    }
    match row.get(Column::Policy).to_lowercase().as_str() {
        "continue" => Some(StockPolicy::Backorder { up_to: asked.backorder }),
        _ if row.has(Column::Tracker) || row.has(Column::Policy) => Some(StockPolicy::Tracked),
        _ => None,
    }
}
