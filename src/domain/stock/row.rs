//! A hold as it is stored: a short list, since a SKU may have a million.
//!
//! Its last place, the buyer, is left out for a hold without one, as in states from before buyers were told.

use serde::{Deserialize, Deserializer, Serialize};

use super::holds::{Hold, Parcels};
use crate::domain::{
    ids::{OrderId, UserId},
    time::Timestamp,
};

/// Order, units, until, parcels (owned or borrowed), attempt, buyer.
#[derive(Serialize, Deserialize)]
pub struct Row<P>(
    OrderId,
    u32,
    Option<Timestamp>,
    P,
    u8,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")] Option<UserId>,
);

/// A place that is there has a buyer.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<UserId>, D::Error> {
    UserId::deserialize(deserializer).map(Some)
}

impl<'a> Row<&'a Parcels> {
    pub fn of(order: OrderId, hold: &'a Hold) -> Self {
        Self(order, hold.units, hold.until, &hold.parcels, hold.attempt, hold.buyer)
    }
}

impl Row<Parcels> {
    pub fn read(self) -> (OrderId, Hold) {
        let Self(order, units, until, parcels, attempt, buyer) = self;
        (order, Hold { units, until, attempt, parcels, buyer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#"["00000000-0000-0000-0000-000000000001",2,9,[],1]"#;
    const OF_BUYER: &str =
        r#"["00000000-0000-0000-0000-000000000001",2,9,[],1,"00000000-0000-0000-0000-000000000007"]"#;

    #[test]
    fn a_hold_of_before_buyers_is_read_and_written_as_ever() {
        for text in [OLD, OF_BUYER] {
            let (order, hold) = serde_json::from_str::<Row<Parcels>>(text).unwrap().read();
            assert_eq!((hold.units, hold.buyer.is_some()), (2, text == OF_BUYER));
            assert_eq!(serde_json::to_string(&Row::of(order, &hold)).unwrap(), text);
        }
        for text in ["[]", &OLD.replace("1]", "1,null]")] {
            assert!(serde_json::from_str::<Row<Parcels>>(text).is_err(), "{text}");
        }
    }
}
