//! A postal address: personal but for its country, which the books need.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::personal::Form;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Address {
    pub name: String,
    pub line1: String,
    #[serde(default)]
    pub line2: Option<String>,
    pub city: String,
    #[serde(default)]
    pub region: Option<String>,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    #[serde(default)]
    pub phone: Option<String>,
}

/// What stays readable.
#[derive(Serialize, Deserialize)]
struct Open {
    country: String,
}

impl Address {
    /// What is left of it when nobody lives there any more.
    pub fn erased(&self) -> Self {
        Self { country: self.country.clone(), ..Self::default() }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Plain<'a>(&'a Address);
        impl Serialize for Plain<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Address::serialize(self.0, serializer)
            }
        }
        let open = Open { country: self.country.clone() };
        Form::write(open, &Plain(self), |serializer| Self::serialize(self, serializer), serializer)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Kept {
            Sealed(Form<Open>),
            Plain(#[serde(deserialize_with = "Address::deserialize")] Address),
        }
        /// As it was sealed.
        #[derive(Deserialize)]
        struct Whole(#[serde(deserialize_with = "Address::deserialize")] Address);
        Ok(match Kept::deserialize(deserializer)? {
            Kept::Plain(address) => address,
            Kept::Sealed(form) => match form.read() {
                Some(Whole(address)) => address,
                None => Self { country: form.open.country, ..Self::default() },
            },
        })
    }
}
