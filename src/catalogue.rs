//! Stand-in of the sample shop. Replaced at merge.

pub mod sample {
    pub mod picture {
        pub fn from_path(_: &str) -> Option<String> {
            todo!()
        }
    }
}
