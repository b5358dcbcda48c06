//! A category of the catalogue's tree, named by its slug.

use serde::{Deserialize, Serialize};

use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    kinds::Kind,
    text,
    time::Timestamp,
};

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

/// State. The slug is the entity's id; missing parents and circles are handled by the read model, since no single
/// category can detect them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Category {
    data: Option<CategoryData>,
}

impl Category {
    pub const NAME_MAX: usize = 100;
    pub const DESCRIPTION_MAX: usize = 2_000;
}

/// 1 to 100 of `a-z 0-9 -`: the name of a category or a product in an address.
pub fn is_slug(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=SLUG_MAX).contains(&text.len()) && text.bytes().all(legal)
}

pub const SLUG_MAX: usize = 100;
pub(crate) const SLUG_RULE: &str = "1 to 100 of a-z, 0-9 and -";

fn check(data: &CategoryData) -> Result<(), CategoryRejection> {
    let invalid = |field: &str, problem: String| Err(CategoryRejection::Invalid { field: field.to_owned(), problem });
    let (name, description) = (data.name.chars().count(), data.description.chars().count());
    if !text::is_line(&data.name, Category::NAME_MAX) {
        return invalid("name", format!("1 to {} visible characters expected, {name} found", Category::NAME_MAX));
    }
    if description > Category::DESCRIPTION_MAX {
        return invalid(
            "description",
            format!("at most {} characters expected, {description} found", Category::DESCRIPTION_MAX),
        );
    }
    match &data.parent {
        Some(parent) if !is_slug(parent) => invalid("parent", format!("{SLUG_RULE} expected")),
        Some(_) | None => Ok(()),
    }
}

impl Entity for Category {
    const KIND: Kind = Kind::Category;
    type Command = CategoryCommand;
    type Event = CategoryEvent;
    type Rejection = CategoryRejection;
    type View = CategoryView;
    type Effect = NoEffect;

    /// Staff's.
    fn work(command: &CategoryCommand) -> Work {
        match command {
            CategoryCommand::Define { .. } => Work::Owed,
        }
    }

    fn decide(&self, command: &CategoryCommand, _now: Timestamp) -> Result<Vec<CategoryEvent>, CategoryRejection> {
        match command {
            CategoryCommand::Define { data } => {
                check(data)?;
                match self.data.as_ref() == Some(data) {
                    true => Ok(vec![]),
                    false => Ok(vec![CategoryEvent::Defined { data: data.clone() }]),
                }
            }
        }
    }

    fn apply(&mut self, event: &CategoryEvent) {
        match event {
            CategoryEvent::Defined { data } => self.data = Some(data.clone()),
        }
    }

    fn view(&self) -> CategoryView {
        CategoryView { data: self.data.clone() }
    }

    fn remembers(command: &CategoryCommand) -> bool {
        match command {
            // The same data again: nothing new.
            CategoryCommand::Define { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shirts() -> CategoryData {
        CategoryData { name: "Shirts".into(), parent: Some("clothing".into()), ..CategoryData::default() }
    }

    fn define(data: CategoryData) -> Result<Vec<CategoryEvent>, CategoryRejection> {
        Category::default().decide(&CategoryCommand::Define { data }, Timestamp(0))
    }

    #[track_caller]
    fn refused(data: CategoryData, wanted: &str) {
        match define(data) {
            Err(CategoryRejection::Invalid { field, .. }) => assert_eq!(field, wanted),
            Ok(events) => panic!("accepted: {events:?}"),
        }
    }

    #[test]
    fn defines_once() {
        let event = CategoryEvent::Defined { data: shirts() };
        assert_eq!(define(shirts()), Ok(vec![event.clone()]));
        let mut category = Category::default();
        category.apply(&event);
        assert_eq!(category.decide(&CategoryCommand::Define { data: shirts() }, Timestamp(0)), Ok(vec![]));
        assert_eq!(category.view().data, Some(shirts()));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        refused(CategoryData { name: " ".into(), ..shirts() }, "name");
        refused(CategoryData { name: "x".repeat(101), ..shirts() }, "name");
        refused(CategoryData { name: "\u{200B}".into(), ..shirts() }, "name");
        refused(CategoryData { name: "Mugs\u{1b}[2J".into(), ..shirts() }, "name");
        refused(CategoryData { description: "x".repeat(2_001), ..shirts() }, "description");
        refused(CategoryData { parent: Some("Cloth ing".into()), ..shirts() }, "parent");
    }
}
