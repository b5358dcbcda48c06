//! Shopify's column names: those of its classic export, and those of the newer template.
//!
//! Compared without regard to case. Unused columns are ignored.

use super::BadFile;

macro_rules! columns {
    ($($name:ident = $($text:literal)|+),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Column { $($name),* }

        impl Column {
            const COUNT: usize = [$(Self::$name),*].len();

            fn parse(header: &str) -> Option<Self> {
                match header { $($($text)|+ => Some(Self::$name),)* _ => None }
            }
        }
    };
}

columns! {
    Handle = "handle" | "url handle",
    Title = "title",
    Body = "body (html)" | "description",
    Vendor = "vendor",
    Category = "product category",
    Type = "type",
    Published = "published" | "published on online store",
    Status = "status",
    Option1Name = "option1 name",
    Option1Value = "option1 value",
    Option2Name = "option2 name",
    Option2Value = "option2 value",
    Option3Name = "option3 name",
    Option3Value = "option3 value",
    Sku = "variant sku" | "sku",
    Quantity = "variant inventory qty" | "inventory quantity",
    Price = "variant price" | "price",
    ImageSrc = "image src" | "product image url",
    ImagePosition = "image position",
    ImageAlt = "image alt text",
    VariantImage = "variant image" | "variant image url",
}

pub(super) const OPTIONS: [(Column, Column); 3] = [
    (Column::Option1Name, Column::Option1Value),
    (Column::Option2Name, Column::Option2Value),
    (Column::Option3Name, Column::Option3Value),
];

/// Where each column stands in this file, and what it is called there.
pub(super) struct Header {
    places: [Option<usize>; Column::COUNT],
    names: Vec<String>,
}

impl Header {
    /// Wants a handle, a title and a price; a column that stands twice is refused.
    pub fn parse<'a>(cells: impl Iterator<Item = &'a str>, bad: &mut BadFile) -> Option<Self> {
        let mut header = Self { places: [None; Column::COUNT], names: Vec::new() };
        let before = bad.total();
        for (place, cell) in cells.enumerate() {
            let cell = cell.trim_start_matches('\u{feff}').trim();
            if let Some(column) = Column::parse(&cell.to_lowercase())
                && header.places[column as usize].replace(place).is_some()
            {
                bad.add(1, cell, "the column stands twice");
            }
            header.names.push(cell.to_owned());
        }
        for (column, name) in [(Column::Handle, "Handle"), (Column::Title, "Title"), (Column::Price, "Variant Price")] {
            if header.places[column as usize].is_none() {
                bad.add(1, name, "the column is missing; is this Shopify's product export?");
            }
        }
        (bad.total() == before).then_some(header)
    }

    pub fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// As the file calls it.
    pub fn name(&self, column: Column) -> &str {
        self.place(column).and_then(|place| self.names.get(place)).map_or("", String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}
