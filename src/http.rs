//! The HTTP surface (stand-in: the real list of resources is merged over this file).

pub mod live;
pub mod page;
