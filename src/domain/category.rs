//! A category of the catalogue's tree, named by its slug.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CategoryData {
    pub name: String,
    pub description: String,
    /// Slug of the parent; `None` at the top.
    pub parent: Option<String>,
    /// Order among its siblings.
    pub position: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryCommand {
    Define { data: CategoryData },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryEvent {
    Defined { data: CategoryData },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryRejection {
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CategoryView {
    pub data: Option<CategoryData>,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Category {}
impl super::entity::Entity for Category {
    const KIND: super::model::Kind = super::model::Kind::Category;
    type Command = CategoryCommand;
    type Event = CategoryEvent;
    type Rejection = CategoryRejection;
    type View = CategoryView;
    fn decide(&self, _: &CategoryCommand, _: super::time::Timestamp) -> Result<Vec<CategoryEvent>, CategoryRejection> {
        todo!()
    }
    fn apply(&mut self, _: &CategoryEvent) {
        todo!()
    }
    fn view(&self) -> CategoryView {
        todo!()
    }
}
// SKELETON-END
