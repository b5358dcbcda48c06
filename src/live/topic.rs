//! Topics, parsed strictly: `stock.<sku>`, `cart.<id>`, `order.<id>`, `board`, `stock`.
//!
//! Ids have one spelling (lower-case hyphenated UUID), so that one entity is never two topics.

use std::fmt;

use crate::domain::{
    ids::{CartId, OrderId, Sku},
    key::EntityKey,
    kinds::Kind,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One SKU: public as availability, exact for staff.
    Stock(Sku),
    /// Its owner's.
    Cart(CartId),
    /// Its owner's, or staff's.
    Order(OrderId),
    /// Staff: every open order, keyed by order.
    Board,
    /// Staff: every level, keyed by SKU.
    Levels,
}

/// Why a topic is not listened to. The code is the contract; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    #[error("a topic reads stock.<sku>, cart.<id>, order.<id>, board or stock")]
    BadTopic,
    /// Also said of what belongs to somebody else: asking must not tell whether it exists.
    #[error("there is no such topic for you")]
    NotFound,
    #[error("this topic is for staff")]
    StaffOnly,
    #[error("too many topics on this connection")]
    TooManyTopics,
}

impl TopicError {
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadTopic => "bad_topic",
            Self::NotFound => "not_found",
            Self::StaffOnly => "staff_only",
            Self::TooManyTopics => "too_many_topics",
        }
    }
}

impl Topic {
    /// Bytes of the longest legal name: `stock.` and a SKU.
    pub const LEN_MAX: usize = 6 + Sku::LEN_MAX;

    pub fn parse(text: &str) -> Result<Self, TopicError> {
        match text.split_once('.') {
            None if text == "board" => Ok(Self::Board),
            None if text == "stock" => Ok(Self::Levels),
            Some(("stock", sku)) => Sku::parse(sku).map(Self::Stock).map_err(|_| TopicError::BadTopic),
            Some(("cart", id)) => one_spelling(id).map(Self::Cart),
            Some(("order", id)) => one_spelling(id).map(Self::Order),
            None | Some(_) => Err(TopicError::BadTopic),
        }
    }

    /// Whether its frames carry a key.
    pub const fn many_keyed(&self) -> bool {
        match self {
            Self::Board | Self::Levels => true,
            Self::Stock(_) | Self::Cart(_) | Self::Order(_) => false,
        }
    }

    /// The one entity behind this topic; `None` for the topics that carry many.
    pub fn entity(&self) -> Option<EntityKey> {
        match self {
            Self::Stock(sku) => Some(EntityKey::new(Kind::Stock, sku.as_str())),
            Self::Cart(id) => Some(EntityKey::new(Kind::Cart, id.to_string())),
            Self::Order(id) => Some(EntityKey::new(Kind::Order, id.to_string())),
            Self::Board | Self::Levels => None,
        }
    }
}

fn one_spelling<T: std::str::FromStr + fmt::Display>(text: &str) -> Result<T, TopicError> {
    match text.parse::<T>() {
        Ok(id) if id.to_string() == text => Ok(id),
        Ok(_) | Err(_) => Err(TopicError::BadTopic),
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stock(sku) => write!(f, "stock.{sku}"),
            Self::Cart(id) => write!(f, "cart.{id}"),
            Self::Order(id) => write!(f, "order.{id}"),
            Self::Board => f.write_str("board"),
            Self::Levels => f.write_str("stock"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_reads_back_as_it_is_written() {
        let id = "01920000-0000-7000-8000-000000000001";
        for text in ["stock.SKU-1.b_2", "board", "stock", &format!("cart.{id}"), &format!("order.{id}")] {
            assert_eq!(Topic::parse(text).map(|topic| topic.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("stock.{}", "A".repeat(65));
        let upper = "order.01920000-0000-7000-8000-00000000000A";
        for text in
            ["", "stock.", "stock.a b", "stock.ä", &long, "cart.1", upper, "board.x", "Board", "orders.1", "cart", "."]
        {
            assert_eq!(Topic::parse(text), Err(TopicError::BadTopic), "{text}");
        }
    }
}
