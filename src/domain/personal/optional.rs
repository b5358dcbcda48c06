//! A personal text that may be absent: `#[serde(default, with = "personal::optional")]`. Absent where it cannot be opened.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text;

pub fn serialize<S: Serializer, T: AsRef<str>>(text: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    struct Text<'a, T>(&'a T);
    impl<T: AsRef<str>> Serialize for Text<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            text::serialize(self.0, serializer)
        }
    }
    match text {
        Some(text) => serializer.serialize_some(&Text(text)),
        None => serializer.serialize_none(),
    }
}

pub fn deserialize<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    struct Text(#[serde(with = "text")] String);
    let found = Option::<Text>::deserialize(deserializer)?;
    Ok(found.map(|Text(text)| text).filter(|text| !text.is_empty()).map(T::from))
}
