//! A personal text: `#[serde(with = "personal::text")]`. Blank where it cannot be opened.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Sealed, Written, opened, written};

pub fn serialize<S: Serializer>(text: &impl AsRef<str>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text.as_ref();
    // Nothing is to be hidden, and a state without a person has no subject.
    if text.is_empty() {
        return serializer.serialize_str(text);
    }
    match written(|| Ok(text.as_bytes().to_vec()))? {
        Written::Plain => serializer.serialize_str(text),
        Written::Sealed(sealed) => Sealed { sealed }.serialize(serializer),
        Written::Nothing => serializer.serialize_str(""),
    }
}

pub fn deserialize<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<T, D::Error> {
    Ok(T::from(deserializer.deserialize_any(Text)?))
}

struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, plain or sealed")
    }

    fn visit_str<E: Error>(self, plain: &str) -> Result<String, E> {
        Ok(plain.to_owned())
    }

    fn visit_string<E: Error>(self, plain: String) -> Result<String, E> {
        Ok(plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        let Sealed { sealed } = Sealed::deserialize(MapAccessDeserializer::new(map))?;
        Ok(opened(&sealed).and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default())
    }
}
