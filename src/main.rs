//! `souk`: parses arguments and calls the application.

fn main() {}
