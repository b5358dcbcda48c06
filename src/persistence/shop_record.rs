//! What a journal keeps about its shop, beside its records: facts that the configuration must not contradict. They stand
//! in the database's meta tree (`sled_journal`) or behind the journal's record in the meta stream (`jetstream`).
//!
//! Frozen: a field that is new here is optional, and what an older program wrote is read as `None`.

use serde::{Deserialize, Serialize};

use crate::domain::money::Currency;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopRecord {
    /// Of every price in the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Fingerprint of the key that signs tokens and cookies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
    /// The name of the keys under which personal data is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_keys: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_form_is_frozen() {
        let whole = ShopRecord {
            currency: Some(Currency::EUR),
            signing_key: Some("00ff".into()),
            person_keys: Some("ff00".into()),
        };
        let json = r#"{"currency":"EUR","signing_key":"00ff","person_keys":"ff00"}"#;
        assert_eq!(serde_json::to_string(&whole).expect("JSON"), json);
        assert_eq!(serde_json::from_str::<ShopRecord>(json).expect("a record"), whole);
        assert_eq!(serde_json::to_string(&ShopRecord::default()).expect("JSON"), "{}");
        let newer = r#"{"currency":"JPY","something":1}"#;
        let read = serde_json::from_str::<ShopRecord>(newer).expect("a newer program's record");
        assert_eq!(
            read,
            ShopRecord { currency: Some(Currency::parse("JPY").expect("a code")), ..ShopRecord::default() }
        );
    }
}
