//! Why a load run could not be made, apart from what it measured: wrong parameters, or a part that failed.

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// A parameter that makes no sense, with what is expected.
    #[error("{0}")]
    Usage(String),
    /// The server did not start, the shop cannot be read, a report cannot be encoded.
    #[error("{0}")]
    Failed(String),
}

pub type Result<T> = std::result::Result<T, LoadError>;

impl LoadError {
    pub fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }
}

/// Adds the step during which an error happened.
pub trait During<T> {
    fn during(self, what: &str) -> Result<T>;
}

impl<T, E: std::fmt::Display> During<T> for std::result::Result<T, E> {
    fn during(self, what: &str) -> Result<T> {
        self.map_err(|error| LoadError::Failed(format!("{what}: {error}")))
    }
}
