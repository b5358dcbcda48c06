//! Order numbers: one counter that gives each verified order the next number, once.
//!
//! Remembers the last [`Numbers::REMEMBERED`] allotments; an order that asks again later than that
//! gets a fresh number that it ignores (a gap, never a duplicate).

use serde::{Deserialize, Serialize};

use super::ids::OrderId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumbersCommand {
    Allot { order: OrderId },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumbersEvent {
    Allotted { order: OrderId, number: u64 },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumbersRejection {
    #[error("the counter is exhausted")]
    Exhausted,
}

/// The newest allotments, so that the reply to a repeated `Allot` still names its number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NumbersView {
    pub last: Option<(OrderId, u64)>,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Numbers {}
impl super::entity::Entity for Numbers {
    const KIND: super::model::Kind = super::model::Kind::Numbers;
    type Command = NumbersCommand;
    type Event = NumbersEvent;
    type Rejection = NumbersRejection;
    type View = NumbersView;
    fn decide(&self, _: &NumbersCommand, _: super::time::Timestamp) -> Result<Vec<NumbersEvent>, NumbersRejection> {
        todo!()
    }
    fn apply(&mut self, _: &NumbersEvent) {
        todo!()
    }
    fn view(&self) -> NumbersView {
        todo!()
    }
}
// SKELETON-END
