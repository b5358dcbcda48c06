//! Order numbers: one counter that gives each verified order the next number, once.
//!
//! Remembers the last [`Numbers::REMEMBERED`] allotments; an order that asks again later than that gets a fresh number
//! and ignores it (a gap, never a duplicate).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    ids::OrderId,
    kinds::Kind,
    time::Timestamp,
};

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

/// Invariant: `recent` are the newest allotments in order, so the last one's number is `FIRST + allotted - 1`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Numbers {
    allotted: u64,
    /// Without numbers, which follow from the positions.
    recent: VecDeque<OrderId>,
    last: Option<(OrderId, u64)>,
}

impl Numbers {
    /// The entity's id: there is one counter for the shop.
    pub const ID: &str = "orders";
    pub const FIRST: u64 = 1001;
    pub const REMEMBERED: usize = 1024;

    /// What an allotment states for its order.
    pub fn allotted_to(order: OrderId, number: u64) -> String {
        format!("number/{number}/{order}")
    }

    fn remembered(&self, order: &OrderId) -> Option<u64> {
        let newer = self.recent.iter().rev().position(|recent| recent == order)?;
        Some(Self::FIRST + self.allotted - 1 - newer as u64)
    }
}

impl Entity for Numbers {
    const KIND: Kind = Kind::Numbers;
    type Command = NumbersCommand;
    type Event = NumbersEvent;
    type Rejection = NumbersRejection;
    type View = NumbersView;
    type Effect = NoEffect;

    fn work(command: &NumbersCommand) -> Work {
        match command {
            NumbersCommand::Allot { .. } => Work::Owed,
        }
    }

    fn decide(&self, command: &NumbersCommand, _: Timestamp) -> Result<Vec<NumbersEvent>, NumbersRejection> {
        let NumbersCommand::Allot { order } = command;
        if self.last.is_some_and(|(last, _)| last == *order) {
            return Ok(vec![]);
        }
        // Recorded again, so that the view names it.
        if let Some(number) = self.remembered(order) {
            return Ok(vec![NumbersEvent::Allotted { order: *order, number }]);
        }
        let number = Self::FIRST.checked_add(self.allotted).ok_or(NumbersRejection::Exhausted)?;
        Ok(vec![NumbersEvent::Allotted { order: *order, number }])
    }

    fn apply(&mut self, event: &NumbersEvent) {
        let NumbersEvent::Allotted { order, number } = event;
        self.last = Some((*order, *number));
        if *number == Self::FIRST.saturating_add(self.allotted) {
            self.allotted += 1;
            self.recent.push_back(*order);
            if self.recent.len() > Self::REMEMBERED {
                self.recent.pop_front();
            }
        }
    }

    fn view(&self) -> NumbersView {
        NumbersView { last: self.last }
    }

    fn remembers(_: &NumbersCommand) -> bool {
        false
    }

    fn states(&self, event: &NumbersEvent) -> Option<(String, u8)> {
        let NumbersEvent::Allotted { order, number } = event;
        Some((Self::allotted_to(*order, *number), 0))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::testing::{check_stored, given};

    fn order(n: u128) -> OrderId {
        OrderId(Uuid::from_u128(n))
    }

    fn allotted(n: u128, number: u64) -> NumbersEvent {
        NumbersEvent::Allotted { order: order(n), number }
    }

    fn allot(n: u128) -> NumbersCommand {
        NumbersCommand::Allot { order: order(n) }
    }

    #[test]
    fn counts_from_1001() {
        given::<Numbers>([]).when(allot(1)).then([allotted(1, 1001)]);
        given::<Numbers>([allotted(1, 1001)]).when(allot(2)).then([allotted(2, 1002)]);
    }

    #[test]
    fn an_order_that_asks_again_hears_its_number() {
        let history = [allotted(1, 1001), allotted(2, 1002)];
        given::<Numbers>(history.clone()).when(allot(2)).then_nothing();
        let counter = given::<Numbers>(history).when(allot(1)).then([allotted(1, 1001)]);
        assert_eq!(counter.view().last, Some((order(1), 1001)));
        assert_eq!(counter.decide(&allot(3), Timestamp(0)), Ok(vec![allotted(3, 1003)]));
    }

    #[test]
    fn a_forgotten_order_leaves_a_gap_and_no_duplicate() {
        let history = (0..=Numbers::REMEMBERED as u64).map(|n| allotted(u128::from(n), 1001 + n));
        let counter = given::<Numbers>(history).when(allot(1)).then([allotted(1, 1002)]);
        check_stored(&counter);
        assert_eq!(counter.decide(&allot(0), Timestamp(0)), Ok(vec![allotted(0, 1001 + 1025)]));
    }

    #[test]
    fn an_exhausted_counter_refuses() {
        let counter = Numbers { allotted: u64::MAX, ..Numbers::default() };
        assert_eq!(counter.decide(&allot(1), Timestamp(0)), Err(NumbersRejection::Exhausted));
    }
}
