//! Enumerations whose names are the API's words: one list gives the enum, all of its members and their names.

/// States from one list: the enum, all members in order, and their names as in JSON. So no state is missing from `ALL`
/// or has a second name.
macro_rules! states {
    ($($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $state:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $state),* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$state),*];

            /// The name in JSON, in index keys, in events' ids and in texts.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$state => $text),* }
            }
        }
    )*};
}
pub(crate) use states;
