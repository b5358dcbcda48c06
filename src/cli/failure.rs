//! A failed command: the reason, advice, and the exit code.

use crate::config::ConfigError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Lowercase, with values, no full stop.
    pub message: String,
    /// Advice, if there is any.
    pub hint: Option<String>,
    pub exit: Exit,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit: Exit::Failed }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub fn render(&self, styled: bool) -> String {
        let (red, cyan, plain) = if styled { ("\x1b[1;31m", "\x1b[36m", "\x1b[0m") } else { ("", "", "") };
        let hint = self.hint.as_ref().map(|hint| format!("\n{cyan}hint{plain}: {hint}")).unwrap_or_default();
        format!("{red}error{plain}: {}{hint}", self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string()).hint("config/default.toml explains every key; `souk config check` tests a file")
    }
}

/// A reader that went away (`souk history .. | head`) is the only I/O error of writing a result.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(format!("the answer cannot be written: {error}"))
    }
}
