//! A hold as it is stored: a short list, since a SKU may have a million.
//!
//! Its last place, the buyer, is left out for a hold without one, as in states from before buyers were told.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, SeqAccess, Visitor},
    ser::SerializeSeq,
};

use super::holds::Hold;
use crate::domain::ids::OrderId;

pub struct Row(pub OrderId, pub Hold);

/// The same, borrowed.
pub struct RowOf<'a>(pub &'a OrderId, pub &'a Hold);

impl Serialize for RowOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(order, hold) = self;
        let mut list = serializer.serialize_seq(Some(5 + usize::from(hold.buyer.is_some())))?;
        list.serialize_element(order)?;
        list.serialize_element(&hold.units)?;
        list.serialize_element(&hold.until)?;
        list.serialize_element(&hold.parcels)?;
        list.serialize_element(&hold.attempt)?;
        if let Some(buyer) = &hold.buyer {
            list.serialize_element(buyer)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hold: order, units, until, parcels, attempt, and a buyer or none")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Row, A::Error> {
        fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(list: &mut A, at: usize) -> Result<T, A::Error> {
            list.next_element()?.ok_or_else(|| A::Error::invalid_length(at, &List))
        }
        let order = next(&mut list, 0)?;
        let (units, until, parcels) = (next(&mut list, 1)?, next(&mut list, 2)?, next(&mut list, 3)?);
        let (attempt, buyer) = (next(&mut list, 4)?, list.next_element()?);
        Ok(Row(order, Hold { units, until, attempt, parcels, buyer }))
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
            let Row(order, hold) = serde_json::from_str(text).unwrap();
            assert_eq!((hold.units, hold.buyer.is_some()), (2, text == OF_BUYER));
            assert_eq!(serde_json::to_string(&RowOf(&order, &hold)).unwrap(), text);
        }
        assert!(serde_json::from_str::<Row>("[]").is_err());
    }
}
